"""Renamed parameters and deprecated initializers still work, and a warning says what to write."""

import warnings
from contextlib import contextmanager

import jsonschema
import pytest
from omegaconf import OmegaConf
from pydantic import BaseModel, Field, TypeAdapter
from pydantic.dataclasses import dataclass

import initreg
from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    InitregWarning,
    NonNegative,
    Normal,
    Registry,
    json_schema,
)


class Spread(InitializerConfig, name="spread", renamed={"std": "stddev", "sd": "stddev"}):
    """Draw from a normal distribution."""

    mean: float = 0.0
    stddev: NonNegative = 1.0

    def distribution(self, shape, fans):
        return Normal(self.mean, self.stddev)


class Needed(Spread, name="needed"):
    """Draw from a normal distribution, of a spread that is required."""

    stddev: NonNegative = Field()


class Old(InitializerConfig, name="old_spread", deprecated="Use spread."):
    """Draw from a normal distribution, as before."""

    stddev: NonNegative = 1.0


class Holder(InitializerConfig, name="holder"):
    """Hold another."""

    base: InitializerField


REGISTRY = Registry()
for config_class in (Spread, Needed, Old, Holder):
    REGISTRY.add(config_class)


class Layer(BaseModel):
    """Hold an initializer, beside other fields."""

    units: int = 1
    kernel: InitializerField | None = None


@dataclass
class Block:
    """Hold an initializer."""

    kernel: InitializerField


