"""A plan as a value: what every weight of a model will get, as a table and as JSON."""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from initreg.config.parameters import Seed
from initreg.draws.shapes import Shape
from initreg.public import public
from initreg.rules.rules import Rule
from initreg.wording import listed

Action = Literal["draw", "own", "keep", "uncovered", "skip"]

FORMAT = 1  # of a plan in JSON


@public
@dataclass(frozen=True, slots=True)
class PlanEntry:
    """What one weight will get, and why.

    `path` is the weight's, with the names that Keras made up counted within the model; `name` is
    the one it has in Keras. `action` is ``draw``; ``keep`` where the rule says so; ``uncovered``
    where no rule matches, and the weight stays as it is; ``skip`` for a weight that holds no
    floats; or, in a scope, ``own`` where the layer's own initializer is called as it is. The last
    two have a `reason`.

    `rule` is the number of the rule, from 1, and `line` its place in the file. `seed` is the base
    seed, or the one that the spec brings; together with the path it keys the draw. `derived_seed`
    is ``derive_seed(seed, path)``, which seeds an initializer that has no portable draw. `mean` and
    `stddev` are those that theory expects, None where the values depend on each other;
    `realised_mean` and `realised_stddev` are known once the plan is applied. `portable` says
    whether the values are the same on every backend.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    path: str
    name: str
    shape: Shape
    dtype: str
    layer: str
    action: Action
    rule: int | None = None
    line: int | None = None
    spec: str | dict[str, Any] | None = None
    seed: Seed = None
    derived_seed: int | None = None
    mean: float | None = None
    stddev: float | None = None
    portable: bool | None = None
    reason: str = ""
    realised_mean: float | None = None
    realised_stddev: float | None = None


@public
@dataclass(frozen=True, slots=True)
class Plan:
    """What every weight of one model will get: a table that prints, and JSON that applies again.

    `unmatched` are the rules that decide over no weight.
    """

    entries: tuple[PlanEntry, ...]
    seed: int
    source: str | None = None
    unmatched: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The paths of the weights that no rule covers."""
        return tuple(entry.path for entry in self.entries if entry.action == "uncovered")

    def problems(self) -> list[str]:
        """List what `strict` refuses: rules without a weight, and weights without a rule."""
        gaps = [f"No rule covers {path}." for path in self.uncovered]
        return [*self.unmatched_texts(), *gaps, *self.notes]

    def unmatched_texts(self) -> list[str]:
        """Say of each rule without a weight which one it is."""
        return [_unmatched_text(rule, self.source, self.entries) for rule in self.unmatched]

    def to_json(self) -> str:
        """Write the plan as JSON, which `apply` takes in place of rules."""
        weights = [
            {key: value for key, value in asdict(entry).items() if _says_something(value)}
            for entry in self.entries
        ]
        rules = [{"rule": r.number, "line": r.line, "match": r.match} for r in self.unmatched]
        written = {
            "plan": FORMAT,
            "seed": self.seed,
            "source": self.source,
            "unmatched": rules,
            "weights": weights,
        }
        return json.dumps(written, indent=1, allow_nan=False)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Return the heads and the rows of the table, as text, without columns that say nothing."""
        rows = [[text(entry) for text in _COLUMNS.values()] for entry in self.entries]
        kept = [at for at in range(len(_COLUMNS)) if at < 4 or any(row[at] for row in rows)]
        heads = list(_COLUMNS)
        return [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]

    def summary(self) -> list[str]:
        """Say in sentences what the table does not: the seed, counts, and what is left open."""
        counts = Counter(entry.action for entry in self.entries)
        values = sum(math.prod(entry.shape) for entry in self.entries if entry.action == "draw")
        drawn = f"{counts['draw']} of {len(self.entries)} weights are drawn, {values:,} values"
        lines = [f"{drawn}, from seed {self.seed}."]
        renamed = next((e for e in self.entries if e.name != e.path.partition("#")[0]), None)
        if renamed:
            lines.append(
                "Where Keras made up names, or dropped some, paths differ from its own: "
                f"{renamed.path} is {renamed.name} in Keras."
            )
        if other := [entry.path for entry in self.entries if entry.portable is False]:
            lines.append(f"On another backend these would differ: {listed(other, 5)}.")
        if own := [entry.path for entry in self.entries if entry.action == "own"]:
            lines.append(f"Drawn by the layer itself, and not portably: {listed(own, 5)}.")
        if self.uncovered:
            lines.append(f"No rule covers {listed(self.uncovered, 5)}; they stay as they are.")
        lines += [*self.unmatched_texts(), *self.notes]
        lines.append(
            "Optimizer state, metrics and seed generators are no weights, and are left alone."
        )
        return lines

    def __str__(self) -> str:
        heads, rows = self.table()
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (heads, *rows)
        ]
        return "\n".join([*lines, "", *self.summary()])


def _says_something(value: Any) -> bool:
    """Whether a value is to be written: moments that overflow, or of no values, JSON has not."""
    return value not in (None, "") and not (isinstance(value, float) and not math.isfinite(value))


def _what(entry: PlanEntry) -> str:
    if entry.action == "draw":
        spec = entry.spec if isinstance(entry.spec, str) else f"{(entry.spec or {})['type']}(…)"
        return spec
    words = {
        "own": entry.reason,
        "keep": "kept, as the rule says",
        "uncovered": "kept, for no rule covers it",
        "skip": f"left alone: {entry.reason}",
    }
    return words[entry.action]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _rule(entry: PlanEntry) -> str:
    line = "" if entry.line is None else f" (line {entry.line})"
    return "" if entry.rule is None else f"{entry.rule}{line}"


def _seed(entry: PlanEntry) -> str:
    nothing_is_random = entry.derived_seed is None or entry.stddev == 0
    return "" if nothing_is_random else str(entry.derived_seed)


_COLUMNS: dict[str, Callable[[PlanEntry], str]] = {
    "path": lambda entry: entry.path,
    "shape": lambda entry: "×".join(map(str, entry.shape)) or "scalar",
    "dtype": lambda entry: entry.dtype,
    "initializer": _what,
    "rule": _rule,
    "seed": _seed,
    "mean": lambda entry: _number(entry.mean),
    "stddev": lambda entry: _number(entry.stddev),
    "realised mean": lambda entry: _number(entry.realised_mean),
    "realised stddev": lambda entry: _number(entry.realised_stddev),
}


def _unmatched_text(rule: Rule, source: str | None, entries: Sequence[PlanEntry]) -> str:
    place = f" ({source}:{rule.line})" if source and rule.line else ""
    told = f"Rule {rule.number}{place} decides over no weight: match {rule.match!r}{_limits(rule)}."
    for entry in entries:
        path = entry.path.partition("#")[0]
        if entry.rule and rule.matches(path, entry.layer, path.rpartition("/")[2]):
            return f"{told} Rule {entry.rule} comes first for what it matches, such as {path}."
    return told


def _limits(rule: Rule) -> str:
    limits = [("layer", rule.layer), ("weight", rule.weight)]
    return "".join(f", {name} {value}" for name, value in limits if value)
