"""Apply a plan to a model: every weight is changed, or none."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from initreg.draws.moments import Moments
from initreg.errors import InitregError, PlanError
from initreg.models.assignments import Assignment
from initreg.models.entries import PlanEntry, changed
from initreg.models.planning import assign, checked, warn_of_rules
from initreg.models.plans import Plan
from initreg.models.progress import Progress, reporting
from initreg.models.scoping import note_assigned
from initreg.models.tensors import read, sharding_of, write
from initreg.models.weights import make_tensor
from initreg.public import public
from initreg.rules.rules import FansMode
from initreg.wording import first_line


@public
def apply(
    model: Any,
    rules: object = None,
    seed: int | None = None,
    *,
    strict: bool = False,
    progress: Progress | bool | None = None,
    fans: FansMode | bool | None = None,
) -> Plan:
    """Draw the weights of a built model again, by rules; return the plan with their moments.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((100,)), keras.layers.Dense(100, name="head")])
    >>> done = apply(model, [{"match": "kernel$", "init": "random_normal(stddev=0.02)"},
    ...                      {"match": "bias$", "init": "keep"}], seed=42)
    >>> round(done.entries[0].realised_stddev, 3)
    0.02

    `rules` is what `plan` takes, or a plan, also as the file of its JSON, which is repeated
    exactly. All weights are drawn before any is changed, so for a moment they are in memory
    twice. If a draw fails, no weight is changed. Weights that no rule matches, optimizer state,
    metrics, seed generators and weights that aren't floats are unchanged.

    `fans` is what `plan` takes. `progress` is called with the number of values drawn so far and the
    total. Without it, a bar is drawn if stderr is a terminal and the work is long; False draws
    none.

    Raises what `plan` raises, and `PluginError` if a plugin can't build what its schema accepts.
    """
    assignments = assign(model, rules, seed, fans)
    plan = checked(assignments.plan, strict)
    drawn = [assignment for assignment in assignments.weights if assignment.fitted is not None]
    moments = [Moments() for _ in drawn]
    tensors = []
    with reporting(progress, sum(_size(assignment.entry) for assignment in drawn)) as report:
        for assignment, realised in zip(drawn, moments, strict=True):
            tensors.append(_draw(assignment, plan.seed, realised))
            report(_size(assignment.entry))
    realised_moments = dict(
        zip((assignment.entry.path for assignment in drawn), moments, strict=True)
    )
    entries = tuple(_with(entry, realised_moments.get(entry.path)) for entry in plan.entries)
    warn_of_rules(plan)  # before anything is changed, because a warning may be an error
    variables = [assignment.weight.variable for assignment in drawn]
    _write_all(variables, tensors)
    note_assigned(variables)
    return replace(plan, entries=entries)


def _size(entry: PlanEntry) -> int:
    return math.prod(entry.shape)


def _draw(assignment: Assignment, seed: int, moments: Moments) -> Any:
    entry, fitted, variable = assignment.entry, assignment.fitted, assignment.weight.variable
    assert fitted is not None  # noqa: S101  # only weights that are drawn come here
    seed = seed if entry.seed is None else entry.seed
    try:
        sharding = sharding_of(variable)
        return make_tensor(
            fitted,
            entry.dtype,
            seed,
            entry.path,
            sharding=sharding,
            moments=moments,
            addition=assignment.addition,
        )
    except InitregError as error:
        raise PlanError(f"{entry.path}: {error}\nNo weight was changed.") from error
    except Exception as error:  # Keras or a plugin rejects the shape or the dtype
        place = f"{entry.path} {list(entry.shape)} of {entry.dtype}"
        problem = f"{place}: {entry.spec}: {first_line(error)}"
        raise PlanError(f"{problem}\nNo weight was changed.") from error


def _write_all(variables: Sequence[Any], tensors: Sequence[Any]) -> None:
    """Write every tensor. If one fails, restore all variables."""
    written = []
    try:
        for variable, tensor in zip(variables, tensors, strict=True):
            written.append((variable, read(variable)))
            write(variable, tensor)
    except BaseException:  # also an interrupt
        for variable, before in written:
            write(variable, before)
        raise


def _with(entry: PlanEntry, moments: Moments | None) -> PlanEntry:
    if moments is None:
        return entry
    return changed(entry, realised_mean=moments.mean, realised_stddev=moments.stddev)
