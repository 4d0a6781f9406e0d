"""`InitializerConfig`: the schema, the documentation and the recipe of an initializer, in one."""

# A little over 300 lines: the class and the functions that write its values call each other.

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeGuard, TypeVar, cast

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from initreg.config import class_checks
from initreg.config.targets import PORTABLE, import_target, keras_form
from initreg.config.values import (
    json_container,
    leaves,
    map_leaves,
    plain_scalar,
    spec_container,
)
from initreg.draws.distributions import Distribution
from initreg.draws.fans import Fans
from initreg.draws.seeds import checked_seed, derive_seed
from initreg.draws.shapes import Shape
from initreg.errors import PluginError
from initreg.public import public
from initreg.spec.grammar import MAX_LENGTH
from initreg.spec.spec import Argument, Spec, Value

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


@public
class InitializerConfig(BaseModel):
    """A validated description of an initializer. Each subclass is one initializer.

    >>> class Scaled(InitializerConfig, name="scaled_ones", builds="keras.initializers:Constant"):
    ...     '''Set every value to one number.'''
    ...     value: float = 1.0
    >>> print(Scaled(value=0.5))
    scaled_ones(value=0.5)

    The fields are the parameters. The class statement takes

    - `name`, the canonical name: lower case, digits and underscores;
    - `aliases`, other names for use in specs;
    - `builds`, ``"module:Class"`` of the Keras initializer, imported only by `build`; not needed if
      the class overrides `distribution` or `draw`;
    - `examples`, specs that are shown and tested;
    - `also_known_as`, the names other libraries use, such as ``"torch.nn.init.normal_"``: they are
      listed, and an error for one points to this initializer;
    - `renamed`, old names of parameters, mapped to the new ones: specs may still use them;
    - `deprecated`, a sentence that says what to use instead of this initializer.

    Using a renamed parameter or a deprecated initializer emits `InitregWarning`. A class without a
    name is a base class for others. Raises `PluginError` if the class statement is invalid.
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
    fills_blocks: ClassVar[bool] = False
    """True if the parameters say what each gate of a recurrent layer gets, as in `per_gate`."""
    parameter_fields: ClassVar[Mapping[str, str]] = {}
    """The field of each parameter. The two names differ if the field has an alias."""

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
        owner = cls.__name__
        class_checks.check_lists(
            owner, aliases=aliases, examples=examples, also_known_as=also_known_as
        )
        class_checks.check_deprecated(owner, deprecated)
        if name:
            class_checks.check_name(owner, name)
        aliases = tuple(aliases)
        class_checks.check_aliases(owner, aliases)
        if builds:
            class_checks.check_builds(owner, builds)
        cls.initializer_name = name
        cls.initializer_aliases = aliases
        cls.initializer_builds = builds or cls.initializer_builds
        cls.initializer_examples = tuple(examples)
        cls.initializer_also_known_as = tuple(also_known_as)
        cls.initializer_deprecated = deprecated
        cls.renamed_parameters = {**cls.renamed_parameters, **(renamed or {})}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        parameters = {info.alias or field: field for field, info in cls.model_fields.items()}
        class_checks.check_fields(cls.__name__, cls.model_fields, _OWN_NAMES)
        class_checks.check_methods(cls)
        class_checks.check_parameters(cls.__name__, parameters)
        class_checks.check_renamed(cls.__name__, cls.renamed_parameters, parameters)
        cls.parameter_fields = parameters

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the documentation."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def distribution(self, shape: Shape, fans: Fans) -> Distribution | None:
        """Return the distribution of each value of a weight of `shape`.

        `fans` has the `fan_in` and `fan_out` of the weight. They are Keras's counts, unless a rule
        or a layer says what the weight does; the `layout` then says which axes it sums over.

        A plugin overrides this if the values are independent of each other. Statistics, pictures
        and tests then know what to expect, and draws are the same on every backend. None means that
        no distribution describes the values.
        """
        return None

    def draw(
        self, shape: Shape, fans: Fans, seed: int, path: str = ""
    ) -> "np.ndarray[Any, Any] | None":
        """Draw a whole weight with NumPy.

        A plugin overrides this if the values aren't independent, so `distribution` can't describe
        them. Draws are then the same on every backend. Take random values from `initreg.draw`, with
        the `seed` and the `path`, and with the `fans` if the config holds other initializers. It
        is called only if those can be drawn with NumPy, too. Return float64; it is cast to the
        dtype of the weight.
        """
        return None

    def example_shape(self) -> Shape:
        """Return a shape that shows what the values are like, for a sample without a shape."""
        return (64, 32)

    def build(self) -> Any:
        """Make a fresh Keras initializer.

        The default calls the class in `builds` with the parameters. Without `builds`, it makes
        initreg's own initializer, which draws with NumPy. Override this only if neither is enough.
        """
        if self.is_drawn():
            return import_target(PORTABLE)(self)
        if not self.initializer_builds:
            raise PluginError(
                f"{type(self).__name__} defines neither its values nor what it builds: "
                "override distribution(), draw() or build(), or give builds='module:Class'."
            )
        make = import_target(self.initializer_builds)
        values = self.__dict__
        return make(**{name: _built(values[f]) for name, f in self.parameter_fields.items()})

    def serialize(self) -> dict[str, Any]:
        """Return the dict that Keras writes for this initializer, without importing Keras.

        A plugin that overrides `build` should override this as well. Otherwise it raises
        `PluginError`.
        """
        if self.is_drawn():
            return keras_form(
                PORTABLE, {"spec": written(self.spec(), self), "seed": None, "path": ""}
            )
        if overrides(type(self), "build") or not self.initializer_builds:
            raise PluginError(
                f"{self.initializer_name} is built by its plugin's code, so only Keras can write "
                "it: keras.initializers.serialize(initreg.resolve(spec))."
            )
        parameters = {
            name: _written(self, field, _serialized)
            for name, field in self.parameter_fields.items()
        }
        return keras_form(self.initializer_builds, parameters)

    def with_seed(self, seed: int) -> Self:
        """Fill the open seeds: `seed` here, and seeds derived from it in nested initializers.

        Returns the config itself if no seed is open.
        """
        seed = checked_seed(seed)

        def seeded(leaf: Any, path: tuple[str | int, ...]) -> Any:
            return leaf.with_seed(derive_seed(seed, *path)) if is_config(leaf) else leaf

        filled: dict[str, Any] = {}
        for name, field in self.parameter_fields.items():
            value = getattr(self, field)
            is_open = name == "seed" and value is None
            new = seed if is_open else map_leaves(value, seeded, (name,))
            if new is not value:
                filled[field] = new
        return self.model_copy(update=filled) if filled else self

    def spec(self) -> Spec:
        """Return the shortest spec of this config: named arguments, without the defaults.

        `validate` reads its text back, unless the text is too long for a spec. Keep a `constant`
        of some hundred numbers as a dict.
        """
        return spec_of(self)

    def __str__(self) -> str:
        return str(self.spec())

    @classmethod
    def is_drawn(cls) -> bool:
        """Return True if `build` makes initreg's own initializer, which draws with NumPy.

        Otherwise it makes a Keras class.

        >>> from initreg import validate
        >>> validate("random_normal").is_drawn()
        False
        """
        has_values = overrides(cls, "distribution") or overrides(cls, "draw")
        return has_values and not cls.initializer_builds and not overrides(cls, "build")


_OWN_NAMES = frozenset(dir(InitializerConfig)) - InitializerConfig.model_fields.keys()


def overrides(config_class: type[InitializerConfig], method: str) -> bool:
    """Return True if a config class replaces this method of `InitializerConfig`."""
    return getattr(config_class, method) is not getattr(InitializerConfig, method)


def is_config(value: object) -> TypeGuard[InitializerConfig]:
    """Return True for a config. Quick for plain values: Pydantic's own isinstance is slow."""
    return not isinstance(value, _PLAIN) and isinstance(value, InitializerConfig)


