"""Types of parameters for config classes, and the error for parameters that don't fit together.

>>> from pydantic import TypeAdapter
>>> TypeAdapter(NonNegative).validate_python("0.05")
0.05
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from initreg.draws.seeds import MAX_SEED
from initreg.public import public

# A number as text. The digits are limited, so that every match fits into a float.
_SPACE = r"[ \t\r\n]*"
_EXPONENT = r"([eE][+-]?[0-9]{1,2})?"
_DIGITS = rf"([0-9]{{1,32}}(\.[0-9]{{0,32}})?|\.[0-9]{{1,32}}){_EXPONENT}"
_ZERO = rf"(0{{1,32}}(\.0{{0,32}})?|\.0{{1,32}}){_EXPONENT}"
_NUMBER_PATTERN = rf"^{_SPACE}[+-]?{_DIGITS}{_SPACE}$"
_NON_NEGATIVE_PATTERN = rf"^{_SPACE}(\+?{_DIGITS}|-{_ZERO}){_SPACE}$"
_POSITIVE_PATTERN = rf"^{_SPACE}\+?(?=[0.]*[1-9]){_DIGITS}{_SPACE}$"
_NUMBER = re.compile(_NUMBER_PATTERN)
_NOT_FINITE = [sign + word for sign in ("", "+", "-") for word in ("nan", "inf", ".nan", ".inf")]


class _JsonSchema:
    """JSON Schema keywords that say what the validators of a type check."""

    def __init__(self, **keywords: Any) -> None:
        self.keywords = keywords

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(core_schema) | self.keywords


def _or_text(pattern: str, message: str) -> _JsonSchema:
    """Allow numbers as text. Editors show the message for other text."""
    return _JsonSchema(type=["number", "string"], pattern=pattern, patternErrorMessage=message)


def _is_bool(value: Any) -> bool:
    # NumPy's booleans are not `bool`. Pydantic would read both as 0 or 1.
    return isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"


def _read_number(value: Any) -> Any:
    if _is_bool(value) or (isinstance(value, str) and not _NUMBER.match(value)):
        error_type = "finite_number" if value in _NOT_FINITE else "float_type"
        raise PydanticCustomError(error_type, "must be a number")
    return value


def _read_whole(value: Any) -> Any:
    if _is_bool(value) or isinstance(value, str | bytes):
        raise PydanticCustomError("int_type", "must be a whole number")
    return value


def _reject_repeats(axes: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(axes)) < len(axes):
        raise PydanticCustomError("axes", "must name each axis once")
    return axes


# The bounds come first: after a validator, Pydantic would leave them out of the JSON Schema.
Number = Annotated[
    float,
    Field(allow_inf_nan=False),
    BeforeValidator(_read_number),
    _or_text(_NUMBER_PATTERN, "Must be a number."),
]
"""A finite number. Also accepts text such as ``"0.05"``, but no booleans."""

NonNegative = Annotated[
    float,
    Field(ge=0, allow_inf_nan=False),
    BeforeValidator(_read_number),
    _or_text(_NON_NEGATIVE_PATTERN, "Must be a number, 0 or more."),
]
"""A finite number, 0 or more."""

Positive = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    BeforeValidator(_read_number),
    _or_text(_POSITIVE_PATTERN, "Must be a number above 0."),
]
"""A finite number above 0."""

Seed = Annotated[int, Field(ge=0, le=MAX_SEED), BeforeValidator(_read_whole)] | None
"""A seed, 0 … 2³²−1, or None: each initializer then draws different values."""

# NumPy's arrays have at most 64 axes.
_Axis = Annotated[int, Field(ge=-64, le=63), BeforeValidator(_read_whole)]

Axes = (
    Annotated[tuple[_Axis, ...], AfterValidator(_reject_repeats), _JsonSchema(uniqueItems=True)]
    | None
)
"""Axes of a weight, each once, or None for Keras's choice."""


@public
def conflict(message: str, *parameters: str) -> PydanticCustomError:
    """Make the error for a check of several parameters, so that it points at them.

    Raise it from a validator of the whole model. The message continues the name of the first
    parameter: ``raise conflict("must not be above maxval", "minval", "maxval")``.
    """
    return PydanticCustomError("conflict", "{problem}", {"problem": message, "at": parameters})
