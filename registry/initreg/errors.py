"""The errors and warnings of initreg, and the faults that they carry.

::

    InitregError
    ├── SpecSyntaxError            (ValueError)   the text is not a valid spec
    ├── UnknownInitializerError    (LookupError)  there is no initializer of that name
    ├── AmbiguousInitializerError  (LookupError)  two plugins claim that name
    ├── ConfigError                (ValueError)   the schema rejects the parameters
    ├── UnreadableError            (ValueError)   a config file can't be read
    │   └── UnknownFormatError     (ValueError)   its extension is not one of a known format
    ├── RulesError                 (ValueError)   rules for a model's weights are invalid
    ├── PlanError                  (ValueError)   a plan does not fit its model, or has gaps
    ├── BackendError               (LookupError)  Keras's backend is missing
    └── PluginError                (ValueError)   a plugin breaks its contract

    InitregWarning (UserWarning)   something has less effect than intended
    └── UnbuiltLayersWarning       a scope ended before layers in it had weights

Each is also the built-in exception that a caller would expect to catch, and each can be pickled.

`Finding` is here, too, because a `RulesError` carries the findings of its file.
`initreg.documents.findings` turns a fault into a finding.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from initreg.carets import point_at
from initreg.public import public

Code = Literal[
    "syntax",
    "form",
    "unknown-initializer",
    "ambiguous-initializer",
    "unknown-parameter",
    "missing-parameter",
    "wrong-value",
    "conflict",
    "duplicate-key",
    "plugin",
]

FAULT_CODES: dict[Code, str] = {
    "syntax": "The text is not a valid spec.",
    "form": "The value is not an initializer in any form.",
    "unknown-initializer": "There is no initializer of this name.",
    "ambiguous-initializer": "Two plugins provide an initializer of this name.",
    "unknown-parameter": "The initializer has no such parameter.",
    "missing-parameter": "The initializer needs a parameter.",
    "wrong-value": "The parameter does not accept this value.",
    "conflict": "The parameters contradict each other, though each is valid alone.",
    "duplicate-key": "A dict has the same key twice.",
    "plugin": "A plugin failed.",
}


@public
@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one spec.

    `path` leads to the argument from the root of the spec, as parameter names and indices. If the
    spec, or the argument, is text, ``column:end`` is the place in it, in characters from 0. `code`
    is a key of `FAULT_CODES`.
    """

    message: str
    path: tuple[str | int, ...] = ()
    column: int | None = None
    end: int | None = None
    code: Code = "wrong-value"

    @property
    def location(self) -> str:
        """The path as text: ``$.stddev``, ``$.value[1]``."""
        return "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in self.path)

    def below(self, *path: str | int) -> "Fault":
        """Return the fault as seen from a value that holds the spec at `path`."""
        return replace(self, path=(*path, *self.path))


@public
@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a config file, and where.

    Lines and columns count characters from 1; the end column is exclusive. `code` is a key of
    `FAULT_CODES`. `path` leads to the value: ``$.model.layers[0].init``. `excerpt` is the line,
    with carets under the place.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: Code
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
        """All faults. An error without faults of its own has one, with its message."""
        return self._faults or (Fault(str(self), code="plugin"),)


@public
class SpecSyntaxError(InitregError, ValueError):
    """The text is not a valid spec.

    ``column:end`` is the place of the error in the text, in characters from 0.
    """

    def __init__(self, problem: str, text: str, column: int, end: int | None = None) -> None:
        super().__init__(problem, text, column, end)
        self.problem = problem
        self.text = text
        self.column = column
        self.end = column + 1 if end is None else end
        self._faults = (Fault(problem, (), column, self.end, code="syntax"),)

    def __str__(self) -> str:
        return _pointing(self.problem, self.text, self.column, self.end)


class _NameError(InitregError, LookupError):
    """A name that does not lead to one initializer.

    `text` is the spec that contains the name, if the spec is text; `path` leads to the name in a
    dict.
    """

    code: ClassVar[Code]

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
        self._faults = (Fault(problem, path, start, end, code=self.code),)

    def __str__(self) -> str:
        if self.text is None:
            return self.problem
        return _pointing(self.problem, self.text, self.column, self.column + len(self.name))


@public
class UnknownInitializerError(_NameError):
    """There is no initializer of that name. The message gives the reason, if it is known."""

    code: ClassVar[Code] = "unknown-initializer"


@public
class AmbiguousInitializerError(_NameError):
    """Two plugins claim that name. The message lists the qualified names."""

    code: ClassVar[Code] = "ambiguous-initializer"


@public
class ConfigError(InitregError, ValueError):
    """The schema rejects the parameters. `faults` has all that is wrong, not only the first.

    `text` is the spec if it is text, otherwise None.
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
    """A config file can't be read: it is missing, too large, or invalid in its format.

    `line` and `column` count from 1. They are None if the problem has no single place.
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
class UnknownFormatError(UnreadableError):
    """The extension of a config file is not one of a known format."""


@public
class PlanError(InitregError, ValueError):
    """A plan does not fit its model, the model is not built, or `strict` rejects a gap."""


@public
class RulesError(InitregError, ValueError):
    """Rules for a model's weights are invalid. `faults` has all that is wrong.

    The path of each fault leads to it from the root: ``$.rules[2].match``. If the rules are from a
    file, `findings` has the place of each fault in it. Otherwise `texts` has, for each fault with
    a column, the text that the column is in.

    If `names_places`, the messages say where the faults are, and the path is not shown.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        findings: Sequence[Finding] = (),
        texts: Sequence[str | None] = (),
        names_places: bool = False,
    ) -> None:
        super().__init__(tuple(faults), tuple(findings), tuple(texts), names_places)
        self._faults = tuple(faults)
        self.findings = tuple(findings)
        self.texts = tuple(texts) or (None,) * len(self._faults)
        self.names_places = names_places

    def __str__(self) -> str:
        if self.findings:
            return "\n".join(f"{found}\n{_indented(found.excerpt)}" for found in self.findings)
        return "\n".join(map(self._lines, self._faults, self.texts))

    def _lines(self, fault: Fault, text: str | None) -> str:
        message = fault.message if self.names_places else f"{fault.location}: {fault.message}"
        if text is None or fault.column is None:
            return message
        return _pointing(message, text, fault.column, fault.end)


def _pointing(message: str, text: str, column: int, end: int | None) -> str:
    """Return a message, and below it the text with carets under the place.

    The message is first because Python writes the name of the error before the first line of a
    traceback. A text on that line would not be above its carets.
    """
    return f"{message}\n{_indented(point_at(text, column, column + 1 if end is None else end))}"


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


@public
class BackendError(InitregError, LookupError):
    """Keras's backend is not installed, or Keras already runs on another one."""


@public
class PluginError(InitregError, ValueError):
    """A plugin, or a config class that it provides, breaks its contract."""


@public
class InitregWarning(UserWarning):
    """Something has less effect than intended, such as a rule that matches no weight."""


@public
class UnbuiltLayersWarning(InitregWarning):
    """Layers were created in a scope and never built, so the scope did not draw their weights."""
