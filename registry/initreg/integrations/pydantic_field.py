"""The Pydantic type of a field that holds an initializer."""

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
from initreg.registry.registry import Registry, default_registry
from initreg.registry.validating import NESTING, Nesting
from initreg.spec.grammar import MAX_DEPTH

# While a default is checked: a class that holds itself would ask for the same again.
_CHECKING: ContextVar[bool] = ContextVar("checking", default=False)


class _Problem(str):
    """The text of an error that a Pydantic error can carry into JSON; `error` is the error."""

    __slots__ = ("error",)
    error: InitregError


def initializer(value: Any, info: ValidationInfo) -> InitializerConfig:
    """Validate a spec. Pydantic shows the name where a branch of a union fails."""
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
    # A default that Pydantic was told not to validate is still as it was written.
    return default_registry().write(value) if isinstance(value, InitializerConfig) else value


def _core_schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    _check_default(handler)
    return core_schema.with_info_plain_validator_function(
        initializer, serialization=core_schema.plain_serializer_function_ser_schema(_write)
    )


def _json_schema(_: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    return field_schema(handler)


def _check_default(handler: GetCoreSchemaHandler) -> None:
    """Refuse a wrong default when the class is made, and have a right one validated.

    Pydantic shows a type neither the class that it stands in nor the default beside it, but its
    generator knows them. A Pydantic whose generator does not would find out at the first instance.
    """
    classes = getattr(getattr(handler, "_generate_schema", None), "model_type_stack", None)
    owner = classes.get() if classes is not None else None
    field = handler.field_name
    info = getattr(owner, "__pydantic_fields__", {}).get(field)
    if owner is None or info is None or issubclass(owner, InitializerConfig):  # it asks for itself
        return
    if info.validate_default is False or info.is_required():
        return
    info.validate_default = True
    if info.default_factory is not None or _CHECKING.get():
        return
    token = _CHECKING.set(True)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[(info.annotation, *info.metadata, None)])  # type: ignore[arg-type]
    except (PydanticUserError, NameError):  # an annotation that waits for other classes
        return
    finally:
        _CHECKING.reset(token)
    try:
        adapter.validate_python(info.default)
    except ValidationError as error:
        problems = "\n".join(detail["msg"] for detail in error.errors(include_url=False)[:5])
        problem = f"The default of {owner.__name__}.{field} is refused.\n{problems}"
        if info.default is None:
            problem += " To let it be left out, write InitializerField | None."
        raise ConfigError([Fault(problem)]) from error
    except Exception:  # a validator beside ours asks for the model's data or context: none yet
        return
    info.default = _as_specs(info.default)


def _as_specs(default: Any) -> Any:
    """Write the configs in a default as specs, as JSON Schema has to show them."""
    registry = default_registry()

    def written(leaf: Any, _: object) -> Any:
        if not isinstance(leaf, InitializerConfig):
            return leaf
        spec = registry.write(leaf)
        try:
            registry.validate(spec)
        except InitregError:  # a class that isn't in this registry
            return leaf
        return spec

    return map_leaves(default, written)


class _Field(FieldInfo):  # type: ignore[misc]  # final for type checkers; FastAPI has one, too
    """A `Field()` that Pydantic leaves alone where it stands inside another type.

    There the plain one warns that it has no effect.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "_Field(validate_default=True)"


if TYPE_CHECKING:
    Initializer = Any
else:

    class Initializer(Json):
        """What the field is, for tools that look at types.

        No model, so that pydantic-settings leaves text as it is; a type of Pydantic's own, so that
        jsonargparse writes the value as ``str`` does.
        """


InitializerField = Annotated[
    Initializer, GetPydanticSchema(_core_schema, _json_schema), _Field(validate_default=True)
]
"""A field that holds an initializer: it takes text, a dict or a config, and its value is a config.

>>> from pydantic import BaseModel
>>> class Layer(BaseModel):
...     kernel: InitializerField = "glorot_uniform"
>>> Layer(kernel="he_normal(seed=1)").kernel.seed
1
>>> Layer(kernel={"type": "he_normal", "seed": 1}).model_dump_json()
'{"kernel":"he_normal(seed=1)"}'

It works in models, dataclasses and settings, alone and inside lists, dicts and unions. It writes
the shortest spec, and its JSON Schema is that of `json_schema`. A wrong default is refused when
the class is made. Type checkers take it for `Any`: what goes in is text, what comes out a config.

A wrong spec is an error of type ``initializer`` in Pydantic's `ValidationError`; of each of its
`errors()`, ``["ctx"]["problem"].error`` is the `InitregError`, with its faults.
"""
