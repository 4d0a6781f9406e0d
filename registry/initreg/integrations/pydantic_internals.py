"""The private names of Pydantic that initreg uses, in one place.

Pydantic hands a type neither the class that its field is in nor the field's default. Its schema
generator keeps a stack of the classes that it is working on, which is private. If a later Pydantic
drops it, `field_of` returns None, and an invalid default is reported when the first instance is
made instead of when the class is made. `tests/integrations/test_pydantic_internals.py` notices.
"""

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic.fields import FieldInfo


def field_of(handler: GetCoreSchemaHandler) -> tuple[type[Any], FieldInfo] | None:
    """Return the class and the field whose schema is being made, if Pydantic tells."""
    stack = getattr(getattr(handler, "_generate_schema", None), "model_type_stack", None)
    owner = stack.get() if stack is not None else None
    if owner is None:
        return None
    info = getattr(owner, "__pydantic_fields__", {}).get(handler.field_name)
    return None if info is None else (owner, info)
