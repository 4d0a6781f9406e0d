"""Measure how many specs are validated in a second, compared with Pydantic and other config tools.

All get the same numbers: new ones in each call, unless the row says otherwise. The results differ.
initreg and Pydantic return a checked object. Confection checks the signature of a function, and its
`resolve` also calls it. Hydra checks nothing: here it calls the same Pydantic model.
"""

import itertools
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from measure import Table, Times, missing, rows, show, time_calls
from pydantic import BaseModel, ConfigDict, Field

import initreg


class Plain(BaseModel):
    """Only the fields of random_normal."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mean: float = 0.0
    stddev: float = Field(0.05, ge=0)
    seed: int | None = Field(None, ge=0)


PYDANTIC = "Pydantic: model_validate(dict) of a plain model"
TEXT = "random_normal(mean=0, stddev=0.05)"
SPEC = {"type": "random_normal", "mean": 0, "stddev": 0.05}


def _new_parameters() -> Iterator[dict[str, Any]]:
    """Yield parameters that were never seen before."""
    return ({"mean": 0, "stddev": 0.05 + count * 1e-9} for count in itertools.count())


def _confection() -> dict[str, Callable[[], object]]:
    import confection

    class Registry(confection.registry):
        initializers = {"random_normal": _make}  # noqa: RUF012

    new = _new_parameters()
    config = {"@initializers": "random_normal"}
    return {
        "confection: registry.fill(dict)": lambda: Registry.fill({"kernel": config | next(new)}),
        "confection: registry.resolve(dict)": lambda: Registry.resolve(
            {"kernel": config | next(new)}
        ),
    }


def _make(mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> tuple[Any, ...]:
    return mean, stddev, seed


def _hydra() -> dict[str, Callable[[], object]]:
    from hydra.utils import instantiate

    new = _new_parameters()
    target = {"_target_": f"{Plain.__module__}.{Plain.__qualname__}"}
    return {"Hydra: instantiate(dict) of that model": lambda: instantiate(target | next(new))}


def tables() -> list[Table]:
    new = _new_parameters()
    numbers = itertools.count()
    candidates: dict[str, Callable[[], object]] = {
        PYDANTIC: lambda: Plain.model_validate(next(new)),
        "initreg.validate(text never seen)": lambda: initreg.validate(
            f"random_normal(mean=0, stddev=0.05{next(numbers)})"
        ),
        "initreg.validate(text seen before)": lambda: initreg.validate(TEXT),
        "initreg.validate(dict never seen)": lambda: initreg.validate(
            {"type": "random_normal", **next(new)}
        ),
        "initreg.validate(dict seen before)": lambda: initreg.validate(SPEC),
    }
    notes = []
    for module, distribution, make in (
        ("confection", "confection", _confection),
        ("hydra", "hydra-core", _hydra),
    ):
        if reason := missing(module, distribution):
            notes.append(reason)
        else:
            candidates |= make()
    times = time_calls(candidates)
    to = dict.fromkeys([*candidates][1:], PYDANTIC)
    return [Table("Validate a spec", rows(times, to), [*notes, _throughput(times)])]


def _throughput(times: Times) -> str:
    rates = (f"{what} {1 / median(taken):,.0f}" for what, taken in times.items())
    return f"In a second (by the medians): {'; '.join(rates)}."


if __name__ == "__main__":
    show(tables())
