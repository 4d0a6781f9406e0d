"""What a plugin has replaced still resolves, with a warning that says what to write."""

import jsonschema
import pytest
from pydantic import Field

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

    def distribution(self, shape):
        return Normal(self.mean, self.stddev)


class Needed(Spread, name="needed"):
    """Draw from a normal distribution, of a spread that has to be said."""

    stddev: NonNegative = Field()


class Old(InitializerConfig, name="old_spread", deprecated="Use spread."):
    """Draw from a normal distribution, as before."""

    stddev: NonNegative = 1.0


class Holder(InitializerConfig, name="holder"):
    """Hold another."""

    base: InitializerField


REGISTRY = Registry()
for each in (Spread, Needed, Old, Holder):
    REGISTRY.add(each)


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
    assert [str(each.message) for each in caught] == [
        "spread(std=0.25): 'std' is called 'stddev' now. Write spread(stddev=0.25)."
    ]


def test_a_nested_spec_is_warned_of_too():
    with pytest.warns(InitregWarning, match="'std' is called 'stddev' now"):
        assert REGISTRY.validate("holder(spread(std=0.75))").base == Spread(stddev=0.75)


def test_a_deprecated_initializer_says_what_to_use():
    with pytest.warns(InitregWarning) as caught:
        assert REGISTRY.validate("old_spread(stddev=2)") == Old(stddev=2)
    assert [str(each.message) for each in caught] == [
        "old_spread(stddev=2): It is deprecated. Use spread."
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("spec", ["spread", "spread(0, 1)", "spread(stddev=0.5)"])
def test_the_new_name_is_not_warned_of(spec):
    REGISTRY.validate(spec)


def test_the_old_name_and_the_new_one_do_not_go_together():
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


def test_a_wrong_value_is_shown_where_it_stands():
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
