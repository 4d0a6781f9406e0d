"""`InitializerField`: the Pydantic type of a field that holds an initializer.

The type is an `Annotated` of three parts. `Initializer` is what tools see that look at types alone.
`GetPydanticSchema` validates, serializes and gives the JSON Schema. `_Field` makes Pydantic
validate defaults, so that a default written as text becomes a config.
"""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    GetPydanticSchema,
    Json,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from initreg.config.base import InitializerConfig
from initreg.config.values import map_leaves
from initreg.errors import ConfigError, Fault, InitregError
from initreg.integrations.json_schema import field_schema
from initreg.integrations.pydantic_internals import field_of
from initreg.registry.registry import Registry, default_registry
from initreg.registry.validating import NESTING, Nesting
from initreg.spec.grammar import MAX_DEPTH

# True while a default is checked. The check makes a schema, which would check the same default
# again in a class that refers to itself.
_CHECKING: ContextVar[bool] = ContextVar("checking", default=False)


class _Problem(str):
    """The text of an error, with the error itself as `error`.

    Pydantic serializes the context of its errors to JSON, and can do that with text only.
    """

    __slots__ = ("error",)
    error: InitregError


def initializer(value: Any, info: ValidationInfo) -> InitializerConfig:
    """Validate the value of a field.

    Pydantic shows the name of this function in the error of a union.
    """
    context = info.context if isinstance(info.context, dict) else {}
    nesting, registry = context.get(NESTING), context.get("registry")
    if isinstance(nesting, Nesting) and nesting.depth >= MAX_DEPTH:
        raise PydanticCustomError("depth", f"must not nest deeper than {MAX_DEPTH} levels")
    if not isinstance(registry, Registry):
        registry = default_registry()
    try:
        return (nesting if isinstance(nesting, Nesting) else registry).validate(value)
    except InitregError as error:
        problem = _Problem(error)
        problem.error = error
        raise PydanticCustomError("initializer", "{problem}", {"problem": problem}) from error


def _write(value: Any) -> Any:
    # With `validate_default=False`, a default is still the text that a person wrote.
    return default_registry().write(value) if isinstance(value, InitializerConfig) else value


def _core_schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    _check_default(handler)
    return core_schema.with_info_plain_validator_function(
        initializer, serialization=core_schema.plain_serializer_function_ser_schema(_write)
    )


def _json_schema(_: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    return field_schema(handler)


def _check_default(handler: GetCoreSchemaHandler) -> None:
    """Reject an invalid default when the class is made, and let Pydantic validate a valid one."""
    field = field_of(handler)
    if field is None or issubclass(field[0], InitializerConfig):  # configs validate all defaults
        return
    owner, info = field
    if info.validate_default is False or info.is_required():
        return
    info.validate_default = True
    if info.default_factory is not None or _CHECKING.get():
        return
    token = _CHECKING.set(True)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[(info.annotation, *info.metadata, None)])  # type: ignore[arg-type]
    except (PydanticUserError, NameError):  # the annotation refers to a class that isn't made yet
        return
    finally:
        _CHECKING.reset(token)
    try:
        adapter.validate_python(info.default)
    except ValidationError as error:
        problems = "\n".join(detail["msg"] for detail in error.errors(include_url=False)[:5])
        problem = f"The default of {owner.__name__}.{handler.field_name} is invalid.\n{problems}"
        if info.default is None:
            problem += " To make the field optional, write InitializerField | None."
        raise ConfigError([Fault(problem)]) from error
    except Exception:  # another validator of the field needs data or a context that isn't here
        return
    info.default = _as_specs(info.default)


def _as_specs(default: Any) -> Any:
    """Return a default with specs in place of configs, because JSON Schema shows the default."""
    registry = default_registry()

    def written(leaf: Any, _: object) -> Any:
        if not isinstance(leaf, InitializerConfig):
            return leaf
        spec = registry.write(leaf)
        try:
            registry.validate(spec)
        except InitregError:  # its class isn't in this registry
            return leaf
        return spec

    return map_leaves(default, written)


class _Field(FieldInfo):  # type: ignore[misc]  # final only for type checkers
    """A `Field(validate_default=True)` that also works inside another type.

    In `list[InitializerField]`, Pydantic warns that a plain `Field()` has no effect. It looks for
    exactly that class, so it accepts a subclass, as FastAPI's parameters are.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "_Field(validate_default=True)"


if TYPE_CHECKING:
    Initializer = Any
else:

    class Initializer(Json):
        """The type of the field, for tools that look at types alone.

        pydantic-settings parses text as JSON for a field whose type is a model, so this isn't one.
        jsonargparse writes a value with ``str`` only if its type is one of Pydantic's own, so this
        is a subclass of `Json`.
        """


InitializerField = Annotated[
    Initializer, GetPydanticSchema(_core_schema, _json_schema), _Field(validate_default=True)
]
"""A field that holds an initializer. It accepts text, a dict or a config; its value is a config.

>>> from pydantic import BaseModel
>>> class Layer(BaseModel):
...     kernel: InitializerField = "glorot_uniform"
>>> Layer(kernel="he_normal(seed=1)").kernel.seed
1
>>> Layer(kernel={"type": "he_normal", "seed": 1}).model_dump_json()
'{"kernel":"he_normal(seed=1)"}'

It works in models, dataclasses and settings, alone and inside lists, dicts and unions. It
serializes to the shortest spec, and has the JSON Schema of `json_schema`. An invalid default is
rejected when the class is made. For type checkers it is `Any`, because text goes in and a config
comes out.

For an invalid spec, Pydantic's `ValidationError` has an error of type ``initializer``. In
`errors()`, its ``["ctx"]["problem"].error`` is the `InitregError`, with its faults.
"""
