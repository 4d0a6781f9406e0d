"""The types of parameters that schemas share.

>>> from pydantic import TypeAdapter
>>> TypeAdapter(NonNegative).validate_python("0.05")
0.05
"""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from initreg.seeds import MAX_SEED

Shape: TypeAlias = tuple[int, ...]


def _refuse_bool(value: Any) -> Any:
    # NumPy's booleans are no `bool`, and Pydantic would take both for 0 and 1.
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b":
        raise PydanticCustomError("float_type", "must be a number")
    return value


def _refuse_repeats(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if axes is not None and len(set(axes)) < len(axes):
        raise PydanticCustomError("axes", "must name each axis once")
    return axes


# The bounds stand first: behind a validator, Pydantic would leave them out of the JSON Schema.
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_refuse_bool)]
"""A finite number. Takes ``"0.05"``, for what YAML reads as text; no booleans."""

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_refuse_bool)]
"""A finite number, 0 or more."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_refuse_bool)]
"""A finite number above 0."""

Seed = Annotated[int, Field(ge=0, le=MAX_SEED), BeforeValidator(_refuse_bool)] | None
"""A seed, 0 … 2³²−1, or None for one that is left open."""

Axes = Annotated[
    tuple[Annotated[int, BeforeValidator(_refuse_bool)], ...] | None,
    AfterValidator(_refuse_repeats),
]
"""Axes of a weight, each once, or None for Keras's own choice."""
