"""Specs become Keras's own dicts, and come back, in a config of any shape."""

import copy
import enum
import sys
from array import array
from collections import UserList
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    Number,
    collapse,
    expand,
    parse,
    validate,
)
from tests.support.keras_forms import HE, UNIFORM, ZEROS, of_keras

PLACES = [
    lambda spec: {"kernel_initializer": spec},
    lambda spec: {"layers": [{"init": spec}, {"units": 1}]},
    lambda spec: {"a": {"initializer": [spec, spec]}},
    lambda spec: [{"bias_initializer": spec}],
    lambda spec: spec,
]


# Data ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("spec", "expanded", "text"),
    [
        ("he_normal(seed=1)", HE, "he_normal(seed=1)"),
        ("HeNormal( 1 )", HE, "he_normal(seed=1)"),
        ({"type": "kaiming_normal", "seed": 1}, HE, "he_normal(seed=1)"),
        ({"class_name": "HeNormal", "config": {"seed": 1}}, HE, "he_normal(seed=1)"),
        (parse("he_normal(1)"), HE, "he_normal(seed=1)"),
        (validate("he_normal(1)"), HE, "he_normal(seed=1)"),
        ("zeros", ZEROS, "zeros"),
        ("random_uniform(-1, 1e-5)", UNIFORM, "random_uniform(minval=-1, maxval=1e-5)"),
        ("identity", of_keras("Identity"), "identity"),
        ("identity(2)", of_keras("Identity", gain=2.0), "identity(gain=2)"),
        ("constant([1, 2])", of_keras("Constant", value=[1.0, 2.0]), "constant(value=[1, 2])"),
    ],
    ids=str,
)
def test_a_spec_is_rewritten_in_each_place(place, spec, expanded, text):
    assert expand(place(spec)) == place(expanded)
    assert collapse(place(expanded)) == place(text)
    assert expand(place(expanded)) == place(expanded)
    assert collapse(place(text)) == place(text)


