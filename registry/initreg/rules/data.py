"""Read rules from the data of a file, or from Python objects, and collect all that is wrong."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from initreg.config.base import InitializerConfig
from initreg.documents import Path, Slot
from initreg.documents.findings import too_large
from initreg.draws.seeds import checked_seed
from initreg.errors import (
    Code,
    ConfigError,
    Fault,
    InitregError,
    RulesError,
    SpecSyntaxError,
)
from initreg.near_names import did_you_mean, nearest
from initreg.registry.registry import Registry
from initreg.rules.let import Count, FaultInText, Let, names_alone, read_let
from initreg.rules.names import Known
from initreg.rules.patterns import ADVICE, PatternError, compile_pattern, slow_path
from initreg.rules.rules import KEEP, FansMode, Rule, Rules, fans_mode
from initreg.rules.templates import Template, read_template
from initreg.spec.arithmetic import Name
from initreg.spec.grammar import parse_formula
from initreg.wording import shown

_KEYS = ("seed", "fans", "let", "rules")
_KEYS_OF_RULE = ("match", "init", "layer", "weight")
EXAMPLE = "Write rules: [{match: …, init: …}]."
_TEXT_COMPUTES = "To compute, write the whole spec as text: random_normal(stddev=2*width)."
_MEANING = {
    "match": "a regular expression for the weights' paths",
    "init": "an initializer, or keep to leave the weights unchanged",
    "layer": "the name of the layer's class",
    "weight": "the name of the variable",
}

# Seconds of CPU time for all patterns of one file. A pattern usually compiles in a millisecond.
_COMPILING = 10.0
_TRIALS = 10.0


class Reader:
    """Reads the data of a file, a mapping or a list, and collects the faults."""

    def __init__(self, registry: Registry, *, tries_patterns: bool = False) -> None:
        self.registry = registry
        self.faults: list[FaultInText] = []
        self.let = Let()
        self.compiling_left = _COMPILING
        self.trials_left = _TRIALS if tries_patterns else 0.0

    def _add(self, problem: str, *path: str | int, code: Code = "wrong-value") -> None:
        self.faults.append(FaultInText(Fault(problem, path, code=code)))

    def rules(self, data: Any) -> Rules:
        """Read rules, and add to `faults` what is wrong."""
        listed, seed, fans = data, None, None
        let: tuple[tuple[str, int | float | str], ...] = ()
        path: Path = ()
        if isinstance(data, Mapping):
            if "match" in data and "rules" not in data:
                self._add(f"This is a single rule; a list is expected. {EXAMPLE}", code="form")
                return Rules()
            self._check_keys(data, _KEYS)
            meant = next((key for key in data if _is_misspelt_let(key)), "let")
            seed, fans = self._seed(data.get("seed")), self._fans(data.get("fans"))
            self.let, faults = read_let(data.get("let"))
            self.faults += faults
            for name, meaning in self.let.meanings.items():
                if isinstance(meaning, Count):
                    self._try_pattern(meaning.pattern, ("let", name))
            if not faults and data.get("let"):
                let = tuple(data["let"].items())
            if meant != "let" and isinstance(names := data[meant], Mapping):
                self.let = names_alone(names)
            if "rules" not in data:
                self._add(f"The key 'rules' is missing. {EXAMPLE}", code="missing-parameter")
                return Rules()
            listed, path = data["rules"], ("rules",)
        if not is_list(listed):
            what = "rules must be a list" if path else "Rules must be a list, or a dict with one"
            self._add(f"{what}, not {shown(listed)}. {EXAMPLE}", *path, code="form")
            return Rules()
        rules = [self._rule(rule, index + 1, (*path, index)) for index, rule in enumerate(listed)]
        return Rules(tuple(rules), seed, fans=fans, let=let)

    def _seed(self, value: Any) -> int | None:
        if value is None:
            return None
        try:
            return checked_seed(value, allow_float=True)
        except ConfigError as error:
            self._add(str(error), "seed")
            return None

    def _fans(self, value: Any) -> FansMode | None:
        try:
            return fans_mode(value)
        except RulesError as error:
            self.faults += map(FaultInText, error.faults)
            return None

    def _rule(self, data: Any, number: int, path: Path) -> Rule:
        """Read a rule. Invalid parts are left empty."""
        if not isinstance(data, Mapping):
            problem = f"A rule must be a dict with match and init, not {shown(data)}."
            self._add(problem, *path, code="form")
            return Rule("", None, number=number)
        self._check_keys(data, _KEYS_OF_RULE, *path)
        for name in ("match", "init"):
            if name not in data:
                problem = f"A rule needs {name!r}, {_MEANING[name]}."
                self._add(problem, *path, code="missing-parameter")
        texts = {
            name: self._text(data[name], name, path)
            for name in ("match", "layer", "weight")
            if name in data
        }
        pattern = texts.get("match") or ""
        groups = self._check_pattern(pattern, (*path, "match"))
        known = Known(self.let.numbers, groups)
        init = self._init(data["init"], known, (*path, "init")) if "init" in data else None
        return Rule(pattern, init, texts.get("layer"), texts.get("weight"), number)

    def _check_keys(self, data: Mapping[Any, Any], known: Sequence[str], *path: str | int) -> None:
        for key in data:
            if key not in known:
                near = did_you_mean(key, known)
                problem = f"Unknown key {shown(key)}.{near} The keys are {', '.join(known)}."
                self._add(problem, *path, str(key), code="unknown-parameter")

    def _check_pattern(self, pattern: str, path: Path) -> tuple[str, ...]:
        """Check a pattern, and return the names of its groups."""
        if self.compiling_left < 0:
            return ()
        start = time.thread_time()
        try:
            groups = tuple(compile_pattern(pattern).groupindex)
        except PatternError as error:
            fault = Fault(error.problem, path, error.column, error.end)
            self.faults.append(FaultInText(fault, pattern))
            return ()
        compiled = time.thread_time()
        self.compiling_left -= compiled - start
        if self.compiling_left < 0:
            problem = "The patterns up to here take too long to compile. Use fewer or shorter ones."
            self._add(problem, *path)
        else:
            self._try_pattern(pattern, path)
        for group in groups:
            if group in self.let.numbers:
                problem = f"The group {group!r} is also a name of let. Give one another name."
                self._add(problem, *path)
        return groups

    def _try_pattern(self, pattern: str, path: Path) -> None:
        """Search paths on which a bad pattern is slow."""
        if self.trials_left <= 0:
            return
        start = time.thread_time()
        if slow := slow_path(pattern):
            problem = f"This pattern takes too long on a path such as {shown(slow)}. {ADVICE}"
            self._add(problem, *path)
        self.trials_left -= time.thread_time() - start

    def _text(self, value: Any, name: str, path: Path) -> str | None:
        if isinstance(value, str):
            return value
        self._add(f"{name} must be text, {_MEANING[name]}, not {shown(value)}.", *path, name)
        return None

    def _init(self, spec: Any, known: Known, path: Path) -> InitializerConfig | Template | None:
        if isinstance(spec, str) and spec == KEEP:
            return None
        if spec is None:
            self._add(f"init must be {_MEANING['init']}, not None.", *path)
            return None
        if fault := too_large(spec):
            self.faults.append(FaultInText(fault.below(*path)))
            return None
        try:
            if isinstance(spec, str):
                return read_template(spec, known, self.registry)
            return self.registry.validate(spec)
        except InitregError as error:
            text = spec if isinstance(spec, str) else None
            for fault in error.faults:
                if isinstance(spec, Mapping) and _computes(spec, fault.path, known):
                    fault = replace(fault, message=f"{fault.message} {_TEXT_COMPUTES}")
                self.faults.append(FaultInText(fault.below(*path), text))
            return None


def _computes(spec: Mapping[str, Any], path: Path, known: Known) -> bool:
    """Return True if a dict has arithmetic at a path, or the name of a number, as text."""
    value = Slot(spec).follow(path).value
    if not isinstance(value, str):
        return False
    try:
        formula = parse_formula(value)
    except SpecSyntaxError:
        return False
    return not isinstance(formula, Name) or formula.word in known


def _is_misspelt_let(key: object) -> bool:
    return key not in _KEYS and nearest(key, _KEYS) == "let"


def is_list(value: Any) -> bool:
    """Return True for what can hold rules: a sequence that isn't text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