@contextmanager
def all_warnings():
    """Record every warning, including repeated ones."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.fixture
def as_default():
    """Make the registry of these tests the default one."""
    with REGISTRY.using():
        yield


@pytest.mark.parametrize(
    "spec",
    [
        "spread(std=0.5)",
        "spread(sd=0.5)",
        {"type": "spread", "std": 0.5},
        {"class_name": "spread", "config": {"sd": 0.5}},
        initreg.parse("spread(0, std=0.5)"),
    ],
    ids=str,
)
def test_the_old_name_of_a_parameter_still_resolves(spec):
    with pytest.warns(InitregWarning, match=r"is called 'stddev' now. Write spread\(stddev=0.5\)"):
        assert REGISTRY.validate(spec) == Spread(stddev=0.5)


def test_the_warning_names_the_spec():
    with pytest.warns(InitregWarning) as caught:
        REGISTRY.validate({"type": "spread", "std": 0.25})
    assert [str(warning.message) for warning in caught] == [
        "spread(std=0.25): 'std' is called 'stddev' now. Write spread(stddev=0.25)."
    ]


def test_a_nested_spec_warns_too():
    with pytest.warns(InitregWarning, match="'std' is called 'stddev' now"):
        assert REGISTRY.validate("holder(spread(std=0.75))").base == Spread(stddev=0.75)


def test_a_deprecated_initializer_says_what_to_use():
    with pytest.warns(InitregWarning) as caught:
        assert REGISTRY.validate("old_spread(stddev=2)") == Old(stddev=2)
    assert [str(warning.message) for warning in caught] == [
        "old_spread(stddev=2): It is deprecated. Use spread."
    ]


# Each use of a spec, at the line of the code that uses it -----------------------------------------

MESSAGE = "spread(std=0.5): 'std' is called 'stddev' now. Write spread(stddev=0.5)."
USES = {
    "Registry.validate": REGISTRY.validate,
    "Registry.resolve": REGISTRY.resolve,
    "Registry.describe": REGISTRY.describe,
    "validate": initreg.validate,
    "resolve": initreg.resolve,
    "resolve, portable": lambda spec: initreg.resolve(spec, portable=True),
    "draw": lambda spec: initreg.draw(spec, (2,), seed=1),
    "sample": lambda spec: initreg.sample(spec, (2,)),
    "read_rules": lambda spec: initreg.read_rules([{"match": ".", "init": spec}]),
    "a model": lambda spec: Layer(kernel=spec),
    "a model, from a dict": lambda spec: Layer.model_validate({"kernel": spec}),
    "a dataclass": lambda spec: Block(spec),
    "a type adapter": lambda spec: TypeAdapter(InitializerField).validate_python(spec),
}


@pytest.mark.usefixtures("as_default")
@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(
    "spec", ["spread(std=0.5)", {"type": "spread", "std": 0.5}], ids=["text", "dict"]
)
def test_each_use_warns_at_the_line_of_the_user(use, spec):
    with all_warnings() as caught:
        for _ in range(3):
            use(spec)
    assert [str(warning.message) for warning in caught] == [MESSAGE] * 3
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        ("holder(spread(std=0.5))", "holder(spread(std=0.5)): 'std' is called 'stddev' now."),
        ({"type": "holder", "base": {"type": "spread", "std": 0.5}}, MESSAGE),
    ],
    ids=["text", "dict"],
)
def test_each_use_of_a_nested_spec_warns(spec, start):
    with all_warnings() as caught:
        for _ in range(3):
            REGISTRY.validate(spec)
    assert [str(warning.message).startswith(start) for warning in caught] == [True] * 3
    assert {warning.filename for warning in caught} == {__file__}


def test_python_shows_a_warning_once_for_each_line_by_default():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            REGISTRY.validate("spread(std=0.5)")
        REGISTRY.validate("spread(std=0.5)")
    first, second = (warning.lineno for warning in caught)
    assert second == first + 1


def test_a_resolver_of_omegaconf_warns_at_the_line_of_the_user(as_default):
    initreg.register_omegaconf_resolver(replace=True)
    config = OmegaConf.create({"kernel": "${init:'spread(std=0.5)'}"})
    with all_warnings() as caught:
        assert config.kernel
    assert [(str(w.message), w.filename) for w in caught] == [(MESSAGE, __file__)]


def test_a_default_of_a_model_warns_at_its_class(as_default):
    with all_warnings() as caught:

        class Model(BaseModel):
            kernel: InitializerField = "spread(std=0.5)"

    assert {(str(w.message), w.filename) for w in caught} == {(MESSAGE, __file__)}


def test_an_invalid_spec_does_not_warn():
    with all_warnings() as caught:
        for _ in range(2):
            with pytest.raises(ConfigError):
                REGISTRY.validate("holder(spread(std=0.5), extra=1)")
    assert caught == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spec", ["spread", "spread(0, 1)", "spread(stddev=0.5)"])
def test_the_new_name_does_not_warn(spec):
    REGISTRY.validate(spec)


def test_the_old_name_and_the_new_one_together_are_an_error():
    with pytest.raises(ConfigError) as caught:
        REGISTRY.validate("spread(stddev=1, std=0.5)")
    assert str(caught.value) == (
        "The parameter 'std' is given twice, first as 'stddev'.\n"
        "    spread(stddev=1, std=0.5)\n"
        "                     ^^^^^^^"
    )
    with pytest.raises(ConfigError) as caught:
        REGISTRY.validate({"class_name": "spread", "config": {"std": 1, "sd": 2}})
    assert caught.value.faults[0].location == "$.config.sd"


def test_a_wrong_value_is_reported_under_the_name_that_was_written():
    with pytest.raises(ConfigError) as caught:
        REGISTRY.validate("spread(std=-1)")
    assert str(caught.value) == (
        "stddev must be 0 or more, not -1.\n    spread(std=-1)\n               ^^"
    )
    with pytest.raises(ConfigError) as caught:
        REGISTRY.validate({"type": "spread", "std": -1})
    assert caught.value.faults[0].location == "$.std"


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"type": "spread", "std": 0.5}, True),
        ({"type": "spread", "std": -0.5}, False),
        ({"type": "spread", "std": 0.5, "stddev": 0.5}, False),
        ({"type": "spread", "std": 0.5, "sd": 0.5}, False),
        ({"type": "needed", "std": 0.5}, True),
        ({"type": "needed", "stddev": 0.5}, True),
        ({"type": "needed"}, False),
        ({"type": "needed", "std": 0.5, "stddev": 0.5}, False),
        ({"class_name": "needed", "config": {"sd": 0.5}}, True),
        ({"type": "spread", "variance": 0.5}, False),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::initreg.InitregWarning")
def test_the_json_schema_agrees(value, fits):
    schema = json_schema(registry=REGISTRY)
    assert jsonschema.Draft202012Validator(schema).is_valid(value) == fits
    try:
        REGISTRY.validate(value)
    except ConfigError:
        assert not fits
    else:
        assert fits
    assert schema["$defs"]["spread"]["properties"]["std"]["deprecated"]
    assert schema["$defs"]["old_spread"]["deprecated"]
