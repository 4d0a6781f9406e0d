"""`InitializerField`, the Pydantic type of a field that holds an initializer.

Most of this module makes one type work in many tools. Each workaround names the tool, and what the
tool does without it.
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

# True while a default is checked. To check it, Pydantic makes another schema of the field, which
# would check the default again, without end.
_CHECKING: ContextVar[bool] = ContextVar("checking", default=False)


class _Problem(str):
    """The message of an error, with the error itself.

    The context of a Pydantic error must fit into JSON (`ValidationError.json`), which an exception
    does not, but a `str` does.
    """

    __slots__ = ("error",)
    error: InitregError


def initializer(value: Any, info: ValidationInfo) -> InitializerConfig:
    """Validate a spec.

    If a branch of a union fails, Pydantic shows the name of this function as that of the branch.
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
    """Return the spec of a config. With ``validate_default=False``, a default is not a config."""
    return default_registry().write(value) if isinstance(value, InitializerConfig) else value


def _core_schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    _check_default(handler)
    return core_schema.with_info_plain_validator_function(
        initializer, serialization=core_schema.plain_serializer_function_ser_schema(_write)
    )


def _json_schema(_: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    return field_schema(handler)


def _check_default(handler: GetCoreSchemaHandler) -> None:
    """Reject an invalid default when the class is made, and have a valid one validated.

    Pydantic validates no defaults, unless `validate_default` is set, and then only when an instance
    is made. `InitializerField` sets it, but Pydantic ignores that inside a list or a union, so it
    is set here again. `InitializerConfig` does all this for its own fields.
    """
    place = field_of(handler)
    if place is None or issubclass(place[0], InitializerConfig):
        return
    owner, field = place
    if field.validate_default is False or field.is_required():
        return
    field.validate_default = True
    if field.default_factory is not None or _CHECKING.get():
        return
    whole: Any = Annotated[(field.annotation, *field.metadata, None)]
    token = _CHECKING.set(True)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(whole)
    except (PydanticUserError, NameError):  # the annotation names a class that isn't defined yet
        return
    finally:
        _CHECKING.reset(token)
    try:
        adapter.validate_python(field.default)
    except ValidationError as error:
        problems = "\n".join(detail["msg"] for detail in error.errors(include_url=False)[:5])
        problem = f"The default of {owner.__name__}.{handler.field_name} is not valid.\n{problems}"
        if field.default is None:
            problem += " To allow None, write InitializerField | None."
        raise ConfigError([Fault(problem)]) from error
    except Exception:  # another validator of the field, which needs the model's other values
        return
    field.default = _as_specs(field.default)


def _as_specs(default: Any) -> Any:
    """Replace the configs in a default with their specs.

    Pydantic writes the default unchanged into the JSON Schema, and warns if JSON can't hold it.
    """
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


class _Field(FieldInfo):  # type: ignore[misc]  # final for type checkers only
    """A `Field()` without a warning inside lists and unions.

    From Pydantic 2.12 on, `Field(validate_default=True)` inside another type warns that it has no
    effect (https://github.com/pydantic/pydantic/pull/12028). Pydantic does not warn about
    subclasses, because FastAPI has some.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "_Field(validate_default=True)"


if TYPE_CHECKING:
    Initializer = Any
else:

    class Initializer(Json):
        """The type in `InitializerField`, for tools that look at types.

        jsonargparse only accepts types that it knows. It knows Pydantic's own types and their
        subclasses, validates them with Pydantic, and writes their values with ``str``, which gives
        the spec. pydantic-settings reads the environment variable of a model, a list or a dict as
        JSON. This is none of them, so a spec needs no quotes there.

        `Json` has no meaning here: the schema of `InitializerField` replaces its schema.
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

It works in models, dataclasses and settings, alone and inside lists, dicts and unions. It is
written as the shortest spec, and its JSON Schema is that of `json_schema`. An invalid default is
rejected when the class is made. For type checkers it is `Any`, because specs go in and configs come
out.

An invalid spec is an error of type ``initializer`` in Pydantic's `ValidationError`. In each of its
`errors()`, ``["ctx"]["problem"].error`` is the `InitregError`, with its faults.
"""
