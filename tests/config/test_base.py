"""A config class is schema, documentation and recipe. Configs are frozen, hashable and short."""

import enum
import pickle
from decimal import Decimal

import numpy as np
import pytest
from pydantic import Field, ValidationError

from initreg import (
    Axes,
    Fans,
    InitializerConfig,
    Normal,
    Number,
    PluginError,
    Registry,
    Seed,
    validate,
)
from initreg.config.targets import import_target


class Size(enum.IntEnum):
    SMALL = 1


class Shade(str, enum.Enum):  # noqa: UP042 - an enum of the older kind prints another way
    RED = "red"


class Rich(InitializerConfig, name="rich", aliases=["r"], builds="builtins:dict"):
    """Have parameters of many types.

    The rest of the documentation.
    """

    gain: Number = 1.0
    axes: Axes = None
    size: Size | None = None
    shade: Shade | None = None
    table: dict[str, int] = Field(default_factory=dict)
    price: Decimal | None = None
    late: int = Field(0, alias="lambda_")
    seed: Seed = None

    def distribution(self, shape, fans):
        return Normal(0.0, self.gain)


@pytest.fixture
def rich():
    registry = Registry()
    registry.add(Rich)
    return registry.validate


@pytest.mark.parametrize(
    "text",
    [
        "rich",
        "rich(gain=2)",
        "rich(axes=[0, -1])",
        "rich(size=1)",
        "rich(shade=red)",
        "rich(table={a: 1, 'b c': 2})",
        "rich(price='0.10')",
        "rich(lambda_=3)",
        "rich(gain=1e-5, seed=7)",
    ],
)
def test_the_text_of_a_config_is_a_spec_for_it(rich, text):
    config = rich(text)
    assert str(config) == text
    assert rich(str(config)) == config
    assert config.spec().source is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"gain": np.float64(2)},
        {"gain": np.float32(2)},
        {"gain": np.int16(2)},
        {"gain": np.array(2.0)},
        {"gain": "2"},
        {"gain": 2},
        {"gain": Decimal(2)},
    ],
    ids=lambda parameters: type(parameters["gain"]).__name__,
)
def test_numbers_of_any_type_are_numbers(parameters):
    config = validate({"type": "orthogonal", **parameters})
    assert str(config) == "orthogonal(gain=2)"
    assert config == validate("orthogonal(2.0)")
    assert hash(config) == hash(validate("orthogonal(2.0)"))


def test_the_class_says_what_it_is():
    assert (Rich.initializer_name, Rich.initializer_aliases) == ("rich", ("r",))
    assert Rich.summary() == "Have parameters of many types."
    assert list(Rich.parameter_fields) == [
        *("gain", "axes", "size", "shade", "table", "price", "lambda_", "seed")
    ]


class Base(InitializerConfig):
    gain: float = 1.0


class Derived(Base, name="derived", builds="builtins:dict"):
    bias: float = 0.0


