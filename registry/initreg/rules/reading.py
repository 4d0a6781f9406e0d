"""Read rules from files and from Python objects, and report all mistakes at once."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from initreg.documents import Node, Source, read_file
from initreg.documents.findings import duplicates, finding_at, placed
from initreg.errors import (
    Fault,
    Finding,
    RulesError,
)
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.rules.data import EXAMPLE, Reader, is_list
from initreg.rules.let import Let, unused_text
from initreg.rules.rules import Rule, Rules
from initreg.wording import listed


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
    mapping: `rules`, and optionally a `seed`, 0 … 2³²−1; `fans`, true or keras; and `let`, numbers
    that the specs of rules can compute with. Each rule has `match`, a regular expression that is
    searched in the weight's path, and `init`, a spec in any form that `validate` accepts, or
    ``keep``. As text, it can compute: ``random_normal(stddev=0.02/sqrt(2*layers))``. A rule can
    also have `layer`, the name of the layer's class,
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
        read, mistakes = _read_source(read_file(rules), Reader(registry))
        if mistakes:
            raise RulesError([m.fault for m in mistakes], [m.finding for m in mistakes])
        return read
    reader = Reader(registry)
    read = reader.rules(rules)
    if reader.faults:
        raise RulesError([f.fault for f in reader.faults], texts=[f.text for f in reader.faults])
    return read


def check_rules(
    source: Source, registry: Registry
) -> tuple[int, tuple[Finding, ...], tuple[str, ...]]:
    """Return the number of rules in a file, their faults, and notes on what needs a model.

    Each pattern is also searched in paths on which a bad pattern is slow, so that one is found
    before it meets a model.
    """
    reader = Reader(registry, tries_patterns=True)
    read, mistakes = _read_source(source, reader)
    notes = _notes(read.rules, reader.let)
    used = frozenset[str]().union(*(rule.variables for rule in read.rules))
    if not mistakes and (unused := reader.let.unused(used)):
        notes += (unused_text(unused),)
    return len(read.rules), tuple(mistake.finding for mistake in mistakes), notes


def _notes(rules: Sequence[Rule], let: Let) -> tuple[str, ...]:
    """Say which rules compute with numbers that only a model has."""
    numbers = {name for name, number in let.numbers.items() if number is not None}
    needing = [rule for rule in rules if rule.variables - numbers]
    if not needing:
        return ()
    missing = sorted(frozenset[str]().union(*(rule.variables for rule in needing)) - numbers)
    what = "Rule" if len(needing) == 1 else "Rules"
    which = listed([str(rule.number) for rule in needing], 12)
    verb = "computes" if len(needing) == 1 else "compute"
    return (
        f"{what} {which} {verb} with {listed(missing, 12)} of a model: initreg plan checks the "
        "results.",
    )


class _FaultInFile(NamedTuple):
    """A fault, and the finding for its place in the file."""

    fault: Fault
    finding: Finding


def _read_source(source: Source, reader: "Reader") -> tuple[Rules, list[_FaultInFile]]:
    """Read the rules of a file. Return them, and the mistakes in the order of the text."""
    if not source.documents or source.documents[0].data is None:
        fault = Fault(f"There are no rules here. {EXAMPLE}", code="missing-parameter")
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
    root = () if is_list(document.data) else ("rules",)
    rules = []
    for rule in read.rules:
        node = document.follow((*root, rule.number - 1)).node
        rules.append(replace(rule, line=source.position(node.start)[0]))
    lines = tuple(
        source.position(document.follow(("let", name)).node.start)[0] for name, _ in read.let
    )
    read = replace(read, rules=tuple(rules), source=source.file, let_lines=lines)
    return read, [*once.values()]
