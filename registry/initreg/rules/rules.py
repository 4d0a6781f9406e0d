"""Rules: which initializer a weight gets, by its path, its layer's class and its name."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from initreg.config.base import InitializerConfig
from initreg.documents import Node, Path, Source, read_file
from initreg.documents.findings import duplicates, finding_at, placed, too_large
from initreg.draws.seeds import checked_seed
from initreg.errors import Code, ConfigError, Fault, Finding, InitregError, RulesError
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.rules.patterns import PatternError, compile_pattern
from initreg.wording import did_you_mean, shown

KEEP = "keep"
_KEYS = ("seed", "rules")
_KEYS_OF_RULE = ("match", "init", "layer", "weight")
_WRITE = "Write rules: [{match: …, init: …}]."
_MEANING = {
    "match": "a regular expression for the weights' paths",
    "init": "an initializer, or keep to leave the weights alone",
    "layer": "the name of the layer's class",
    "weight": "the name of the variable",
}


@public
@dataclass(frozen=True, slots=True)
class Rule:
    r"""What the weights get whose path a pattern is found in; without `init`, they are kept.

    >>> (rule,) = read_rules([{"match": r"dense_\d+/", "init": "zeros", "weight": "bias"}]).rules
    >>> rule.matches("encoder/dense_1/bias", layer="Dense", weight="bias")
    True
    >>> rule.matches("encoder/dense_1/kernel", layer="Dense", weight="kernel")
    False

    `match` is a regular expression that is searched in the path, `layer` the name of the layer's
    class, and `weight` that of the variable. `number` is the rule's place in its list, from 1, and
    `line` that in the file, if it came from one. Rules are equal wherever they stand in a file.
    """

    match: str
    init: InitializerConfig | None
    layer: str | None = None
    weight: str | None = None
    number: int = 1
    line: int | None = field(default=None, compare=False)

    def matches(self, path: str, layer: str, weight: str) -> bool:
        """Whether all parts of the rule hold for a weight: pattern, layer's class and name."""
        return (
            self.layer in (None, layer)
            and self.weight in (None, weight)
            and compile_pattern(self.match).search(path) is not None
        )