def test_a_class_without_a_name_is_a_base():
    assert Base.initializer_name == ""
    assert Base.summary() == ""
    assert list(Derived.parameter_fields) == ["gain", "bias"]
    registry = Registry()
    with pytest.raises(PluginError) as caught:
        registry.add(Base)
    assert str(caught.value) == "Base has no name: give the class name='…'."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Bad"}, "'Bad' is not a valid name for an initializer. Use lower-case letters, "),
        ({"name": "9"}, "'9' is not a valid name for an initializer."),
        ({"name": "a-b"}, "'a-b' is not a valid name for an initializer."),
        ({"name": "a.b"}, "'a.b' is not a valid name for an initializer."),
        ({"name": "é"}, "'é' is not a valid name for an initializer."),
        ({"name": "a\n"}, "is not a valid name for an initializer."),
        ({"name": "a", "builds": "keras"}, "builds must be 'module:Class', not 'keras'."),
        ({"name": "a", "builds": "a:b c"}, "builds must be 'module:Class', not 'a:b c'."),
        (
            {"name": "a", "aliases": "bcd"},
            "aliases, examples and also_known_as must be lists, not text.",
        ),
        (
            {"name": "a", "deprecated": True},
            "deprecated must be a sentence that says what to use, not True.",
        ),
        ({"name": "a", "also_known_as": "torch.a_"}, "also_known_as must be lists, not text."),
        (
            {"name": "a", "renamed": {"b": "c"}},
            "renamed={'b': 'c'} must map a name that is no longer a parameter to one that is.",
        ),
        (
            {"name": "a", "examples": "a()"},
            "aliases, examples and also_known_as must be lists, not text.",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_class_statement_is_rejected(options, message):
    with pytest.raises(PluginError) as caught:
        type(InitializerConfig)("Broken", (InitializerConfig,), {}, **options)
    assert str(caught.value).startswith("Broken: ")
    assert message in str(caught.value)


def test_a_parameter_cannot_be_called_type():
    with pytest.raises(PluginError) as caught:

        class Broken(InitializerConfig, name="broken"):
            type: str = ""

    assert str(caught.value) == (
        "Broken: a parameter can't be called 'type', "
        "because that key holds the name of the initializer."
    )


def test_a_config_is_frozen_and_closed():
    config = validate("random_normal")
    with pytest.raises(ValidationError, match="frozen"):
        config.mean = 1.0
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(config)(nothing=1)
    with pytest.raises(ValidationError, match="finite"):
        type(config)(mean=float("nan"))


def test_configs_are_equal_by_class_and_values():
    assert validate("random_normal") == validate("random_normal(0.0, 0.05, None)")
    assert validate("random_normal") != validate("truncated_normal")
    assert len({validate("zeros"), validate("zero"), validate("ones")}) == 2
    assert validate("random_normal(seed=1)") == validate("normal").model_copy(update={"seed": 1})


@pytest.mark.parametrize(
    "text", ["random_normal(1, 2, 3)", "constant([[1, 2], [3, 4]])", "stft(window=[1, 2])"]
)
def test_configs_can_be_hashed_and_pickled(text):
    config = validate(text)
    assert hash(config) == hash(validate(text))
    assert pickle.loads(pickle.dumps(config)) == config


def test_an_open_seed_is_filled():
    config = validate("random_normal(stddev=2)")
    assert config.with_seed(7) == validate("random_normal(stddev=2, seed=7)")
    assert config.with_seed(7).with_seed(8).seed == 7
    assert config.seed is None
    assert validate("random_normal(seed=0)").with_seed(7).seed == 0
    zeros = validate("zeros")
    assert zeros.with_seed(7) is zeros


def test_build_calls_what_builds_names(rich):
    built = rich("rich(2, [0], table={a: 1}, lambda_=3)").build()
    assert built == {
        "gain": 2.0,
        "axes": [0],
        "size": None,
        "shade": None,
        "table": {"a": 1},
        "price": None,
        "lambda_": 3,
        "seed": None,
    }


def test_a_config_that_defines_neither_values_nor_a_class_is_explained():
    class Mute(InitializerConfig, name="mute"):
        pass

    with pytest.raises(PluginError) as caught:
        Mute().build()
    assert str(caught.value) == (
        "Mute defines neither its values nor what it builds: "
        "override distribution(), draw() or build(), or give builds='module:Class'."
    )
    assert Mute().distribution((2, 2), Fans(2, 2)) is None


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:X", "builds='no_such_module:X' can't be imported: No module named "),
        ("math:no_such", "builds='math:no_such' can't be imported: module 'math' has no "),
        ("math:pi", "builds='math:pi' is not a class: it can't be called."),
    ],
)
def test_a_target_that_cannot_be_imported_is_explained(target, message):
    with pytest.raises(PluginError) as caught:
        import_target(target)
    assert str(caught.value).startswith(message)


def test_a_target_may_be_nested():
    assert import_target("enum:Enum.__call__")


@pytest.mark.parametrize("name", ["lambda", "and", "sqrt", "pi"])
def test_a_name_with_another_meaning_in_specs_is_rejected(name):
    with pytest.raises(PluginError, match=f"{name!r} means something else in a spec"):
        type("Mute", (InitializerConfig,), {}, name=name)


@pytest.mark.parametrize("name", ["class_name", "lambda", "std-dev", "größe"])
def test_a_parameter_that_no_spec_can_name_is_rejected(name):
    with pytest.raises(PluginError, match=f"parameter.*{name!r}"):

        class Mute(InitializerConfig, name="mute"):
            value: float = Field(0.0, alias=name)


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")  # from Pydantic
@pytest.mark.parametrize("name", ["spec", "build", "distribution", "serialize", "copy"])
def test_a_field_cannot_hide_an_attribute_of_every_config(name):
    with pytest.raises(
        PluginError, match=f"a field can't be called {name!r}, because every config has"
    ):
        type(
            "Hiding",
            (InitializerConfig,),
            {"__annotations__": {name: float}, name: 0.0},
            name="hiding",
        )


@pytest.mark.parametrize(
    ("name", "method", "signature"),
    [
        ("distribution", lambda self, shape: None, "distribution(self, shape, fans)"),
        (
            "draw",
            lambda self, shape, seed, path="": None,
            "draw(self, shape, fans, seed, path)",
        ),
    ],
)
def test_a_method_without_fans_is_rejected_with_its_signature(name, method, signature):
    with pytest.raises(PluginError) as caught:
        type("Old", (InitializerConfig,), {name: method}, name="old")
    assert str(caught.value) == (
        f"Old: define {signature}; fans has the fan_in and the fan_out of the weight."
    )


def test_a_method_may_collect_its_arguments():
    type("Any", (InitializerConfig,), {"draw": lambda self, *_, **__: None}, name="any")
