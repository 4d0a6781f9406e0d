"""Text, a dict, Keras's dict and a config can all describe the same initializer."""

import types

import pytest

import initreg
from initreg import ConfigError, UnknownInitializerError, parse, validate

CONFIG = validate("random_normal(stddev=0.02, seed=7)")


class Text(str):
    """A subclass of `str`, as some YAML readers make it."""


@pytest.mark.parametrize(
    "spec",
    [
        "random_normal(stddev=0.02, seed=7)",
        "RandomNormal(0, 0.02, 7)",
        Text("normal(0, 0.02, 7)"),
        parse("random_normal(0, 0.02, seed=7)"),
        {"type": "random_normal", "stddev": 0.02, "seed": 7},
        {"type": "random-normal", "stddev": "0.02", "seed": 7.0},
        {Text("type"): Text("NORMAL"), Text("stddev"): 0.02, "seed": 7.0},
        types.MappingProxyType({"type": "normal", "stddev": 0.02, "seed": 7}),
        {"class_name": "RandomNormal", "config": {"stddev": 0.02, "seed": 7}},
        {
            "module": "keras.initializers",
            "class_name": "RandomNormal",
            "config": {"mean": 0.0, "stddev": 0.02, "seed": 7},
            "registered_name": None,
        },
        {
            "module": None,
            "class_name": "initreg.random_normal",
            "config": {"stddev": 0.02, "seed": 7},
        },
        CONFIG,
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_all_forms_mean_the_same(spec):
    assert validate(spec) == CONFIG


@pytest.mark.parametrize(
    "spec",
    [
        "zeros",
        "zeros()",
        {"type": "zeros"},
        {"class_name": "Zeros"},
        {"class_name": "Zeros", "config": None},
        {"class_name": "Zeros", "config": {}},
    ],
    ids=str,
)
def test_parameters_may_be_left_out(spec):
    assert str(validate(spec)) == "zeros"


def test_a_config_is_returned_unchanged():
    assert validate(CONFIG) is CONFIG


FORMS = (
    "An initializer must be text, {'type': name, …} or Keras's {'class_name': …, 'config': …}, not "
)
NO_TYPE = "This dict does not name an initializer: it has no 'type'."
loop = {"type": "zeros"}
loop["x"] = loop
deep = []
for _ in range(100_000):
    deep = [deep]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (None, FORMS + "None."),
        (5, FORMS + "5."),
        (b"zeros", FORMS + "b'zeros'."),
        (["zeros"], FORMS + "['zeros']."),
        (deep, FORMS + "this list."),
        (10**5000, FORMS + "this int."),
        (list(range(99)), FORMS + repr(list(range(99)))[:57] + "…."),
        ({}, NO_TYPE),
        ({"name": "zeros"}, NO_TYPE + " Write 'type' instead of 'name'."),
        ({"_target_": "keras.Zeros"}, NO_TYPE + " Write 'type' instead of '_target_'."),
        ({"typ": "zeros"}, NO_TYPE + " It has 'typ'. Did you mean 'type'?"),
        ({"classname": "Zeros"}, NO_TYPE + " It has 'classname'. Did you mean 'class_name'?"),
        ({"type": "zeros", 1: 2}, "A parameter's name must be text, not 1."),
        ({b"type": "zeros"}, "A parameter's name must be text, not b'type'."),
        ({"type": None}, "$.type: type must be the name of an initializer, not None."),
        (
            {"type": "zeros()"},
            "$.type: type must be a name alone. Write the parameters next to it in the dict.",
        ),
        ({"class_name": 3}, "$.class_name: class_name must be the name of an initializer, not 3."),
        (
            {"class_name": "Zeros", "conf": {}},
            "$.conf: Unknown key 'conf'. "
            "Keras's form has class_name, config, module, registered_name.",
        ),
        ({"class_name": "Zeros", "config": []}, "$.config: config must be a dict, not []."),
        (
            {"class_name": "Zeros", "config": {1: 2}},
            "$.config: A parameter's name must be text, not 1.",
        ),
        ({"class_name": "Zeros", "module": 1}, "$.module: module must be text, not 1."),
        (
            {"class_name": "Zeros", "registered_name": 1},
            "$.registered_name: registered_name must be text, not 1.",
        ),
        (
            {"type": "random_normal", "stdev": 1, "mean": "a"},
            "$.stdev: random_normal has no parameter 'stdev'. Did you mean 'stddev'? "
            "It takes mean, stddev, seed.\n"
            "$.mean: mean must be a number, not 'a'.",
        ),
        (
            {"class_name": "RandomNormal", "config": {"stddev": -1}},
            "$.config.stddev: stddev must be 0 or more, not -1.",
        ),
        (loop, "$.x: zeros has no parameter 'x'. It takes no parameters."),
    ],
    ids=lambda value: (
        (str(value) if value is not deep else "deep")[:40] if value != 10**5000 else "huge"
    ),
)
def test_invalid_forms(spec, message):
    with pytest.raises(ConfigError) as caught:
        validate(spec)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["", ".", ".x", "x.", "..", "a.b.c", "\0.x", "\ud800", "../x.y"])
def test_an_odd_name_is_an_unknown_name(name, registry):
    with pytest.raises(UnknownInitializerError):
        registry.validate({"type": name})


def test_a_class_of_another_module_is_found_by_what_it_builds(registry):
    class Foreign(initreg.InitializerConfig, name="foreign", builds="acme.inits:Foreign"):
        """Build a class of another module."""

        gain: float = 1.0

    registry.add(Foreign)
    spec = {"module": "acme.inits", "class_name": "Foreign", "config": {"gain": 2.0}}
    assert registry.validate(spec) == Foreign(gain=2.0)
    with pytest.raises(UnknownInitializerError) as caught:
        registry.validate(spec | {"module": "other"})
    assert str(caught.value) == "No installed plugin builds other.Foreign."
