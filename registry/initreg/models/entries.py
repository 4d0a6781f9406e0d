"""What a plan says about one weight."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from initreg.config.parameters import Seed
from initreg.draws.fans import Fans
from initreg.draws.shapes import Shape
from initreg.models.paths import variable_in, without_number
from initreg.models.roles.role import Role
from initreg.public import public
from initreg.rules.rules import Rule

Action = Literal["draw", "own", "assigned", "keep", "uncovered", "skip"]


@public
@dataclass(frozen=True)  # without slots, which `changed` couldn't copy at once
class PlanEntry:
    """The initializer of one weight, and the reason.

    `path` is the weight's path, with automatic names counted within the model; `name` is its path
    in Keras. `action` is one of these; the last three have a `reason`:

    - ``draw``: the weight is drawn;
    - ``keep``: it is unchanged, because a rule says so;
    - ``uncovered``: it is unchanged, because no rule matches;
    - ``skip``: it is unchanged, because its dtype isn't a float, or because it is a statistic;
    - ``own``: in a scope, the layer's own initializer is called unchanged;
    - ``assigned``: in a scope, it was drawn, and then other values were assigned to it.

    `rule` is the number of the rule, from 1, and `line` its line in the file. `spec` is the
    initializer; if the rule computes it, `written` is the spec as the rule has it. `seed` is the
    base seed, or the one in the spec; together with the path it keys the draw. `derived_seed` is
    ``derive_seed(seed, path)``, which seeds an initializer that has no portable draw. `mean` and
    `stddev` are the theoretical values, or None if the values depend on each other; `realised_mean`
    and `realised_stddev` are known after the plan is applied. `portable` is True if the values are
    the same on every backend.

    `role` is what the weight does in its layer, and `fans` are those that a spec is drawn with.
    `keras_fans` are the pair that Keras would use, if it differs, and `keras_stddev` is the
    standard deviation of the spec with it, if that changes the values. `added` describes what the
    layer adds to the values of the initializer: LSTM sets the bias of its forget gate to 1.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False
    )

    path: str
    name: str
    shape: Shape
    dtype: str
    layer: str
    action: Action
    rule: int | None = None
    line: int | None = None
    spec: str | dict[str, Any] | None = None
    written: str | dict[str, Any] | None = None
    seed: Seed = None
    derived_seed: int | None = None
    mean: float | None = None
    stddev: float | None = None
    portable: bool | None = None
    reason: str = ""
    realised_mean: float | None = None
    realised_stddev: float | None = None
    role: Role | None = None
    fans: Fans | None = None
    keras_fans: tuple[int | float, int | float] | None = None
    keras_stddev: float | None = None
    added: str = ""

    @property
    def variable(self) -> str:
        """The name of the weight in its layer, such as ``kernel``."""
        return variable_in(without_number(self.path))

    @property
    def fan_in(self) -> float | None:
        """How many products are added into one output value; None if the dtype isn't a float."""
        return None if self.fans is None else self.fans.fan_in

    @property
    def fan_out(self) -> float | None:
        """How many output values one input value reaches; None if the dtype isn't a float."""
        return None if self.fans is None else self.fans.fan_out


def changed(entry: PlanEntry, **changes: Any) -> PlanEntry:
    """Return an entry with other values, like `dataclasses.replace`, which takes 7 times as long.

    Planning changes the entry of each weight several times.
    """
    if not changes.keys() <= vars(entry).keys():
        raise KeyError(f"{', '.join(changes.keys() - vars(entry).keys())}: not a field")
    copy = object.__new__(PlanEntry)
    vars(copy).update(vars(entry), **changes)
    return copy


def is_statistic(entry: PlanEntry) -> bool:
    """Return True for a float that a layer computes or adapts, so it isn't a weight to draw."""
    return entry.role is not None and entry.role.kind == "statistic"


def reaches(rule: Rule, entry: PlanEntry) -> bool:
    """Return True if a rule may change a weight that it matches.

    A statistic, such as the moving variance of a normalization, isn't a weight to draw. Only a rule
    that contains its whole name changes it.
    """
    if rule.init is None or not is_statistic(entry):
        return True
    return rule.weight == entry.variable or entry.variable in rule.match