def nested_configs(config: InitializerConfig) -> list[InitializerConfig]:
    """List the configs nested directly in a config's parameters."""
    values = [getattr(config, field) for field in config.parameter_fields.values()]
    return [leaf for leaf in leaves(values) if is_config(leaf)]


# Specs of configs ---------------------------------------------------------------------------------


def _own_name(config: InitializerConfig) -> str:
    return config.initializer_name


def spec_of(
    config: InitializerConfig, name_of: Callable[[InitializerConfig], str] = _own_name
) -> Spec:
    """Return the shortest spec of a config. `name_of` names it, and each config nested in it."""
    arguments = tuple(
        Argument(name, _written(config, field, lambda value: _plain(value, name_of)))
        for name, field in config.parameter_fields.items()
        if not _is_default(getattr(config, field), type(config).model_fields[field])
    )
    return Spec(name_of(config), arguments)


def written(spec: Spec, config: InitializerConfig) -> str | dict[str, Any]:
    """Return the config as text, or as a dict if the text would be longer than `MAX_LENGTH`."""
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
    try:  # the value may hold configs where the default holds their specs
        return _plain(value, _own_name) == _plain(default, _own_name)
    except TypeError:
        return False


# Values of parameters -----------------------------------------------------------------------------

_PLAIN = (int, float, str, type(None))


def _written(config: InitializerConfig, field: str, write: Callable[[Any], T]) -> T:
    """Write the value of a field. A value of the plugin's own type is written as its JSON."""
    try:
        return write(getattr(config, field))
    except TypeError:
        return write(config.model_dump(mode="json", include={field})[field])


def _built(value: Any) -> Any:
    """Turn the value of a field into an argument for a Keras constructor."""
    # Lists, not tuples, because Keras writes them into its own configs.
    return map_leaves(
        value,
        lambda leaf, _: leaf.build() if is_config(leaf) else leaf,
        rebuild=lambda _, items: items,
    )


def _serialized(value: Any) -> Any:
    """Turn the value of a field into JSON. Raises `TypeError` for a type of the plugin's own."""
    return map_leaves(
        value,
        lambda leaf, _: leaf.serialize() if is_config(leaf) else plain_scalar(leaf),
        rebuild=json_container,
    )


def _plain(value: Any, name_of: Callable[[InitializerConfig], str]) -> Value:
    """Turn the value of a field into one of a spec. Raises `TypeError` like `_serialized`."""

    def plain(leaf: Any, _: object) -> Value:
        if not is_config(leaf):
            return plain_scalar(leaf)
        nested = spec_of(leaf, name_of)
        # A lone name is a bare word, which the field reads as a spec. A dotted one needs its ().
        return nested if nested.arguments or "." in nested.name else nested.name

    return cast(Value, map_leaves(value, plain, rebuild=spec_container))
