"""The plan of a model, as a value, a table and JSON."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from initreg.discovery.records import may_provide_it
from initreg.models.entries import PlanEntry, is_statistic, reaches
from initreg.models.paths import without_number
from initreg.public import public
from initreg.registry.registry import default_registry
from initreg.rules.let import UnmatchedCount
from initreg.rules.rules import Matcher, Rule
from initreg.wording import at_line, listed, quoted

FORMAT = 1  # the version of plans in JSON


@public
@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one model: an entry for each weight. Its JSON can be applied again.

    It prints as a table.

    `unmatched` are the rules that are never applied, and `unmatched_counts` the counts of `let`
    that rules use and that match no weight. `notes` say which rules are ambiguous, and which names
    of `let` no rule uses.
    """

    entries: tuple[PlanEntry, ...]
    seed: int
    source: str | None = None
    unmatched: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = field(default=())
    unmatched_counts: tuple[UnmatchedCount, ...] = ()

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The paths of the weights that no rule matches."""
        return tuple(entry.path for entry in self.entries if entry.action == "uncovered")

    def problems(self) -> list[str]:
        """List what `strict` rejects: what matches no weight, weights without a rule, and notes."""
        gaps = [f"No rule matches {path}." for path in self.uncovered]
        return [*self.unmatched_texts(), *gaps, *self.notes]

    def unmatched_texts(self) -> list[str]:
        """Return a sentence for each rule that is never applied, and each count without a match."""
        rules = [_unmatched_text(rule, self.source, self.entries) for rule in self.unmatched]
        return [*rules, *(count.text(self.source) for count in self.unmatched_counts)]

    def to_json(self) -> str:
        """Write the plan as JSON, which `apply` takes in place of rules."""
        weights = [
            {key: value for key, value in asdict(entry).items() if _is_written(value)}
            for entry in self.entries
        ]
        rules = [{"rule": r.number, "line": r.line, "match": r.match} for r in self.unmatched]
        counts = [
            {"let": count.name, "line": count.line, "count": count.pattern}
            for count in self.unmatched_counts
        ]
        document = {
            "plan": FORMAT,
            "seed": self.seed,
            "source": self.source,
            "unmatched": [*rules, *counts],
            "weights": weights,
        }
        return json.dumps(document, indent=1, allow_nan=False)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return the heads and the rows of the table as text, without empty columns."""
        rows = [[text(entry) for text in _COLUMNS.values()] for entry in self.entries]
        kept = [at for at in range(len(_COLUMNS)) if at < 4 or any(row[at] for row in rows)]
        heads = list(_COLUMNS)
        return [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]

    def summary(self) -> list[str]:
        """Return sentences about the seed, counts and gaps, which the table doesn't show."""
        counts = Counter(entry.action for entry in self.entries)
        values = sum(math.prod(entry.shape) for entry in self.entries if entry.action == "draw")
        drawn = f"{counts['draw']} of {len(self.entries)} weights are drawn, {values:,} values"
        lines = [f"{drawn}, from seed {self.seed}."]
        renamed = next((e for e in self.entries if e.name != without_number(e.path)), None)
        if renamed:
            lines.append(
                "Paths differ from Keras's if it made up names or dropped some: "
                f"{renamed.path} is {renamed.name} in Keras."
            )
        if other := [entry.path for entry in self.entries if entry.portable is False]:
            lines.append(f"These differ on other backends: {listed(other, 5)}.")
        if own := [entry.path for entry in self.entries if entry.action == "own"]:
            lines.append(f"Drawn by the layer itself, not portably: {listed(own, 5)}.")
        if assigned := [entry.path for entry in self.entries if entry.action == "assigned"]:
            lines.append(f"Drawn, and then replaced by other values: {listed(assigned, 5)}.")
        if added := [entry.path for entry in self.entries if entry.added]:
            lines.append(f"Layers add to their initializers: {listed(added, 5)}.")
        if names := [e.variable for e in self.entries if e.action == "skip" and is_statistic(e)]:
            statistics = listed(list(dict.fromkeys(names)), 5)
            lines.append(f"A rule sets a statistic only by its whole name: {statistics}.")
        if count := sum(entry.keras_stddev is not None for entry in self.entries):
            weights = "1 weight has" if count == 1 else f"{count} weights have"
            lines.append(f"{weights} other fans than in Keras. To use Keras's, write fans: keras.")
        unknown = [e.path for e in self.entries if _is_unknown(e)]
        if unknown:
            lines.append(
                f"No role is known for these, so they have Keras's fans: {listed(unknown, 5)}."
            )
            lines += may_provide_it(default_registry().plugins(), "describe them")
        if self.uncovered:
            lines.append(
                f"No rule matches these, so they are unchanged: {listed(self.uncovered, 5)}."
            )
        lines += [*self.unmatched_texts(), *self.notes]
        lines.append(
            "Optimizer state, metrics and seed generators are not weights, and are unchanged."
        )
        return lines

    def __str__(self) -> str:
        heads, rows = self.table()
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (heads, *rows)]
        return "\n".join([*lines, "", *self.summary()])


