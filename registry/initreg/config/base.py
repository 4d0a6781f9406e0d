"""`InitializerConfig`: the schema, the documentation and the recipe of an initializer, in one."""

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from initreg.config.targets import PORTABLE, import_target, keras_form
from initreg.draws.distributions import Distribution
from initreg.draws.seeds import checked_seed, derive_seed
from initreg.draws.shapes import Shape
from initreg.errors import PluginError
from initreg.public import public
from initreg.spec.grammar import MAX_LENGTH
from initreg.spec.spec import Argument, Pairs, Spec, Value

if TYPE_CHECKING:
    import numpy as np

_SCALARS = (int, float, str)  # asked for first: Pydantic's own isinstance takes far longer
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BUILDS = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


@public
def conflict(message: str, *parameters: str) -> PydanticCustomError:
    """Make the error that a check over several parameters raises, so that it points at them.

    Raise it from a validator of the whole model, with a message that continues the parameter's
    name: ``raise conflict("must not be above maxval", "minval", "maxval")``.
    """
    return PydanticCustomError("conflict", "{problem}", {"problem": message, "at": parameters})


@public
class InitializerConfig(BaseModel):
    """A validated description of an initializer; each subclass is one kind of initializer.

    >>> class Scaled(InitializerConfig, name="scaled_ones", builds="keras.initializers:Constant"):
    ...     '''Set every value to one number.'''
    ...     value: float = 1.0
    >>> print(Scaled(value=0.5))
    scaled_ones(value=0.5)

    The class statement takes

    - `name`, canonical: lower case, digits and underscores;
    - `aliases`, other names that specs can say;
    - `builds`, ``"module:Class"`` of the Keras initializer, imported only by `build`; a class with
      a `distribution` or a `draw` of its own needs none;
    - `examples`, specs to show and to test;
    - `also_known_as`, names elsewhere, such as ``"torch.nn.init.normal_"``: they are shown, and
      lead here who writes them;
    - `renamed`, old names of parameters with the new ones: specs may still say the old;
    - `deprecated`, what to use in place of this initializer, as a sentence.

    A spec that says what is renamed or deprecated is warned of, with an `InitregWarning`. The
    fields are the parameters. A class without a name is a base for others. Raises `PluginError`
    where one of these does not hold.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True, validate_default=True
    )

    initializer_name: ClassVar[str] = ""
    initializer_aliases: ClassVar[tuple[str, ...]] = ()
    initializer_builds: ClassVar[str] = ""
    initializer_examples: ClassVar[tuple[str, ...]] = ()
    initializer_also_known_as: ClassVar[tuple[str, ...]] = ()
    initializer_deprecated: ClassVar[str] = ""
    renamed_parameters: ClassVar[Mapping[str, str]] = {}
    parameter_fields: ClassVar[Mapping[str, str]] = {}
    """The field of each parameter; they differ where a field has an alias."""

    def __init_subclass__(
        cls,
        *,
        name: str = "",
        aliases: Iterable[str] = (),
        builds: str = "",
        examples: Iterable[str] = (),
        also_known_as: Iterable[str] = (),
        renamed: Mapping[str, str] | None = None,
        deprecated: str = "",
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if any(isinstance(each, str) for each in (aliases, examples, also_known_as)):
            problem = "aliases, examples and also_known_as are lists, not one text."
            raise PluginError(f"{cls.__name__}: {problem}")
        if not isinstance(deprecated, str):
            problem = "deprecated says what to use in place of it, as a sentence."
            raise PluginError(f"{cls.__name__}: {problem}")
        if name and not _NAME.fullmatch(name):
            raise PluginError(
                f"{cls.__name__}: {name!r} is no name for an initializer. "
                "Use lower-case letters, digits and underscores, a letter first."
            )
        if keyword.iskeyword(name) or name in ("pi", "sqrt"):
            raise PluginError(f"{cls.__name__}: {name!r} means something else in a spec.")
        aliases = tuple(aliases)
        for alias in aliases:
            if not (isinstance(alias, str) and _ALIAS.fullmatch(alias)):
                raise PluginError(
                    f"{cls.__name__}: {alias!r} is no alias for an initializer. "
                    "Use letters, digits and underscores, a letter first."
                )
        if builds and not _BUILDS.fullmatch(builds):
            raise PluginError(f"{cls.__name__}: builds={builds!r} is not 'module:Class'.")
        cls.initializer_name = name
        cls.initializer_aliases = aliases
        cls.initializer_builds = builds or cls.initializer_builds
        cls.initializer_examples = tuple(examples)
        cls.initializer_also_known_as = tuple(also_known_as)
        cls.initializer_deprecated = deprecated
        cls.renamed_parameters = {**cls.renamed_parameters, **(renamed or {})}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        fields = {info.alias or field: field for field, info in cls.model_fields.items()}
        for field in cls.model_fields:
            if field in _OWN_NAMES:
                raise PluginError(
                    f"{cls.__name__}: every config has {field!r} of its own. Name the field "
                    f'otherwise, and let specs say {field}: Field(…, alias="{field}").'
                )
        for name in fields:
            if name in ("type", "class_name"):
                raise PluginError(
                    f"{cls.__name__}: a parameter can't be called {name!r}; "
                    "that key holds the initializer's name."
                )
            if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
                raise PluginError(f"{cls.__name__}: no spec can name a parameter {name!r}.")
        for old, new in cls.renamed_parameters.items():
            if old in fields or new not in fields:
                raise PluginError(
                    f"{cls.__name__}: renamed={{{old!r}: {new!r}}} leads from a name that is gone "
                    "to one of a parameter."
                )
        cls.parameter_fields = fields

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the documentation."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def distribution(self, shape: Shape) -> Distribution | None:
        """Return what the values of a weight of `shape` follow; None where they depend on another.

        A plugin overrides this where it can. Statistics, pictures and tests then know what to
        expect, and draws are the same on every backend.
        """
        return None

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any] | None":
        """Draw a whole weight with NumPy alone, where its values depend on each other.

        A plugin overrides this where `distribution` can't say it, and NumPy can make the values:
        they are then the same on every backend. Take what is random from `initreg.draw`, with the
        `seed` and the `path`; return float64, which is cast to the weight's dtype. It is asked only
        where the initializers that the config holds, if any, can be drawn so, too.
        """
        return None

    def example_shape(self) -> Shape:
        """Return a shape that shows what the values are like, for a sample without a shape."""
        return (64, 32)

    def build(self) -> Any:
        """Make a fresh Keras initializer.

        The default calls what `builds` names with the parameters. Without that, it makes an
        initializer that draws with NumPy. Override it only for what neither can say.
        """
        if self.is_drawn():
            return import_target(PORTABLE)(self)
        if not self.initializer_builds:
            raise PluginError(
                f"{type(self).__name__} says neither what its values are nor what it builds: "
                "override distribution(), draw() or build(), or give builds='module:Class'."
            )
        make = import_target(self.initializer_builds)
        values = self.__dict__
        return make(**{name: _built(values[f]) for name, f in self.parameter_fields.items()})

    def serialize(self) -> dict[str, Any]:
        """Return what Keras writes for this initializer into a model's config, without Keras.

        A plugin that overrides `build` overrides this, too, where it knows the answer. Raises
        `PluginError` where it does not.
        """
        if self.is_drawn():
            return keras_form(
                PORTABLE, {"spec": written(self.spec(), self), "seed": None, "path": ""}
            )
        if type(self).build is not InitializerConfig.build or not self.initializer_builds:
            raise PluginError(
                f"{self.initializer_name} is made by its plugin's code; Keras alone can write it: "
                "keras.initializers.serialize(initreg.resolve(spec))."
            )
        values, fields = self.__dict__, self.parameter_fields
        parameters = {name: self._serialized(f, values[f]) for name, f in fields.items()}
        return keras_form(self.initializer_builds, parameters)

    def _serialized(self, field: str, value: Any) -> Any:
        try:
            return _serialized(value)
        except TypeError:  # a type of the plugin's own: as its schema would write it into JSON
            return self.model_dump(mode="json", include={field})[field]

    def with_seed(self, seed: int) -> Self:
        """Fill the seeds that are left open: `seed` here, derived ones in nested initializers.

        Returns the config itself if no seed is open.
        """
        seed = checked_seed(seed)
        filled: dict[str, Any] = {}
        for name, field in self.parameter_fields.items():
            value = getattr(self, field)
            if name == "seed" and value is None:
                filled[field] = seed
            else:
                seeded = _seeded(value, seed, name)
                if seeded is not value:
                    filled[field] = seeded
        return self.model_copy(update=filled) if filled else self

    def spec(self) -> Spec:
        """Return the shortest spec of this config: named arguments, defaults left out.

        `validate` reads its text back, unless that is longer than a text may be: a `constant` of
        some hundred numbers is better kept as a dict.
        """
        arguments = []
        for name, field in self.parameter_fields.items():
            value = getattr(self, field)
            if not _is_default(value, type(self).model_fields[field]):
                arguments.append(Argument(name, self._written(field, value)))
        return Spec(self.initializer_name, tuple(arguments))

    def _written(self, field: str, value: Any) -> Value:
        try:
            return _plain(value)
        except TypeError:  # a type of the plugin's own: as its schema would write it into JSON
            return _plain(self.model_dump(mode="json", include={field})[field])

    def __str__(self) -> str:
        return str(self.spec())

    @classmethod
    def is_drawn(cls) -> bool:
        """Whether `build` makes an initializer that draws with NumPy, and not a class of Keras's.

        >>> from initreg import validate
        >>> validate("random_normal").is_drawn()
        False
        """
        builds = cls.initializer_builds or cls.build is not InitializerConfig.build
        return says_how(cls) and not builds


def says_how(kind: type[InitializerConfig]) -> bool:
    """Whether a class says what its values follow, or how NumPy makes them."""
    base = InitializerConfig
    return kind.distribution is not base.distribution or kind.draw is not base.draw


_OWN_NAMES = frozenset(dir(InitializerConfig)) - InitializerConfig.model_fields.keys()


def written(spec: Spec, config: InitializerConfig) -> str | dict[str, Any]:
    """Write a config's spec: as text, or as a dict where no text can be so long."""
    text = str(spec)
    if len(text) <= MAX_LENGTH:
        return text
    parameters = config.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"type": spec.name, **parameters}


