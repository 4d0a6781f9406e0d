"""The type of a parameter that holds a number, or a nested list of numbers."""

from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from initreg import Number

_MAX_RANK = 14  # a spec has at most 16 levels
_KERAS_ARRAYS = ("__numpy__", "__tensor__")  # the names Keras gives to arrays in its configs


@cache
def _number() -> TypeAdapter[float]:
    return TypeAdapter(Number)


def _read(value: Any, depth: int = 0) -> Any:
    """Read a number or nested lists as a float or nested tuples.

    Lists of one level must have the same length. Also reads arrays, and what Keras writes for one.
    """
    if not depth and isinstance(value, dict) and value.get("class_name") in _KERAS_ARRAYS:
        config = value.get("config")
        value = config.get("value") if isinstance(config, dict) else None
    if not hasattr(value, "tolist") and hasattr(value, "numpy"):  # a TensorFlow tensor
        value = value.numpy()
    if hasattr(value, "tolist"):  # an array
        value = value.tolist()
    if not isinstance(value, list | tuple):
        try:
            return _number().validate_python(value)
        except ValidationError:
            problem = "must be a finite number, or a nested list of them"
            raise PydanticCustomError("constant", problem) from None
    if depth == _MAX_RANK or not value:
        problem = "must not be empty" if not value else f"must not nest over {_MAX_RANK} levels"
        raise PydanticCustomError("constant", problem)
    items = tuple(_read(item, depth + 1) for item in value)
    if len({shape_of(item) for item in items}) > 1:
        raise PydanticCustomError("constant", "must have lists of one length on each level")
    return items


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of a value that was read: () for a number."""
    return (len(value), *shape_of(value[0])) if isinstance(value, tuple) else ()


class _JsonSchema:
    """The JSON Schema: a number, a nested list of numbers, or what Keras writes for an array."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        number = _number().json_schema()
        values = number
        for _ in range(_MAX_RANK):
            lists = {"type": [*number["type"], "array"], "minItems": 1, "items": values}
            values = number | lists
        array = {
            "type": "object",
            "required": ["class_name", "config"],
            "properties": {
                "class_name": {"enum": list(_KERAS_ARRAYS)},
                "config": {
                    "type": "object",
                    "required": ["value"],
                    "properties": {"value": values},
                },
            },
        }
        return {"anyOf": [values, array]}


ArrayValue = Annotated[Any, BeforeValidator(_read), _JsonSchema()]
"""A number, or nested tuples of numbers; all tuples of a level have the same length."""