UNCHANGED = [
    {"kernel_initializer": None},
    {"kernel_initializer": "${defaults.kernel}"},
    {"init": True, "mode": "he_normal"},
    {"activation": "relu", "dtype": {"module": "keras", "class_name": "DTypePolicy"}},
    {"type": "model", "layers": []},
    {"class_name": "HeNormal", "units": 1},
    # From Keras: a custom class, a function, an instance that layers share, and values that no
    # spec has.
    {"kernel_initializer": {"class_name": "Mine", "config": {"a": 1}}},
    {
        "kernel_initializer": {
            "module": None,
            "class_name": "Mine",
            "config": {},
            "registered_name": "acme>Mine",
        }
    },
    {
        "kernel_initializer": {
            "module": "builtins",
            "class_name": "function",
            "config": "ours",
            "registered_name": "function",
        }
    },
    {"kernel_initializer": {"class_name": "__lambda__", "config": {"value": {"code": "4wE="}}}},
    {"kernel_initializer": {**HE, "shared_object_id": 140}},
    {"kernel_initializer": of_keras("RandomNormal", seed={"class_name": "SeedGenerator"})},
    {"kernel_initializer": of_keras("RandomNormal", mean=0.0, stddev=-1.0, seed=None)},
    {"kernel_initializer": of_keras("RandomNormal", stddev="0.05")},
    {"kernel_initializer": {**HE, "registered_name": "acme>HeNormal"}},
    {"kernel_initializer": {**HE, "module": "tf_keras.initializers"}},
    {"kernel_initializer": {**HE, "module": "keras.src.initializers"}},
    {
        "kernel_initializer": of_keras(
            "Constant",
            value={"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}},
        )
    },
    {"kernel_initializer": of_keras("Constant", value=[0.123456789] * 1000)},
]


@pytest.mark.parametrize("config", UNCHANGED, ids=lambda config: str(config)[:60])
def test_other_values_are_unchanged(config):
    assert expand(config) == config
    assert collapse(config) == config


def test_an_array_of_keras_2_is_expanded_to_a_list():
    array = {"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "float32"}}
    old = {"kernel_initializer": {"class_name": "Constant", "config": {"value": array}}}
    assert collapse(old) == old
    assert expand(old) == {"kernel_initializer": of_keras("Constant", value=[1.0, 2.0])}


def test_keys_can_be_added():
    config = {"weights": "zeros", "first.start": "zeros", "bias": "zeros"}
    expanded = expand(config, keys=["weights", "*.start"])
    assert expanded == {"weights": ZEROS, "first.start": ZEROS, "bias": "zeros"}
    assert collapse(expanded) == config  # dicts from Keras are found by their form


def test_keys_can_be_a_generator():
    assert expand({"w": "zeros"}, keys=(key for key in "w")) == {"w": ZEROS}


class Sizes(NamedTuple):
    first: int
    second: object


class Held(Mapping):
    """A mapping that makes a new value for each access."""

    def __init__(self, **values):
        self.values_ = values

    def __getitem__(self, key):
        value = self.values_[key]
        return Held(**value) if isinstance(value, dict) else value

    def __iter__(self):
        return iter(self.values_)

    def __len__(self):
        return len(self.values_)


class Items(UserList):
    """A sequence that is not a `list`."""


def test_mappings_become_dicts_and_tuples_keep_their_type():
    sizes = Sizes(1, {"init": "zeros"})
    config = {
        "held": Held(a={"kernel_initializer": "zeros"}, b={"kernel_initializer": "zeros"}, c=1),
        "proxy": MappingProxyType({"init": {"type": "zeros"}}),
        "sizes": sizes,
        "shape": (None, 2),
        "many_initializer": ("zeros", ["zeros"]),
        "version": (sys.version_info, [sys.version_info]),
        "numbers": array("d", [1.0]),
        "items": Items(["a", {"init": "zeros"}]),
        3: range(2),
    }
    expanded = expand(config)
    assert expanded == {
        "held": {"a": {"kernel_initializer": ZEROS}, "b": {"kernel_initializer": ZEROS}, "c": 1},
        "proxy": {"init": ZEROS},
        "sizes": Sizes(1, {"init": ZEROS}),
        "shape": (None, 2),
        "many_initializer": (ZEROS, [ZEROS]),
        "version": (sys.version_info, [sys.version_info]),
        "numbers": array("d", [1.0]),
        "items": ["a", {"init": ZEROS}],
        3: range(2),
    }
    assert type(expanded["sizes"]) is Sizes
    assert type(expanded["shape"]) is tuple
    assert sizes[1] == {"init": "zeros"}


def test_shared_containers_stay_shared():
    layer = {"kernel_initializer": "zeros"}
    pair = (layer,)
    spec = {"type": "zeros"}
    config = {"a": layer, "b": [layer], "c": pair, "d": pair, "init": spec, "other": spec}
    expanded = expand(config)
    assert expanded["a"] == {"kernel_initializer": ZEROS}
    assert expanded["a"] is expanded["b"][0] is expanded["c"][0]
    assert expanded["c"] is expanded["d"]
    assert expanded["init"] == ZEROS
    assert expanded["other"] == {"type": "zeros"}


def test_a_shared_dict_from_keras_is_collapsed_in_each_place():
    whole, pair = dict(HE), [dict(ZEROS)]
    config = {"a": whole, "b": [whole, whole], "init": whole, "c": pair, "d": pair}
    text = "he_normal(seed=1)"
    short = collapse(config)
    assert short == {"a": text, "b": [text, text], "init": text, "c": ["zeros"], "d": ["zeros"]}
    assert short["c"] is short["d"]


def test_an_array_is_expanded_and_not_collapsed():
    for array_ in (np.ones(2), np.ones(1), np.float32(0.5), [np.ones(2)]):
        spec = {"class_name": "Constant", "config": {"value": array_}}
        assert collapse({"init": spec})["init"]["config"]["value"] is not None
        value = expand({"init": spec})["init"]["config"]["value"]
        assert value == (np.asarray(array_).tolist())


@pytest.mark.parametrize("rewrite", [expand, collapse])
@pytest.mark.parametrize(
    "config",
    [*UNCHANGED, {"a": [{"init": "zeros"}, {"init": HE}]}],
    ids=lambda config: str(config)[:60],
)
def test_the_original_config_is_not_changed_and_not_shared(rewrite, config):
    before = copy.deepcopy(config)
    new = rewrite(config)
    assert config == before
    for key, value in new.items():
        if isinstance(value, dict | list):
            assert value is not config[key]
            value.clear()
    assert config == before


def configs_that_contain_themselves():
    loop = []
    loop.append(loop)
    config = {"a": {}}
    config["a"]["b"] = [config]
    spec = {"type": "constant"}
    spec["value"] = [spec]
    pair = ([],)
    pair[0].append(pair)
    return [
        (loop, "$[0]"),
        (config, "$.a.b[0]"),
        ({"kernel_initializer": spec}, "$.kernel_initializer.value[0]"),
        ({"x": pair}, "$.x[0][0]"),
    ]


@pytest.mark.parametrize(
    ("config", "path"), configs_that_contain_themselves(), ids=lambda value: str(value)[:30]
)
@pytest.mark.parametrize("rewrite", [expand, collapse])
def test_a_config_that_contains_itself_is_rejected(rewrite, config, path):
    with pytest.raises(ConfigError) as caught:
        rewrite(config)
    assert str(caught.value) == f"{path}: This contains itself. A config must end somewhere."


def test_a_config_that_is_nested_too_deeply_is_rejected():
    config = {"init": "zeros"}
    for _ in range(190):
        config = {"a": config}
    assert collapse(expand(config)) == config
    for _ in range(100_000):
        config = [config]
    with pytest.raises(ConfigError, match="deeper than 200 levels"):
        expand(config)


def test_shared_containers_are_rewritten_once():
    config = {"init": "zeros"}
    for _ in range(100):
        config = {"a": config, "b": config}
    assert collapse(expand(config))["a"]["b"]["a"].keys() == {"a", "b"}


def test_all_faults_are_reported_at_once():
    config = {
        "a": {"kernel_initializer": "he_normal(sed=1)"},
        "layers": (
            {"init": "zeros"},
            {"init": {"type": "random_normal", "stddev": -1, "mean": "a"}},
        ),
        "b_initializer": ["nothing", 3],
    }
    with pytest.raises(ConfigError) as caught:
        expand(config)
    assert [fault.location for fault in caught.value.faults] == [
        "$.a.kernel_initializer.sed",
        "$.layers[1].init.mean",
        "$.layers[1].init.stddev",
        "$.b_initializer[0]",
        "$.b_initializer[1]",
    ]
    assert collapse(config) == config


def test_a_config_with_the_name_of_an_initializer_is_not_a_spec():
    config = {"type": "normal", "layers": [{"init": "zeros"}]}
    assert expand(config) == {"type": "normal", "layers": [{"init": ZEROS}]}
    assert collapse(expand(config)) == config


def test_an_invalid_spec_alone_is_reported():
    with pytest.raises(ConfigError) as caught:
        expand("he_normal(sed=1)")
    assert [fault.location for fault in caught.value.faults] == ["$.sed"]
    with pytest.raises(ConfigError, match="no initializer 'nothing'"):
        expand("nothing")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5).map("x{}".format) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_a_config_without_initializers_is_unchanged(value):
    config = {"config": value}
    for new in (expand(config), collapse(config)):
        assert new == config
        assert repr(new) == repr(config)


# Plugins ------------------------------------------------------------------------------------------


class Kind(enum.Enum):
    SOFT = "soft"


class Unit:
    def __init__(self, value):
        self.value = value


class Typed(InitializerConfig, name="typed", builds="acme.inits:Typed"):
    """An initializer with parameters of many types."""

    kind: Kind = Kind.SOFT
    sizes: frozenset[int] = frozenset([1])
    weights: dict[int, float] = Field({1: 0.5})
    scale: Number = 1.0


class Coded(InitializerConfig, name="coded"):
    """An initializer that code builds."""

    seed: int = 0

    def build(self):
        return None


class Known(Coded, name="known"):
    """An initializer that code builds, and that says what Keras writes for it."""

    def serialize(self):
        name = "acme>Known"
        return {"module": None, "class_name": "Known", "config": {"seed": (self.seed,)}} | {
            "registered_name": name
        }


class Broken(InitializerConfig, name="broken", builds="acme:Broken"):
    """An initializer whose `serialize` fails."""

    gives: str

    def serialize(self):
        return {
            "nothing": None,
            "text": "Broken",
            "half": {"class_name": "Broken"},
            "config": {**ZEROS, "config": "a"},
            "object": {**ZEROS, "config": {"a": object()}},
            "error": {},
        }[self.gives] or 1 / 0


@pytest.fixture
def plugins(registry):
    for config_class in (Typed, Coded, Known, Broken):
        registry.add(config_class)
    return registry


def test_nested_initializers_are_rewritten(plugins):
    config = {"init": "wrap(he_normal(1), many=[zeros(), typed(scale=2)])"}
    expanded = expand(config, registry=plugins)
    assert expanded["init"] == {
        "module": "builtins",
        "class_name": "dict",
        "config": {
            "inner": HE,
            "other": None,
            "many": [
                ZEROS,
                {
                    "module": "acme.inits",
                    "class_name": "Typed",
                    "config": {
                        "kind": "soft",
                        "sizes": [1],
                        "weights": {"1": 0.5},
                        "scale": 2.0,
                    },
                    "registered_name": "Typed",
                },
            ],
            "seed": None,
        },
        "registered_name": "dict",
    }
    assert expand(expanded, registry=plugins) == expanded
    collapsed = collapse(expanded, registry=plugins)
    assert expand(collapsed, registry=plugins) == expanded
    assert collapsed == {
        "init": "wrap(inner=he_normal(seed=1), many=[zeros, typed(scale=2)])",
    }


def test_dicts_of_a_missing_plugin_are_unchanged(plugins):
    expanded = expand({"init": "typed"}, registry=plugins)
    assert collapse(expanded) == expand(expanded) == expanded


def test_an_initializer_that_code_builds_must_serialize_itself(plugins):
    config = {
        "layers": [{"init": "coded(seed=1)"}, {"init": "wrap(zeros(), other=coded())"}],
        "init": "known(seed=2)",
    }
    with pytest.raises(ConfigError) as caught:
        expand(config, registry=plugins)
    assert str(caught.value).splitlines() == [
        "$.layers[0].init: coded is built by its plugin's code, so only Keras can write it: "
        "keras.initializers.serialize(initreg.resolve(spec)).",
        "$.layers[1].init: coded is built by its plugin's code, so only Keras can write it: "
        "keras.initializers.serialize(initreg.resolve(spec)).",
    ]
    assert {fault.code for fault in caught.value.faults} == {"plugin"}
    assert expand({"init": "known(seed=2)"}, registry=plugins)["init"] == {
        "module": None,
        "class_name": "Known",
        "config": {"seed": [2]},
        "registered_name": "acme>Known",
    }


@pytest.mark.parametrize("gives", ["nothing", "text", "half", "config", "object", "error"])
def test_an_error_in_serialize_is_the_plugins(plugins, gives):
    with pytest.raises(ConfigError) as caught:
        expand({"a": {"init": f"broken({gives})"}}, registry=plugins)
    (fault,) = caught.value.faults
    assert fault.location == "$.a.init"
    assert fault.code == "plugin"
    assert fault.message.startswith(f"broken(gives={gives}) can't be serialized: ")
    whole = {"module": "acme", "class_name": "Broken", "config": {"gives": gives}}
    assert collapse({"a": {"init": whole}}, registry=plugins) == {"a": {"init": whole}}


def test_the_value_of_an_initializer_field_is_expanded():
    class Dense(BaseModel):
        kernel_initializer: InitializerField = "zeros"

    assert expand(Dense().model_dump()) == {"kernel_initializer": ZEROS}