def _is_written(value: Any) -> bool:
    """Return False for values to leave out of the JSON: None, "", NaN and infinity."""
    return value not in (None, "") and not (isinstance(value, float) and not math.isfinite(value))


def _text(spec: str | dict[str, Any] | None) -> str:
    return f"{spec['type']}(…)" if isinstance(spec, dict) else spec or ""


def _is_unknown(entry: PlanEntry) -> bool:
    return entry.action == "draw" and entry.role is not None and entry.role.kind == "unknown"


_LONG_NUMBER = re.compile(r"\b\d+\.\d{6,}(?:e[-+]?\d+)?")


def _initializer(entry: PlanEntry) -> str:
    if entry.action == "draw":
        text = _text(entry.spec)
        if entry.written:  # the spec itself has all digits
            text = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.6g}", text)
        return f"{text}; {entry.added}" if entry.added else text
    words = {
        "own": entry.reason,
        "assigned": "other values, assigned after it was drawn",
        "keep": "unchanged (a rule says so)",
        "uncovered": "unchanged (no rule matches)",
        "skip": f"unchanged ({entry.reason})",
    }
    return words[entry.action]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


# The roles of weights that are multiplied with inputs and summed, or looked up.
_WITH_FANS = ("kernel", "recurrent_kernel", "embedding", "lora_a", "lora_b", "unknown")


def _fan(entry: PlanEntry, fan: float | None) -> str:
    has_fans = entry.role is not None and entry.role.kind in _WITH_FANS
    is_used = entry.keras_stddev is not None or "fan_" in _text(entry.written)
    return _number_of_products(fan) if has_fans or is_used else ""


def _number_of_products(fan: float | None) -> str:
    return "" if fan is None else f"{fan:g}" if fan == int(fan) else f"{fan:.4g}"


def _keras_fans(entry: PlanEntry) -> str:
    if entry.keras_fans is None or entry.keras_stddev is None:
        return ""
    return " / ".join(map(_number_of_products, entry.keras_fans))


def _rule(entry: PlanEntry) -> str:
    line = "" if entry.line is None else f" (line {entry.line})"
    return "" if entry.rule is None else f"{entry.rule}{line}"


def _seed(entry: PlanEntry) -> str:
    is_random = entry.derived_seed is not None and entry.stddev != 0
    return str(entry.derived_seed) if is_random else ""


_COLUMNS: dict[str, Callable[[PlanEntry], str]] = {
    "path": lambda entry: entry.path,
    "shape": lambda entry: "×".join(map(str, entry.shape)) or "scalar",
    "dtype": lambda entry: entry.dtype,
    "initializer": _initializer,
    "written as": lambda entry: _text(entry.written),
    "rule": _rule,
    "seed": _seed,
    "fan_in": lambda entry: _fan(entry, entry.fan_in),
    "fan_out": lambda entry: _fan(entry, entry.fan_out),
    "Keras's fans": _keras_fans,
    "mean": lambda entry: _number(entry.mean),
    "stddev": lambda entry: _number(entry.stddev),
    "realised mean": lambda entry: _number(entry.realised_mean),
    "realised stddev": lambda entry: _number(entry.realised_stddev),
}


def _unmatched_text(rule: Rule, source: str | None, entries: Sequence[PlanEntry]) -> str:
    rule_text = f"Rule {rule.number}{at_line(source, rule.line)}"
    text = f"{rule_text} is never applied: match {quoted(rule.match)}{_limits(rule)}."
    matcher, statistic = Matcher(source), None
    for entry in entries:
        path = without_number(entry.path)
        if not matcher.matches(rule, path, entry.layer, entry.variable):
            continue
        if not reaches(rule, entry):
            statistic = statistic or entry
        elif entry.rule is not None and entry.rule < rule.number:
            return f"{text} Rule {entry.rule} comes first for {path}, which it also matches."
    if statistic:
        return (
            f"{text} It matches {without_number(statistic.path)}, a statistic. To set it, write "
            f"its whole name in the rule: {statistic.variable}."
        )
    return text


def _limits(rule: Rule) -> str:
    limits = [("layer", rule.layer), ("weight", rule.weight)]
    return "".join(f", {name} {value}" for name, value in limits if value)