@public
@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in their order, of which the first that matches a weight decides; see `read_rules`.

    `seed` is what the weights' own seeds are derived from; `source` is the file.
    """

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    source: str | None = field(default=None, compare=False)

    def as_dict(self, registry: Registry | None = None) -> dict[str, Any]:
        """Write the rules as `read_rules` reads them, in values that JSON has.

        >>> rules = read_rules([{"match": "kernel$", "init": "HeNormal()"}])
        >>> rules.as_dict()
        {'rules': [{'match': 'kernel$', 'init': 'he_normal'}]}
        >>> read_rules(rules.as_dict()) == rules
        True
        """
        write = (registry or default_registry()).write
        written: dict[str, Any] = {} if self.seed is None else {"seed": self.seed}
        written["rules"] = [
            {"match": rule.match, "init": KEEP if rule.init is None else write(rule.init)}
            | ({} if rule.layer is None else {"layer": rule.layer})
            | ({} if rule.weight is None else {"weight": rule.weight})
            for rule in self.rules
        ]
        return written


@public
def read_rules(rules: object, registry: Registry | None = None) -> Rules:
    r"""Read rules, and check them: a file, a mapping, a list, or None for no rules.

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
    >>> read_rules({"rules": [{"match": "(a+)+$", "init": "keep"}]})
    Traceback (most recent call last):
    ...
    initreg.RulesError: $.rules[0].match: This pattern could take exponential time: ...

    A file is YAML, JSON or TOML, as its ending says. It holds what a mapping holds: `rules`, and
    perhaps a `seed`, 0 … 2³²−1. Each rule has `match`, a regular expression that is searched in the
    weight's path; `init`, a spec in any form that `validate` takes, or ``keep``; and perhaps
    `layer`, the name of the layer's class, and `weight`, that of the variable. A list is the rules
    alone; `Rules` come back as they are.

    Raises `RulesError` with all that is wrong, and `UnreadableError` for a file that can't be read.
    """
    registry = registry or default_registry()
    if rules is None:
        return Rules()
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, str | os.PathLike):
        source = read_file(rules)
        made, told = _read_source(source, registry)
        if told:
            raise RulesError([each.fault for each in told], [each.finding for each in told])
        return made
    reader = _Reader(registry)
    made = reader.rules(rules)
    if reader.told:
        raise RulesError([each.fault for each in reader.told], texts=[t.text for t in reader.told])
    return made


def check_rules(source: Source, registry: Registry) -> tuple[int, tuple[Finding, ...]]:
    """Return how many rules a file has that can be read, and what is wrong with them."""
    made, told = _read_source(source, registry)
    return len(made.rules), tuple(each.finding for each in told)


class _Told(NamedTuple):
    """A fault, and the text in which its column counts."""

    fault: Fault
    text: str | None = None


class _Placed(NamedTuple):
    """A fault, and its place in a file."""

    finding: Finding
    fault: Fault


def _read_source(source: Source, registry: Registry) -> tuple[Rules, list[_Placed]]:
    """Read the rules of a file; tell what is wrong in the order of the text."""
    if not source.documents or source.documents[0].data is None:
        fault = Fault(f"There are no rules here. {_WRITE}", code="missing-parameter")
        return Rules(), [_Placed(finding_at(source, Node(0, 0), fault), fault)]
    document, *others = source.documents
    reader = _Reader(registry)
    made = reader.rules(document.data)
    found = [_Placed(placed(source, document.top, fault), fault) for fault, _ in reader.told]
    nodes = [*duplicates(document)]
    if others:
        problem = "Rules are one document, and here starts another. Put all rules into one list."
        nodes.append((others[0].root, Fault(problem, code="form")))
    found += [_Placed(finding_at(source, node, fault), fault) for node, fault in nodes]
    found.sort(key=lambda each: (each.finding.line, each.finding.column))
    # What an alias shares is told once, by the first path that leads there.
    once: dict[Any, _Placed] = {}
    for each in found:
        place = each.finding
        once.setdefault((place.line, place.column, place.message), each)
    root = () if _is_list(document.data) else ("rules",)
    rules = []
    for rule in made.rules:
        node = document.follow((*root, rule.number - 1)).node
        rules.append(replace(rule, line=source.position(node.start)[0]))
    return Rules(tuple(rules), made.seed, source.file), [*once.values()]


class _Reader:
    """Reads what a file, a mapping or a list holds, and keeps all that is wrong with it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.told: list[_Told] = []

    def tell(self, problem: str, *path: str | int, code: Code = "wrong-value") -> None:
        self.told.append(_Told(Fault(problem, path, code=code)))

    def rules(self, data: Any) -> Rules:
        listed, seed = data, None
        path: Path = ()
        if isinstance(data, Mapping):
            if "match" in data and "rules" not in data:
                self.tell(f"This is one rule, and no list of them. {_WRITE}", code="form")
                return Rules()
            self.refuse_unknown(data, _KEYS, "A mapping of rules")
            seed = self.seed(data.get("seed"))
            if "rules" not in data:
                self.tell(f"The key 'rules' is missing. {_WRITE}", code="missing-parameter")
                return Rules()
            listed, path = data["rules"], ("rules",)
        if not _is_list(listed):
            what = "rules must be a list" if path else "Rules are a list, or a mapping with one"
            self.tell(f"{what}, not {shown(listed)}. {_WRITE}", *path, code="form")
            return Rules()
        made = [self.rule(each, index + 1, (*path, index)) for index, each in enumerate(listed)]
        return Rules(tuple(made), seed)

    def seed(self, value: Any) -> int | None:
        if value is None:
            return None
        try:
            return checked_seed(value, allow_float=True)
        except ConfigError as error:
            self.tell(str(error), "seed")
            return None

    def rule(self, data: Any, number: int, path: Path) -> Rule:
        """Read a rule; what is wrong in it is left empty."""
        if not isinstance(data, Mapping):
            problem = f"A rule is a mapping with match and init, not {shown(data)}."
            self.tell(problem, *path, code="form")
            return Rule("", None, number=number)
        self.refuse_unknown(data, _KEYS_OF_RULE, "A rule", *path)
        for name in ("match", "init"):
            if name not in data:
                problem = f"A rule needs {name!r}, {_MEANING[name]}."
                self.tell(problem, *path, code="missing-parameter")
        texts = {
            name: self.text(data[name], name, path)
            for name in ("match", "layer", "weight")
            if name in data
        }
        pattern = texts.get("match") or ""
        try:
            compile_pattern(pattern)
        except PatternError as error:
            place = (*path, "match")
            fault = Fault(error.problem, place, error.column, error.end)
            self.told.append(_Told(fault, pattern))
        init = self.init(data["init"], (*path, "init")) if "init" in data else None
        return Rule(pattern, init, texts.get("layer"), texts.get("weight"), number)

    def refuse_unknown(
        self, data: Mapping[Any, Any], known: Sequence[str], what: str, *path: str | int
    ) -> None:
        for key in data:
            if key not in known:
                near = did_you_mean(key, known) if isinstance(key, str) else ""
                problem = f"{what} has no key {shown(key)}.{near} It has {', '.join(known)}."
                self.tell(problem, *path, str(key), code="unknown-parameter")

    def text(self, value: Any, name: str, path: Path) -> str | None:
        if isinstance(value, str):
            return value
        self.tell(f"{name} must be text, {_MEANING[name]}, not {shown(value)}.", *path, name)
        return None

    def init(self, spec: Any, path: Path) -> InitializerConfig | None:
        if isinstance(spec, str) and spec == KEEP:
            return None
        if spec is None:
            self.tell(f"init must be {_MEANING['init']}, not None.", *path)
            return None
        if fault := too_large(spec):
            self.told.append(_Told(fault.below(*path)))
            return None
        try:
            return self.registry.validate(spec)
        except InitregError as error:
            text = spec if isinstance(spec, str) else None
            self.told += [_Told(fault.below(*path), text) for fault in error.faults]
            return None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
