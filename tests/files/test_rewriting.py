"""Specs to Keras's own dicts and back, in data and in files, without Keras."""

import copy
import enum
import json
import re
import sys
import tomllib
import zipfile
from array import array
from collections import UserList
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from ruamel.yaml import YAML

from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    Number,
    UnreadableError,
    collapse,
    collapse_file,
    expand,
    expand_file,
    parse,
    validate,
)
from tests.support.processes import python


def of_keras(class_name, **config):
    return {
        "module": "keras.initializers",
        "class_name": class_name,
        "config": config,
        "registered_name": None,
    }


HE = of_keras("HeNormal", seed=1, input_axes=None, output_axes=None)
ZEROS = of_keras("Zeros")
UNIFORM = of_keras("RandomUniform", minval=-1.0, maxval=1e-05, seed=None)

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
def test_a_spec_in_its_place(place, spec, expanded, text):
    assert expand(place(spec)) == place(expanded)
    assert collapse(place(expanded)) == place(text)
    assert expand(place(expanded)) == place(expanded)
    assert collapse(place(text)) == place(text)


KEPT = [
    {"kernel_initializer": None},
    {"kernel_initializer": "${defaults.kernel}"},
    {"init": True, "mode": "he_normal"},
    {"activation": "relu", "dtype": {"module": "keras", "class_name": "DTypePolicy"}},
    {"type": "model", "layers": []},
    {"class_name": "HeNormal", "units": 1},
    # Keras wrote these: for someone's class, for a function, for an instance that layers share,
    # with values that no spec has.
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


@pytest.mark.parametrize("config", KEPT, ids=lambda config: str(config)[:60])
def test_what_stays(config):
    assert expand(config) == config
    assert collapse(config) == config


def test_an_array_in_a_text_file_of_before_keras_3_is_written_as_a_list():
    array = {"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "float32"}}
    old = {"kernel_initializer": {"class_name": "Constant", "config": {"value": array}}}
    assert collapse(old) == old
    assert expand(old) == {"kernel_initializer": of_keras("Constant", value=[1.0, 2.0])}


def test_keys_of_ones_own():
    config = {"weights": "zeros", "first.start": "zeros", "bias": "zeros"}
    expanded = expand(config, keys=["weights", "*.start"])
    assert expanded == {"weights": ZEROS, "first.start": ZEROS, "bias": "zeros"}
    assert collapse(expanded) == config  # Keras's dicts tell what they are


def test_keys_are_taken_once_from_a_generator():
    assert expand({"w": "zeros"}, keys=(key for key in "w")) == {"w": ZEROS}


class Sizes(NamedTuple):
    first: int
    second: object


class Held(Mapping):
    """A mapping that makes its values anew, each time it is asked."""

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
    """A list that is no `list`."""


def test_mappings_and_tuples():
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


def test_what_is_shared_stays_shared():
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


def test_what_keras_wrote_in_many_places():
    whole, pair = dict(HE), [dict(ZEROS)]
    config = {"a": whole, "b": [whole, whole], "init": whole, "c": pair, "d": pair}
    text = "he_normal(seed=1)"
    short = collapse(config)
    assert short == {"a": text, "b": [text, text], "init": text, "c": ["zeros"], "d": ["zeros"]}
    assert short["c"] is short["d"]


def test_an_array_is_left_to_keras():
    for array_ in (np.ones(2), np.ones(1), np.float32(0.5), [np.ones(2)]):
        spec = {"class_name": "Constant", "config": {"value": array_}}
        assert collapse({"init": spec})["init"]["config"]["value"] is not None
        value = expand({"init": spec})["init"]["config"]["value"]
        assert value == (np.asarray(array_).tolist())


@pytest.mark.parametrize("rewrite", [expand, collapse])
@pytest.mark.parametrize(
    "config", [*KEPT, {"a": [{"init": "zeros"}, {"init": HE}]}], ids=lambda config: str(config)[:60]
)
def test_the_config_given_is_not_changed_and_not_shared(rewrite, config):
    before = copy.deepcopy(config)
    new = rewrite(config)
    assert config == before
    for key, value in new.items():
        if isinstance(value, dict | list):
            assert value is not config[key]
            value.clear()
    assert config == before


def holds_itself():
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


@pytest.mark.parametrize(("config", "path"), holds_itself(), ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("rewrite", [expand, collapse])
def test_a_config_that_holds_itself(rewrite, config, path):
    with pytest.raises(ConfigError) as caught:
        rewrite(config)
    assert str(caught.value) == f"{path}: This holds itself. A config ends somewhere."


def test_a_config_that_is_too_deep():
    config = {"init": "zeros"}
    for _ in range(190):
        config = {"a": config}
    assert collapse(expand(config)) == config
    for _ in range(100_000):
        config = [config]
    with pytest.raises(ConfigError, match="deeper than 200 levels"):
        expand(config)


def test_shared_data_takes_no_time():
    config = {"init": "zeros"}
    for _ in range(100):
        config = {"a": config, "b": config}
    assert collapse(expand(config))["a"]["b"]["a"].keys() == {"a", "b"}


def test_all_faults_at_once():
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


def test_a_config_that_has_the_name_of_a_spec():
    config = {"type": "normal", "layers": [{"init": "zeros"}]}
    assert expand(config) == {"type": "normal", "layers": [{"init": ZEROS}]}
    assert collapse(expand(config)) == config


def test_a_spec_alone_that_is_wrong():
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
def test_a_config_without_initializers_stays(value):
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
    """Have parameters of many types."""

    kind: Kind = Kind.SOFT
    sizes: frozenset[int] = frozenset([1])
    weights: dict[int, float] = Field({1: 0.5})
    scale: Number = 1.0


class Coded(InitializerConfig, name="coded"):
    """Be made by code."""

    seed: int = 0

    def build(self):
        return None


class Known(Coded, name="known"):
    """Be made by code, and say what Keras writes."""

    def serialize(self):
        name = "acme>Known"
        return {"module": None, "class_name": "Known", "config": {"seed": (self.seed,)}} | {
            "registered_name": name
        }


class Broken(InitializerConfig, name="broken", builds="acme:Broken"):
    """Fail."""

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
    for each in (Typed, Coded, Known, Broken):
        registry.add(each)
    return registry


def test_nested_initializers(plugins):
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


def test_a_plugin_that_nobody_has_here_keeps_its_dicts(plugins):
    expanded = expand({"init": "typed"}, registry=plugins)
    assert collapse(expanded) == expand(expanded) == expanded


def test_a_class_that_code_makes(plugins):
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
def test_a_plugin_that_fails(plugins, gives):
    with pytest.raises(ConfigError) as caught:
        expand({"a": {"init": f"broken({gives})"}}, registry=plugins)
    (fault,) = caught.value.faults
    assert fault.location == "$.a.init"
    assert fault.code == "plugin"
    assert fault.message.startswith(f"broken(gives={gives}) could not be serialized: ")
    whole = {"module": "acme", "class_name": "Broken", "config": {"gives": gives}}
    assert collapse({"a": {"init": whole}}, registry=plugins) == {"a": {"init": whole}}


# Files --------------------------------------------------------------------------------------------


def of_yaml(text):
    return list(YAML(typ="safe", pure=True).load_all(text))


READERS = {
    "yaml": of_yaml,
    "json": lambda text: [json.loads(text)],
    "toml": lambda text: [tomllib.loads(text)],
}


def without_none(data):
    if isinstance(data, dict):
        return {key: without_none(item) for key, item in data.items() if item is not None}
    return [*map(without_none, data)] if isinstance(data, list) else data


def expected(language, data):
    return [*map(without_none, data)] if language == "toml" else data


class Slot(str):
    """A part of a text that is to be replaced."""

    __slots__ = ()


SPECS = [
    "zeros",
    "he_normal(seed=1)",
    "random_uniform(minval=-1, maxval=1e-5)",
    "constant([[1, 2], [3, 4]])",
    {"type": "lecun_normal", "seed": 3},
    {"class_name": "Constant", "config": {"value": 1e-07}},
    HE,
    UNIFORM,
]
quoted = st.sampled_from(SPECS).map(lambda spec: Slot(json.dumps(spec)))
single = st.sampled_from([spec for spec in SPECS if isinstance(spec, str)]).map(
    lambda spec: Slot(f"'{spec}'")
)
bare = st.sampled_from([spec for spec in SPECS if isinstance(spec, str)]).map(Slot)
words = st.sampled_from(["zeros", "he_normal(seed=1)", "zeros\n    ()"]).map(Slot)


def to_toml(value):
    if isinstance(value, dict):
        pairs = (f'"{key}" = {to_toml(v)}' for key, v in value.items() if v is not None)
        return "{" + ", ".join(pairs) + "}"
    return json.dumps(value)


toml_values = st.sampled_from(SPECS).map(lambda spec: Slot(to_toml(spec))) | single

NAMES = ["kernel_initializer", "init", "initializer", "'bias_initializer'"]

# Each fragment is a template: `@` stands for a number of its own, `%` for a value.
BLOCKS = {
    bare | quoted | single: [
        "init_@_initializer: %\n",
        "init_@_initializer:    %    # kept: zeros\n",
        "init_@_initializer:\n  # before\n  %\n\n\n",
        "sec_@:\n    units: 3\n    kernel_initializer:   %\n    # inside\n    n: [1,\n  2]\n",
        "list_@:\n- kernel_initializer: %\n  n: ~\n- - init: %\n",
        "? init_@_initializer\n: % # complex\n",
        "one_@_initializer: &one_@ %\ntwo_@_initializer: *one_@\n",
        "base_@: &base_@\n  init: %\nuse_@: {<<: *base_@, n: 1}\n",
        "two_@_initializer:\n- %\n-   %\n",
    ],
    words | quoted | single: [
        "flow_@: {kernel_initializer: %, n: 1}\n",
        "flow_@: [ {init: %  , bias_initializer: %}, 1 ]\n",
        "many_@_initializer: [%,  %, ]\n",
    ],
    quoted: ['json_@: {"kernel_initializer":%,"n":1}\n'],
    st.sampled_from(
        ["|\n  zeros", ">-\n  he_normal(\n  seed=1)", "|+\n  zeros", "|2-\n  zeros"]
    ).map(Slot): ["block_@_initializer: %\n", "block_@_initializer: %\n\n\n# behind\n"],
    st.sampled_from(
        [
            "\n  class_name: HeNormal\n  config:\n    seed: 1",
            "\n\n    type: constant\n    value:\n    - 1\n    - 2",
            " {class_name: HeNormal,\n   config: {seed: 1}}",
            "\n  module: keras.initializers\n  class_name: Zeros\n  config: {}\n"
            "  registered_name: null",
        ]
    ).map(Slot): ["init_@_initializer:%   # behind\n", "init_@_initializer:%\n# below\n"],
    # What is a default, and what only uses it.
    st.just(Slot("*default_@")): [
        "default_@: &default_@ he_normal(seed=1)\ninit_@_initializer: %\n",
        "default_@: &default_@ {type: he_normal}\nsec_@: {init: % , n: *default_@}\n",
    ],
    st.just(Slot("")): [
        "# a comment: zeros\n",
        "\n",
        "other_@: {a: 'zeros', b: !!seq [1, x]} # kernel_initializer: zeros\n",
        "text_@: |\n  kernel_initializer: zeros\n\n",
        "none_@_initializer:\n",
        "omega_@_initializer: ${x}\n",
        "date_@: 2020-01-01\nnan_@: .nan\n",
        "? [1, 2]\n: 3\n",
    ],
}


@st.composite
def filled(draw, templates, number):
    """Fill a template: outer text and slots, in turns."""
    values, texts = draw(st.sampled_from([*templates.items()]))
    parts = []
    for part in re.split("(%)", draw(st.sampled_from(texts))):
        parts.append(draw(values) if part == "%" else part)
    return [type(part)(part.replace("@", str(number))) for part in parts]


@st.composite
def yaml_texts(draw):
    parts = []
    for document in range(draw(st.integers(1, 2))):
        if document or draw(st.booleans()):
            parts.append("--- # document\n")
        count = draw(st.integers(1, 5))
        for number in range(count):
            fragment = draw(filled(BLOCKS, number))
            if "? [" in fragment[0] and number:
                continue
            parts += fragment
    if draw(st.booleans()):
        parts = [type(part)(part.replace("\n", "\r\n")) for part in parts]
    return parts


OBJECTS = {
    quoted: [
        '"init_@_initializer":%',
        '"init_@_initializer" :\n\t % ',
        '"sec_@": {"n": [1, {"kernel_initializer": %}], "init":%}',
        '"many_@_initializer": [ %,%\n]',
    ],
    st.just(Slot("")): ['"other_@": "\\u00e9 zeros"', '"none_@_initializer": null', '"n_@": 1e5'],
}


@st.composite
def json_texts(draw):
    parts = [draw(st.sampled_from(["{", "\n{\r\n", "{ \t"]))]
    for number in range(draw(st.integers(1, 5))):
        parts += [draw(st.sampled_from([",", ",\n  ", " , "]))] if number else []
        parts += draw(filled(OBJECTS, number))
    return [*parts, draw(st.sampled_from(["}", "\n}\n", " }\r\n\r\n"]))]


TABLES = {
    toml_values: [
        "init_@_initializer = % # kept\n",
        "  sec.a@.kernel_initializer=%\n",
        "sec_@ = { n = 1, init = % , 'bias_initializer' = %}\n",
        "many_@_initializer = [\n  %, # one\n  %,\n]\n",
        "[table_@] # head\n\nkernel_initializer   =   %\n",
        '[[list_@]]\ninit = %\n[[list_@]]\n[list_@."a b"]\ninit = %\n',
    ],
    st.sampled_from(['"""\nzeros"""', "'''he_normal(\nseed=1)'''", '"ze\\u0072os"']).map(Slot): [
        "text_@_initializer = %\n"
    ],
    st.just(Slot("")): [
        "# init = 'zeros'\n",
        "\n",
        "date_@ = 2020-01-01 10:00:00 # a date\nx_@ = [1, [2,\n]]\n",
        "text_@ = '''\ninit = 'zeros'\n'''\n",
    ],
}


@st.composite
def toml_texts(draw):
    parts = []
    for number in range(draw(st.integers(1, 5))):
        parts += draw(filled(TABLES, number))
    if draw(st.booleans()):
        parts = [type(part)(part.replace("\n", "\r\n")) for part in parts]
    return parts


TEXTS = {"yaml": yaml_texts(), "json": json_texts(), "toml": toml_texts()}


def write(folder, language, text):
    path = folder / f"config.{language}"
    path.write_bytes(text.encode())
    return path


def assert_same_outside(parts, text):
    """All that is outside of the slots is the same, to the byte."""
    pattern = "".join("(?s:.*?)" if isinstance(part, Slot) else re.escape(part) for part in parts)
    assert re.fullmatch(pattern, text), text


@pytest.mark.parametrize("language", TEXTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_files(tmp_path, language, data):
    parts = data.draw(TEXTS[language])
    text = "".join(parts)
    read = READERS[language]
    data = shown(read(text))
    path = write(tmp_path, language, text)

    expanded = expand_file(path)
    assert_same_outside(parts, expanded)
    assert shown(read(expanded)) == expected(language, [*map(expand, data)])
    collapsed = collapse_file(path)
    assert_same_outside(parts, collapsed)
    assert shown(read(collapsed)) == expected(language, [*map(collapse, data)])
    assert path.read_bytes() == text.encode()

    write(tmp_path, language, expanded)
    assert expand_file(path) == expanded
    back = collapse_file(path)
    assert_same_outside(parts, back)
    both = [collapse(expand(each)) for each in data]
    assert shown(read(back)) == expected(language, both)


def shown(data):
    """Make tags and NaN comparable."""
    if isinstance(data, dict):
        return {key: shown(item) for key, item in data.items()}
    if isinstance(data, list):
        return [*map(shown, data)]
    return data if data == data and isinstance(data, str | int | float | None) else repr(data)


@pytest.mark.parametrize(
    ("language", "before", "expanded", "collapsed"),
    [
        (
            "yaml",
            "a:\n  init: zeros  # none\n\n# end",
            "a:\n  init: {Z}  # none\n\n# end",
            "a:\n  init: zeros  # none\n\n# end",
        ),
        ("yaml", "init: random_uniform( -1,1 )", None, "init: random_uniform(minval=-1, maxval=1)"),
        (
            "yaml",
            "{init: 'random_uniform(-1,1)'}",
            None,
            '{init: "random_uniform(minval=-1, maxval=1)"}',
        ),
        ("yaml", '{"init":"zeros"}', '{"init":{Z}}', '{"init":"zeros"}'),
        ("yaml", "init: constant([1])", None, 'init: "constant(value=[1])"'),
        (
            "yaml",
            "init: | # why\n  zeros\nb: 1\n",
            "init: {Z} # why\nb: 1\n",
            "init: zeros # why\nb: 1\n",
        ),
        ("yaml", "init:\n  type: zeros # gone\n  \n", "init: {Z} # gone\n  \n", None),
        (
            "yaml",
            "a: &a zeros\ninit: *a\n",
            "a: &a zeros\ninit: {Z}\n",
            "a: &a zeros\ninit: zeros\n",
        ),
        (
            "yaml",
            "init: &a zeros\nb_init: 1\nx: {init: *a}",
            "init: &a {Z}\nb_init: 1\nx: {init: *a}",
            None,
        ),
        ("json", ' { "init":"zeros" } ', ' { "init":{Z} } ', ' { "init":"zeros" } '),
        ("toml", "init='zeros'#x", "init={T}#x", 'init="zeros"#x'),
        (
            "yaml",
            "two_initializer:\n- type: zeros\n  # behind\n- zeros\n# kept",
            "two_initializer:\n- {Z}\n  # behind\n- {Z}\n# kept",
            "two_initializer:\n- zeros\n  # behind\n- zeros\n# kept",
        ),
        ("yaml", "init:\n  # kept\n  type: zeros\n", "init:\n  # kept\n  {Z}\n", None),
        ("yaml", "init:\n\n  type:\n    zeros\n...\n", "init: {Z}\n...\n", "init: zeros\n...\n"),
        (
            "yaml",
            "init: &a\n  type: zeros\nb_initializer: *a",
            "init: &a\n  {Z}\nb_initializer: *a",
            None,
        ),
        ("yaml", '"init" : "zeros"', '"init" : {Z}', '"init" : zeros'),
        ("yaml", "a: !mine {b: 1}\ninit: zeros", "a: !mine {b: 1}\ninit: {Z}", None),
        ("yaml", "", "", ""),
        ("yaml", "zeros", "zeros", "zeros"),
        ("json", '"zeros"', '"zeros"', '"zeros"'),
    ],
)
def test_layout(tmp_path, language, before, expanded, collapsed):
    path = write(tmp_path, language, before)
    text = expand_file(path)
    if expanded is not None:
        toml = '{ module = "keras.initializers", class_name = "Zeros", config = {} }'
        assert text == expanded.replace("{Z}", json.dumps(ZEROS)).replace("{T}", toml)
    path.write_text(text)
    if collapsed is not None:
        assert collapse_file(path) == collapsed


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings(tmp_path, mark):
    path = tmp_path / "config.yaml"
    path.write_bytes("é: ü\r\ninit: zeros\r\n".encode(mark))
    assert expand_file(path) == f"é: ü\r\ninit: {json.dumps(ZEROS)}\r\n"


def test_small_numbers_are_numbers_to_readers_of_yaml_1_1(tmp_path):
    path = write(tmp_path, "yaml", "init: random_uniform(-1e22, 1e-7)")
    assert '"minval": -1.0e+22, "maxval": 1.0e-07' in expand_file(path)
    path.write_text(f"%YAML 1.1\n---\n{expand_file(path)}")
    assert of_yaml(path.read_text())[0]["init"]["config"]["maxval"] == 1e-07


def test_text_of_a_plugin(tmp_path, plugins):
    class Labelled(InitializerConfig, name="labelled", builds="acme:Labelled"):
        """Have a label."""

        label: str

    plugins.add(Labelled)
    label = "a\x7f\u2028\u0085\ufeff\U0001f600\U000e0001'\"\\{}: #\t\n"
    for language, make in (("json", json.dumps), ("yaml", json.dumps), ("toml", to_toml)):
        spec = {"type": "labelled", "label": label}
        text = make({"init": spec}) if language != "toml" else f"init = {make(spec)}"
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        text = text.replace("\\ud83d\\ude00", "\U0001f600")
        text = text.replace(
            "\\udb40\\udc01", "\\U000e0001" if language != "json" else "\\udb40\\udc01"
        )
        if language == "toml":
            text = text.replace("\\udb40\\udc01", "\\U000e0001")
        path = write(tmp_path, language, text)
        new = expand_file(path, registry=plugins)
        (data,) = READERS[language](new)
        assert data["init"]["config"] == {"label": label}
        path.write_text(new)
        collapsed = collapse_file(path, registry=plugins)
        (data,) = READERS[language](collapsed)
        assert expand(data, registry=plugins)["init"]["config"] == {"label": label}


SHARED = "an anchor, an alias or a tag"
TABLE = "is a table of its own"


@pytest.mark.parametrize(
    ("language", "text", "problem", "line"),
    [
        ("yaml", "init: &a zeros\nb: *a\n", SHARED, 1),
        ("yaml", "b: &a zeros\nmany_initializer: [*a]\n", SHARED, 1),
        ("yaml", "a: {x: &a zeros}\ninit: [[*a]]\n", SHARED, 1),
        ("yaml", "a: &a zeros\ninit:\n  # why\n  *a\n", SHARED, 1),
        ("yaml", "b: 1\ninit: !!str zeros\n", SHARED, 2),
        ("yaml", "init: !!map {type: zeros}\n", SHARED, 1),
        ("yaml", "init:   !!str   &a\n  zeros\n", SHARED, 2),
        ("yaml", "init: &a  !!str\n  zeros\n", SHARED, 2),
        ("yaml", "{init: [!!str 'zeros']}", SHARED, 1),
        ("yaml", "init: ! zeros", SHARED, 1),
        ("yaml", "init: {type: constant, value: &v 1}\nb: *v\n", SHARED, None),
        ("yaml", "init: {type: &v zeros}\nb_initializer: *v\n", None, None),
        ("toml", "a = 1\n[x.init]\ntype = 'zeros'\n", TABLE, 2),
        ("toml", "a = 1\n\ninit.type = 'zeros'\n", TABLE, 3),
        ("toml", "[[init]]\ntype = 'zeros'\n", TABLE, 1),
        ("toml", "[init]\n[init.'{']\n", None, None),
    ],
)
def test_a_layout_that_leaves_no_place(tmp_path, language, text, problem, line):
    path = write(tmp_path, language, text)
    if problem is None:  # either right, or refused
        try:
            new = expand_file(path)
        except (UnreadableError, ConfigError):
            return
        assert READERS[language](new) == [*map(expand, READERS[language](text))]
        return
    with pytest.raises(UnreadableError, match=problem) as caught:
        expand_file(path)
    assert caught.value.line == line
    assert caught.value.file == str(path)
    assert path.read_text() == text


def test_what_keras_wrote_behind_aliases(tmp_path):
    text = f"a: &he {json.dumps(HE)}\nb: [*he, 1]\nother: {{init: *he}}\n"
    path = write(tmp_path, "yaml", text)
    short = collapse_file(path)
    assert short == "a: &he he_normal(seed=1)\nb: [*he, 1]\nother: {init: *he}\n"


def test_faults_of_all_documents(tmp_path):
    path = write(tmp_path, "yaml", "init: he_normal(sed=1)\n---\ninit: [zeros, nothing]\n")
    with pytest.raises(ConfigError) as caught:
        expand_file(path)
    assert [fault.location for fault in caught.value.faults] == ["$.init.sed", "$.init[1]"]
    assert collapse_file(path) == path.read_text()


def test_a_file_that_holds_itself(tmp_path):
    path = write(tmp_path, "yaml", "a: &a\n  b: [*a]\ninit: zeros\n")
    with pytest.raises(ConfigError, match="This holds itself"):
        expand_file(path)


def test_an_archive_is_not_rewritten(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"init": HE}))
    with pytest.raises(UnreadableError, match=r"unzip the file config\.json"):
        collapse_file(path)


def test_no_file(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        expand_file(tmp_path / "nothing.yaml")
    (tmp_path / "config.ini").touch()
    with pytest.raises(UnreadableError, match="does not say what it is"):
        expand_file(tmp_path / "config.ini")


def test_a_long_file_takes_little_time(tmp_path):
    layers = [{"kernel_initializer": HE, "bias_initializer": ZEROS} for _ in range(2_000)]
    path = write(tmp_path, "json", json.dumps({"layers": layers}))
    collapsed = collapse_file(path)
    assert json.loads(collapsed) == collapse({"layers": layers})
    assert len(collapsed) < len(path.read_text()) / 3


KERAS_FREE = """
import pathlib, sys, initreg
config = {"kernel_initializer": "he_normal(seed=1)", "init": {"type": "orthogonal"}}
assert initreg.collapse(initreg.expand(config)) == {**config, "init": "orthogonal"}
path = pathlib.Path("c.yaml")
path.write_text("init: zeros")
path.write_text(initreg.expand_file(path))
assert initreg.collapse_file(path) == "init: zeros"
print("keras" in sys.modules)
"""


def test_no_keras_is_imported(tmp_path):
    done = python(KERAS_FREE, cwd=tmp_path, variables={"KERAS_BACKEND": "nothing"})
    assert done.stdout == "False\n"


def test_an_initializer_field_is_expanded():
    class Dense(BaseModel):
        kernel_initializer: InitializerField = "zeros"

    assert expand(Dense().model_dump()) == {"kernel_initializer": ZEROS}
