"""`${init:…}` in an OmegaConf config is an initializer, and a mistake in it has its place."""

import sys
from dataclasses import dataclass
from typing import Any

import keras
import pytest

from initreg import ConfigError, describe, register_omegaconf_resolver
from tests.support.processes import python

pytestmark = pytest.mark.keras

omegaconf = pytest.importorskip("omegaconf")
OmegaConf = omegaconf.OmegaConf
yaml = pytest.importorskip("yaml")  # OmegaConf reads and writes with it


@pytest.fixture(autouse=True)
def resolver():
    register_omegaconf_resolver(replace=True)
    yield
    OmegaConf.clear_resolver("init")


def read(value: str, **keys: Any) -> Any:
    """Return the value of the key `kernel` in a YAML config with these other keys."""
    written = "\n".join([*(f"{key}: {text}" for key, text in keys.items()), f"kernel: {value}"])
    return OmegaConf.create(yaml.safe_load(written)).kernel


# The values that the page shows, with the other keys that they need, and their specs.
FORMS = {
    "${init:he_normal}": ({}, "he_normal"),
    "${init:he_normal,7}": ({}, "he_normal(seed=7)"),
    "${init:he_normal,${seed}}": ({"seed": 42}, "he_normal(seed=42)"),
    "${init:'random_normal(mean=0, stddev=0.02)'}": ({}, "random_normal(stddev=0.02)"),
    "${init:\"variance_scaling(mode='fan_out')\"}": ({}, "variance_scaling(mode=fan_out)"),
    "${init:'random_normal(stddev=${width})'}": ({"width": 0.5}, "random_normal(stddev=0.5)"),
    "${init:{type:he_normal,seed:1}}": ({}, "he_normal(seed=1)"),
    "${init:${spec}}": ({"spec": "he_normal(seed=1)"}, "he_normal(seed=1)"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_of_the_page_are_initializers(form, page):
    assert f"| `{form}` |" in page
    keys, expected = FORMS[form]
    initializer = read(form, **keys)
    assert isinstance(initializer, keras.initializers.Initializer)
    assert describe(initializer) == expected


def test_a_key_that_holds_a_dict_with_a_list():
    initializer = read("${init:${spec}}", spec="{type: constant, value: [1, 2]}")
    assert describe(initializer) == "constant(value=[1, 2])"


def test_a_spec_over_several_lines():
    config = """
    kernel: |-
      ${init:'random_normal(
        stddev=0.02,
        seed=7,
      )'}
    """
    assert describe(OmegaConf.create(config).kernel) == "random_normal(stddev=0.02, seed=7)"


def test_null_is_none():
    assert read("${init:null}") is None


def test_each_look_up_is_fresh():
    config = OmegaConf.create({"first": "${init:he_normal}", "second": "${init:he_normal}"})
    assert config.first is not config.first
    resolved = OmegaConf.to_container(config, resolve=True)
    assert resolved["first"] is not resolved["second"]


def test_the_yaml_of_a_config_keeps_the_interpolation():
    text = "kernel: ${init:'he_normal(seed=1)'}\n"
    assert OmegaConf.to_yaml(OmegaConf.create(text)) == text


def test_resolved_configs_are_as_the_page_says():
    config = OmegaConf.create({"kernel": "${init:'he_normal(seed=1)'}"})
    tagged = OmegaConf.to_yaml(config, resolve=True)
    with pytest.raises(yaml.constructor.ConstructorError, match="python/object"):
        yaml.safe_load(tagged)
    with pytest.raises(omegaconf.errors.UnsupportedValueType):
        OmegaConf.resolve(config)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "${init:'random_normal(mean=0, stdev=0.02, seed=-1)'}",
            "random_normal has no parameter 'stdev'. Did you mean 'stddev'? "
            "It takes mean, stddev, seed.\n"
            "    random_normal(mean=0, stdev=0.02, seed=-1)\n"
            "                          ^^^^^\n"
            "seed must be 0 or more, not -1.\n"
            "    random_normal(mean=0, stdev=0.02, seed=-1)\n"
            "                                           ^^\n",
        ),
        (
            "${init:randm_normal}",
            "There is no initializer 'randm_normal'. Did you mean 'random_normal'? "
            "`initreg list` shows all.\n"
            "    randm_normal\n"
            "    ^^^^^^^^^^^^\n",
        ),
        (
            "${init:{type:he_normal,sed:1}}",
            "$.sed: he_normal has no parameter 'sed'. Did you mean 'seed'? ",
        ),
        ("${init:he_normal,wide}", "seed must be a whole number, "),
        (
            "${init:random_normal,0,0.05}",
            "${init:…} takes a spec and a seed, not 3 arguments. "
            "Quote a spec that has commas: ${init:'random_normal(0, 0.05)'}.\n",
        ),
        ("${init:}", "${init:…} takes a spec and a seed, not 0 arguments. "),
    ],
)
def test_an_invalid_spec_is_reported_with_its_place(value, problem):
    with pytest.raises(omegaconf.errors.InterpolationResolutionError) as caught:
        read(value)
    assert str(caught.value).startswith(problem)
    assert "full_key: kernel" in str(caught.value)


def test_our_error_is_among_the_causes():
    with pytest.raises(omegaconf.errors.InterpolationResolutionError) as caught:
        read("${init:'random_normal(stdev=1)'}")
    chain, error = [], caught.value
    while error is not None:
        chain.append(type(error))
        error = error.__cause__ or error.__context__
    assert ConfigError in chain


def test_a_key_declared_str_is_rejected():
    @dataclass
    class Layer:
        text: str = "${init:he_normal}"
        anything: Any = "${init:he_normal}"

    layer = OmegaConf.structured(Layer)
    assert describe(layer.anything) == "he_normal"
    with pytest.raises(omegaconf.errors.InterpolationResolutionError, match="is declared str"):
        _ = layer.text


def test_another_name():
    register_omegaconf_resolver("kernel")
    try:
        config = OmegaConf.create({"a": "${kernel:zeros}", "b": "${kernel:a,b,c}"})
        assert describe(config.a) == "zeros"
        with pytest.raises(omegaconf.errors.InterpolationResolutionError, match=r"\$\{kernel:…\}"):
            _ = config.b
    finally:
        OmegaConf.clear_resolver("kernel")


def test_a_taken_name_is_an_error():
    with pytest.raises(ValueError, match="'init' is already registered"):
        register_omegaconf_resolver()


def test_without_omegaconf_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "omegaconf", None)
    with pytest.raises(ImportError, match="pip install omegaconf") as caught:
        register_omegaconf_resolver()
    assert caught.value.name == "omegaconf"


def test_initreg_does_not_import_it():
    code = "import sys, initreg; print('omegaconf' in sys.modules)"
    assert python(code).stdout == "False\n"
