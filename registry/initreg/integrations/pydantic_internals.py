"""The one place that uses names of Pydantic that aren't public."""

from pydantic import GetCoreSchemaHandler
from pydantic.fields import FieldInfo


def field_of(handler: GetCoreSchemaHandler) -> tuple[type, FieldInfo] | None:
    """Return the class whose schema is being made, and the field that the handler is for.

    Pydantic does not pass the field to its type, so the type can't see the default
    (https://github.com/pydantic/pydantic/issues/11104). The schema generator knows. This returns
    None outside a class, inside its lists and unions of dataclasses, and if a later Pydantic has no
    such attribute: then invalid defaults are found at the first instance, and not in the class.
    """
    generator = getattr(handler, "_generate_schema", None)
    classes = getattr(generator, "model_type_stack", None)
    owner = classes.get() if classes is not None else None
    field = getattr(owner, "__pydantic_fields__", {}).get(handler.field_name)
    return None if owner is None or field is None else (owner, field)