def _is_default(value: Any, info: FieldInfo) -> bool:
    if info.is_required():
        return False
    default = info.get_default(call_default_factory=True)
    if value == default:
        return True
    try:  # a default may be written as specs, where the value holds configs
        return _plain(value) == _plain(default)
    except TypeError:
        return False


def _built(value: Any) -> Any:
    """Turn a field's value into what a Keras constructor takes."""
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, InitializerConfig):
        return value.build()
    if isinstance(value, tuple | list):  # Keras writes lists into its own configs
        return [_built(item) for item in value]
    if isinstance(value, dict):
        return {key: _built(item) for key, item in value.items()}
    return value


def _serialized(value: Any) -> Any:
    """Turn a field's value into what JSON can say; `TypeError` where it is of another type."""
    match value:
        case InitializerConfig():
            return value.serialize()
        case list() | tuple():
            return [_serialized(item) for item in value]
        case dict():
            return {str(key): _serialized(item) for key, item in value.items()}
    return _plain(value)


def _seeded(value: Any, seed: int, *path: str | int) -> Any:
    if isinstance(value, InitializerConfig):
        return value.with_seed(derive_seed(seed, *path))
    if isinstance(value, tuple | list):
        items = [_seeded(item, seed, *path, index) for index, item in enumerate(value)]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            if hasattr(value, "_make"):  # a named tuple stays one
                return value._make(items)
            return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        seeded = {key: _seeded(item, seed, *path, str(key)) for key, item in value.items()}
        if any(seeded[key] is not item for key, item in value.items()):
            return seeded
    return value


def held_by(value: Any) -> Iterator[InitializerConfig]:
    """Yield the initializers that a config holds in its parameters, not those in them."""
    if isinstance(value, InitializerConfig):
        value = [getattr(value, field) for field in value.parameter_fields.values()]
    elif isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if isinstance(item, InitializerConfig):
            yield item
        else:
            yield from held_by(item)


def _plain(value: Any) -> Value:
    """Turn a field's value into one of a spec; `TypeError` where it is of another type."""
    match value:
        case None | bool():
            return value
        case int() | float() | str():  # the plain number or text, also of an enum or a NumPy scalar
            base = next(kind for kind in (int, float, str) if isinstance(value, kind))
            return value if type(value) is base else base(getattr(value, "value", value))
        case InitializerConfig():
            nested = value.spec()
            # A lone name is a bare word, which the nested field reads; a dotted one needs its ().
            return nested if nested.arguments or "." in nested.name else nested.name
        case list() | tuple():
            return tuple([_plain(item) for item in value])
        case dict():
            return Pairs((str(key), _plain(item)) for key, item in value.items())
    raise TypeError(f"no value of a spec: {type(value).__name__}")
