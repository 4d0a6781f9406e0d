"""Read rules from files and from Python objects, and report all mistakes at once."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from initreg.config.base import InitializerConfig
from initreg.documents import Node, Path, Source, read_file
from initreg.documents.findings import duplicates, finding_at, placed, too_large
from initreg.draws.seeds import checked_seed
from initreg.errors import Code, ConfigError, Fault, Finding, InitregError, RulesError
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.rules.patterns import ADVICE, PatternError, compile_pattern, slow_path
from initreg.rules.rules import KEEP, Rule, Rules
from initreg.wording import did_you_mean, shown

_KEYS = ("seed", "rules")
_KEYS_OF_RULE = ("match", "init", "layer", "weight")
_EXAMPLE = "Write rules: [{match: …, init: …}]."
_MEANING = {
    "match": "a regular expression for the weights' paths",
    "init": "an initializer, or keep to leave the weights unchanged",
    "layer": "the name of the layer's class",
    "weight": "the name of the variable",
}

# Seconds of CPU time for all patterns of one file. A pattern usually compiles in a millisecond.
_COMPILING = 10.0
_TRIALS = 10.0


@public
def read_rules(rules: object, registry: Registry | None = None) -> Rules:
    r"""Read and check rules: a file, a mapping, a list, or None for no rules.

    >>> from pathlib import Path
    >>> _ = Path("rules.yaml").write_text(r'''
    ... seed: 42
    ... rules:
    ...   - {match: embedding, init: keep}
    ...   - {match: block\d+/, layer: Dense, init: "truncated_normal(stddev=0.02)"}
    ... ''')
    >>> read = read_rules("rules.yaml")
    >>> read.seed, [rule.line for rule in read.rules]
    (42, [4, 5])
    >>> print(read.rules[1].init)
    truncated_normal(stddev=0.02)
    >>> read_rules({"rules": [{"match": "dense(", "init": "keep"}]})
    Traceback (most recent call last):
    ...
    initreg.RulesError: $.rules[0].match: Invalid regular expression: missing ), ...

    The extension of a file determines its format: YAML, JSON or TOML. A file holds the same as a
    mapping: `rules`, and optionally a `seed`, 0 … 2³²−1. Each rule has `match`, a regular
    expression that is searched in the weight's path, and `init`, a spec in any form that
    `validate` accepts, or ``keep``. It can also have `layer`, the name of the layer's class,
    and `weight`, the name of the variable. A list holds the rules alone. `Rules` are returned
    unchanged.

    Raises `RulesError` with all mistakes, and `UnreadableError` if a file can't be read.
    """
    registry = registry or default_registry()
    if rules is None:
        return Rules()
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, str | os.PathLike):
        read, mistakes = _read_source(read_file(rules), _Reader(registry))
        if mistakes:
            raise RulesError([m.fault for m in mistakes], [m.finding for m in mistakes])
        return read
    reader = _Reader(registry)
    read = reader.rules(rules)
    if reader.faults:
        raise RulesError([f.fault for f in reader.faults], texts=[f.text for f in reader.faults])
    return read


def check_rules(source: Source, registry: Registry) -> tuple[int, tuple[Finding, ...]]:
    """Return the number of rules in a file, and their faults.

    Each pattern is also searched in paths on which a bad pattern is slow, so that one is found
    before it meets a model.
    """
    read, mistakes = _read_source(source, _Reader(registry, tries_patterns=True))
    return len(read.rules), tuple(mistake.finding for mistake in mistakes)


class _FaultInText(NamedTuple):
    """A fault, and the text that its column counts in, if it has one."""

    fault: Fault
    text: str | None = None


class _FaultInFile(NamedTuple):
    """A fault, and the finding for its place in the file."""

    fault: Fault
    finding: Finding


def _read_source(source: Source, reader: "_Reader") -> tuple[Rules, list[_FaultInFile]]:
    """Read the rules of a file. Return them, and the mistakes in the order of the text."""
    if not source.documents or source.documents[0].data is None:
        fault = Fault(f"There are no rules here. {_EXAMPLE}", code="missing-parameter")
        return Rules(), [_FaultInFile(fault, finding_at(source, Node(0, 0), fault))]
    document, *others = source.documents
    read = reader.rules(document.data)
    mistakes = [_FaultInFile(f, placed(source, document.top, f)) for f, _ in reader.faults]
    nodes = [*duplicates(document)]
    if others:
        problem = "Rules must be a single document, and a second one starts here. Use one list."
        nodes.append((others[0].root, Fault(problem, code="form")))
    mistakes += [_FaultInFile(fault, finding_at(source, node, fault)) for node, fault in nodes]
    mistakes.sort(key=lambda mistake: (mistake.finding.line, mistake.finding.column))
    # A YAML alias has several paths and one place: report its mistakes once, with the first path.
    once: dict[Any, _FaultInFile] = {}
    for mistake in mistakes:
        place = mistake.finding
        once.setdefault((place.line, place.column, place.message), mistake)
    root = () if _is_list(document.data) else ("rules",)
    rules = []
    for rule in read.rules:
        node = document.follow((*root, rule.number - 1)).node
        rules.append(replace(rule, line=source.position(node.start)[0]))
    return Rules(tuple(rules), read.seed, read.fans, source.file), [*once.values()]


class _Reader:
    """Reads the data of a file, a mapping or a list, and collects the faults."""

    def __init__(self, registry: Registry, *, tries_patterns: bool = False) -> None:
        self.registry = registry
        self.faults: list[_FaultInText] = []
        self.compiling_left = _COMPILING
        self.trials_left = _TRIALS if tries_patterns else 0.0

    def add(self, problem: str, *path: str | int, code: Code = "wrong-value") -> None:
        self.faults.append(_FaultInText(Fault(problem, path, code=code)))

    def rules(self, data: Any) -> Rules:
        listed, seed = data, None
        path: Path = ()
        if isinstance(data, Mapping):
            if "match" in data and "rules" not in data:
                self.add(f"This is a single rule; a list is expected. {_EXAMPLE}", code="form")
                return Rules()
            self.check_keys(data, _KEYS)
            seed = self.seed(data.get("seed"))
            if "rules" not in data:
                self.add(f"The key 'rules' is missing. {_EXAMPLE}", code="missing-parameter")
                return Rules()
            listed, path = data["rules"], ("rules",)
        if not _is_list(listed):
            what = "rules must be a list" if path else "Rules must be a list, or a dict with one"
            self.add(f"{what}, not {shown(listed)}. {_EXAMPLE}", *path, code="form")
            return Rules()
        rules = [self.rule(rule, index + 1, (*path, index)) for index, rule in enumerate(listed)]
        return Rules(tuple(rules), seed)

    def seed(self, value: Any) -> int | None:
        if value is None:
            return None
        try:
            return checked_seed(value, allow_float=True)
        except ConfigError as error:
            self.add(str(error), "seed")
            return None

    def rule(self, data: Any, number: int, path: Path) -> Rule:
        """Read a rule. Invalid parts are left empty."""
        if not isinstance(data, Mapping):
            problem = f"A rule must be a dict with match and init, not {shown(data)}."
            self.add(problem, *path, code="form")
            return Rule("", None, number=number)
        self.check_keys(data, _KEYS_OF_RULE, *path)
        for name in ("match", "init"):
            if name not in data:
                problem = f"A rule needs {name!r}, {_MEANING[name]}."
                self.add(problem, *path, code="missing-parameter")
        texts = {
            name: self.text(data[name], name, path)
            for name in ("match", "layer", "weight")
            if name in data
        }
        pattern = texts.get("match") or ""
        self.check_pattern(pattern, (*path, "match"))
        init = self.init(data["init"], (*path, "init")) if "init" in data else None
        return Rule(pattern, init, texts.get("layer"), texts.get("weight"), number)

    def check_keys(self, data: Mapping[Any, Any], known: Sequence[str], *path: str | int) -> None:
        for key in data:
            if key not in known:
                near = did_you_mean(key, known) if isinstance(key, str) else ""
                problem = f"Unknown key {shown(key)}.{near} The keys are {', '.join(known)}."
                self.add(problem, *path, str(key), code="unknown-parameter")

    def check_pattern(self, pattern: str, path: Path) -> None:
        if self.compiling_left < 0:
            return
        start = time.thread_time()
        try:
            compile_pattern(pattern)
        except PatternError as error:
            fault = Fault(error.problem, path, error.column, error.end)
            self.faults.append(_FaultInText(fault, pattern))
            return
        compiled = time.thread_time()
        self.compiling_left -= compiled - start
        if self.compiling_left < 0:
            problem = "The patterns up to here take too long to compile. Use fewer or shorter ones."
            self.add(problem, *path)
        elif self.trials_left > 0:
            if slow := slow_path(pattern):
                problem = f"This pattern takes too long on a path such as {shown(slow)}. {ADVICE}"
                self.add(problem, *path)
            self.trials_left -= time.thread_time() - compiled

    def text(self, value: Any, name: str, path: Path) -> str | None:
        if isinstance(value, str):
            return value
        self.add(f"{name} must be text, {_MEANING[name]}, not {shown(value)}.", *path, name)
        return None

    def init(self, spec: Any, path: Path) -> InitializerConfig | None:
        if isinstance(spec, str) and spec == KEEP:
            return None
        if spec is None:
            self.add(f"init must be {_MEANING['init']}, not None.", *path)
            return None
        if fault := too_large(spec):
            self.faults.append(_FaultInText(fault.below(*path)))
            return None
        try:
            return self.registry.validate(spec)
        except InitregError as error:
            text = spec if isinstance(spec, str) else None
            self.faults += [_FaultInText(fault.below(*path), text) for fault in error.faults]
            return None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
