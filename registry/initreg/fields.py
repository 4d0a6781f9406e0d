"""The Pydantic type of a field that holds an initializer."""

from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    InstanceOf,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from initreg.config import InitializerConfig
from initreg.errors import InitregError
from initreg.parsing import MAX_DEPTH
from initreg.registry import NESTING, Registry, default_registry


def _validate(value: Any, info: ValidationInfo) -> InitializerConfig:
    context = info.context if isinstance(info.context, dict) else {}
    depth = context.get(NESTING, 0) + 1
    registry = context.get("registry")
    if not isinstance(registry, Registry):
        registry = default_registry()
    if depth > MAX_DEPTH:
        raise PydanticCustomError("depth", "must not nest deeper than 16 levels")
    try:
        return registry.validate(value, depth=depth)
    except InitregError as error:
        raise PydanticCustomError(
            "initializer", "{problem}", {"problem": str(error), "error": error}
        ) from error


InitializerField = Annotated[
    InstanceOf[InitializerConfig],
    BeforeValidator(_validate),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
]
"""A field that holds an initializer: it takes text, a dict or a config, and its value is a config.

>>> from pydantic import BaseModel
>>> class Layer(BaseModel):
...     kernel: InitializerField
>>> Layer(kernel="he_normal(seed=1)").model_dump_json()
'{"kernel":"he_normal(seed=1)"}'
"""
