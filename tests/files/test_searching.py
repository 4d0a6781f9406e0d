"""Initializers are found by key and by form, and values that only look like one are not."""

import pytest

from initreg.documents import Slot
from initreg.files.searching import find

NORMAL = {"type": "random_normal"}
KERAS = {"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": 1}}


def paths(config, keys=()):
    return [slot.path for slot in find(Slot(config), keys)]


def specs(config):
    return [(slot.path, slot.value) for slot in find(Slot(config))]


@pytest.mark.parametrize(
    "spec", ["he_normal", NORMAL, KERAS, 3], ids=["text", "dict", "Keras", "3"]
)
@pytest.mark.parametrize("key", ["initializer", "kernel_initializer", "initializer_initializer"])
def test_the_value_of_such_a_key_is_an_initializer(key, spec):
    assert specs({"model": [{key: spec}]}) == [(("model", 0, key), spec)]


@pytest.mark.parametrize("spec", ["he_normal", NORMAL, KERAS], ids=["text", "dict", "Keras"])
def test_init_is_such_a_key(spec):
    assert specs({"init": spec}) == [(("init",), spec)]


def test_other_keys_are_named_by_patterns():
    config = {"weights": "he_normal", "start_a": "zeros", "kernel_initializer": "ones"}
    assert paths(config) == [("kernel_initializer",)]
    assert paths(config, ["weights", "start_*"]) == [(key,) for key in config]


def test_a_list_under_such_a_key_holds_initializers():
    config = {"initializer": ["zeros", [NORMAL], None, "ones"]}
    assert paths(config) == [("initializer", 0), ("initializer", 1, 0), ("initializer", 3)]


def test_a_dict_from_keras_is_found_by_its_form():
    assert paths({"layers": [{"start": KERAS}]}) == [("layers", 0, "start")]
    other = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"kernel_initializer": KERAS},
    }
    assert paths(other) == [("config", "kernel_initializer")]


def test_a_section_of_such_a_name_is_searched():
    config = {"initializer": {"kernel_initializer": "zeros", "bias_initializer": "ones"}}
    assert paths(config) == [
        ("initializer", "kernel_initializer"),
        ("initializer", "bias_initializer"),
    ]


NOT_FOUND = {
    "docker-compose": {"services": {"web": {"image": "x", "init": True}}},
    "spaCy": {"initialize": {"vectors": None}, "init": {"vectors": None, "init_tok2vec": None}},
    "Hugging Face": {"initializer_range": 0.02, "initializer_factor": 1.0},
    "OmegaConf": {"kernel_initializer": "${model.init}", "init": "${oc.env:INIT}"},
    "Hydra": {"kernel_initializer": {"_target_": "torch.nn.init.zeros_", "tensor": 1}},
    "rules": [{"match": "encoder/*", "init": "keep"}],
    "none": {"kernel_initializer": None},
    "a count": {"init": 3},
    "a key that isn't text": {1: "he_normal", None: "x", (1, 2): "y"},
    "not a dict": "he_normal",
}


@pytest.mark.parametrize("config", NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_a_value_that_only_looks_like_an_initializer_is_not_found(config):
    assert paths(config) == []


def test_a_call_of_initreg_holds_a_spec():
    config = {"kernel_initializer": {"_target_": "initreg.resolve", "spec": "he_normal"}}
    assert paths(config) == [("kernel_initializer", "spec")]


def test_a_call_of_other_code_may_hold_initializers():
    config = {"init": {"_target_": "my.Layer", "kernel_initializer": "zeros"}}
    assert paths(config) == [("init", "kernel_initializer")]


def test_a_shared_container_is_searched_once():
    shared = {"init": "zeros"}
    assert paths([shared, shared]) == [(0, "init")]


def test_a_list_found_first_under_another_key_still_holds_initializers():
    shared = ["zeros"]
    assert paths({"base": shared, "kernel_initializer": shared}) == [("kernel_initializer", 0)]


def test_shared_lists_in_lists_are_searched_once():
    laughs = ["zeros"]
    for _ in range(40):
        laughs = [laughs] * 10
    assert len(paths({"initializer": laughs})) == 1


def test_the_search_of_a_config_that_contains_itself_ends():
    config = {"init": "zeros"}
    config["self"] = config
    items = ["ones"]
    items.append(items)
    config["initializer"] = items
    call = {"_target_": "initreg.resolve"}
    config["b_initializer"] = call["spec"] = call
    assert paths(config) == [("init",), ("initializer", 0)]


def test_a_shared_dict_from_keras_is_found_in_each_place():
    assert paths([KERAS, {"a": KERAS}]) == [(0,), (1, "a")]


def test_tuples_are_searched_as_lists_are():
    config = ({"init": ("zeros", "ones")}, 1)
    assert paths(config) == [(0, "init", 0), (0, "init", 1)]
