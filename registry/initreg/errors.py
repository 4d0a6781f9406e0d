"""Everything that initreg raises on purpose.

::

    InitregError
    ├── SpecSyntaxError            (ValueError)   the text is no spec
    ├── UnknownInitializerError    (LookupError)  no initializer has that name
    ├── AmbiguousInitializerError  (LookupError)  two plugins claim that name
    ├── ConfigError                (ValueError)   the schema refuses the parameters
    ├── UnreadableError            (ValueError)   a config file can't be read
    ├── RulesError                 (ValueError)   rules for a model's weights are wrong
    ├── PlanError                  (ValueError)   a plan does not fit its model, or leaves gaps
    ├── BackendError               (LookupError)  Keras's backend is not there
    └── PluginError                (ValueError)   a plugin does not keep its side

    InitregWarning (UserWarning)   something does less than was asked for
    └── UnbuiltLayersWarning       a scope ended before layers in it had weights

Each is also the built-in that a caller would expect to catch, and each can be pickled.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from initreg.carets import point_at
from initreg.public import public


@public
@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one spec.

    `path` leads to the argument from the spec's root, as parameter names and indices. Where the
    spec, or the argument, came as text, ``column:end`` is the place in it, counted in characters
    from 0. `code` tells the kinds of faults apart: ``syntax``, ``unknown-initializer``,
    ``ambiguous-initializer``, ``unknown-parameter``, ``missing-parameter``, ``wrong-value``,
    ``conflict`` (between parameters, each of which is right alone), ``form`` (neither text nor a
    dict of a known form) or ``plugin``.
    """

    message: str
    path: tuple[str | int, ...] = ()
    column: int | None = None
    end: int | None = None
    code: str = "wrong-value"

    @property
    def location(self) -> str:
        """The path in writing: ``$.stddev``, ``$.value[1]``."""
        return "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path)

    def below(self, *path: str | int) -> "Fault":
        """Return the fault as seen from a spec that holds this one at `path`."""
        return replace(self, path=(*path, *self.path))


@public
@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a config file, and its place.

    Lines and columns count characters from 1; the end is the first column behind. `code` is that
    of a `Fault`, or ``duplicate-key``. `path` leads to the value: ``$.model.layers[0].init``.
    `excerpt` is the line, with carets under the place.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    path: str
    excerpt: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@public
class InitregError(Exception):
    """The base of all errors that initreg raises on purpose."""

    _faults: tuple[Fault, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong, all of it and not only the first; of a plugin's error, its text."""
        return self._faults or (Fault(str(self), code="plugin"),)


@public
class SpecSyntaxError(InitregError, ValueError):
    """The text is no spec.

    `column` is where the trouble starts, counted in characters from 0; `end` is where it stops.
    """

    def __init__(self, problem: str, text: str, column: int, end: int | None = None) -> None:
        super().__init__(problem, text, column, end)
        self.problem = problem
        self.text = text
        self.column = column
        self.end = column + 1 if end is None else end
        self._faults = (Fault(problem, (), column, self.end, "syntax"),)

    def __str__(self) -> str:
        return _pointing(self.problem, self.text, self.column, self.end)


class _NameError(InitregError, LookupError):
    """A name that leads to no single initializer.

    `text` is the spec it stands in, if any; `path` leads to it in a dict.
    """

    code: ClassVar[str]

    def __init__(
        self,
        problem: str,
        name: str,
        text: str | None = None,
        column: int = 0,
        path: tuple[str, ...] = (),
    ) -> None:
        super().__init__(problem, name, text, column, path)
        self.problem = problem
        self.name = name
        self.text = text
        self.column = column
        start, end = (None, None) if text is None else (column, column + len(name))
        self._faults = (Fault(problem, path, start, end, self.code),)

    def __str__(self) -> str:
        if self.text is None:
            return self.problem
        return _pointing(self.problem, self.text, self.column, self.column + len(self.name))


@public
class UnknownInitializerError(_NameError):
    """No initializer has that name; the message says why, as far as the plugins can tell."""

    code = "unknown-initializer"


@public
class AmbiguousInitializerError(_NameError):
    """Two plugins claim that name; the message lists the qualified names."""

    code = "ambiguous-initializer"


@public
class ConfigError(InitregError, ValueError):
    """The schema refuses the parameters; `faults` holds all that is wrong, not only the first.

    `text` is the spec where it came as text, else None.
    """

    def __init__(self, faults: Sequence[Fault], text: str | None = None) -> None:
        super().__init__(tuple(faults), text)
        self._faults = tuple(faults)
        self.text = text

    def __str__(self) -> str:
        return "\n".join(self._lines(fault) for fault in self.faults)

    def _lines(self, fault: Fault) -> str:
        if self.text is not None and fault.column is not None:
            return _pointing(fault.message, self.text, fault.column, fault.end)
        return f"{fault.location}: {fault.message}" if fault.path else fault.message


@public
class UnreadableError(InitregError, ValueError):
    """A config file can't be read: it is not there, too large, or not of its language.

    `line` and `column` count from 1; they are None where the trouble has no one place.
    """

    def __init__(
        self, problem: str, file: str, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(problem, file, line, column)
        self.problem = problem
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line is not None else ""
        return f"{self.file}{place}: {self.problem}"


@public
class PlanError(InitregError, ValueError):
    """A plan does not fit its model, the model is not built, or `strict` refuses a gap."""


@public
class RulesError(InitregError, ValueError):
    """Rules for a model's weights are wrong; `faults` holds all that is, not only the first.

    The path of each leads to it from the root: ``$.rules[2].match``. Where the rules came from a
    file, `findings` has the place of each in it; else `texts` has, for each fault with a column,
    the text in which it counts.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        findings: Sequence[Finding] = (),
        texts: Sequence[str | None] = (),
    ) -> None:
        super().__init__(tuple(faults), tuple(findings), tuple(texts))
        self._faults = tuple(faults)
        self.findings = tuple(findings)
        self.texts = tuple(texts) or (None,) * len(self._faults)

    def __str__(self) -> str:
        if self.findings:
            return "\n".join(f"{each}\n{_indented(each.excerpt)}" for each in self.findings)
        return "\n".join(map(self._lines, self._faults, self.texts))

    def _lines(self, fault: Fault, text: str | None) -> str:
        told = f"{fault.location}: {fault.message}"
        if text is None or fault.column is None:
            return told
        return _pointing(told, text, fault.column, fault.end)


def _pointing(message: str, text: str, column: int, end: int | None) -> str:
    """Return a message, with the text that it is about and carets on lines of their own.

    The message comes first: in a traceback, Python writes the name of the error before the first
    line, which would move a text there away from its carets.
    """
    return f"{message}\n{_indented(point_at(text, column, column + 1 if end is None else end))}"


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


@public
class BackendError(InitregError, LookupError):
    """Keras's backend is not there, or Keras is already running on another one."""


@public
class PluginError(InitregError, ValueError):
    """A plugin, or a config class that it brings, does not keep its side of the contract."""


@public
class InitregWarning(UserWarning):
    """Something does less than was asked for: a rule without a weight, a layer without weights."""


@public
class UnbuiltLayersWarning(InitregWarning):
    """Layers were created in a scope and never built, so the scope did not draw their weights."""
