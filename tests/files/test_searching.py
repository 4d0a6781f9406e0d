"""Initializers are found by key and by shape, and what only looks like one is left alone."""

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
def test_init_is_such_a_key_too(spec):
    assert specs({"init": spec}) == [(("init",), spec)]


def test_other_keys_are_named_by_patterns():
    config = {"weights": "he_normal", "start_a": "zeros", "kernel_initializer": "ones"}
    assert paths(config) == [("kernel_initializer",)]
    assert paths(config, ["weights", "start_*"]) == [(key,) for key in config]


def test_a_list_under_such_a_key_holds_initializers():
    config = {"initializer": ["zeros", [NORMAL], None, "ones"]}
    assert paths(config) == [("initializer", 0), ("initializer", 1, 0), ("initializer", 3)]


def test_what_keras_wrote_is_found_by_its_shape():
    assert paths({"layers": [{"start": KERAS}]}) == [("layers", 0, "start")]
    other = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"kernel_initializer": KERAS},
    }
    assert paths(other) == [("config", "kernel_initializer")]


def test_a_section_of_such_a_name_is_looked_through():
    config = {"initializer": {"kernel_initializer": "zeros", "bias_initializer": "ones"}}
    assert paths(config) == [
        ("initializer", "kernel_initializer"),
        ("initializer", "bias_initializer"),
    ]


LEFT_ALONE = {
    "docker-compose": {"services": {"web": {"image": "x", "init": True}}},
    "spaCy": {"initialize": {"vectors": None}, "init": {"vectors": None, "init_tok2vec": None}},
    "Hugging Face": {"initializer_range": 0.02, "initializer_factor": 1.0},
    "OmegaConf": {"kernel_initializer": "${model.init}", "init": "${oc.env:INIT}"},
    "Hydra": {"kernel_initializer": {"_target_": "torch.nn.init.zeros_", "tensor": 1}},
    "rules": [{"match": "encoder/*", "init": "keep"}],
    "none": {"kernel_initializer": None},
    "a count": {"init": 3},
    "a key that is no text": {1: "he_normal", None: "x", (1, 2): "y"},
    "no dict": "he_normal",
}


@pytest.mark.parametrize("config", LEFT_ALONE.values(), ids=LEFT_ALONE.keys())
def test_what_only_looks_like_one_is_left_alone(config):
    assert paths(config) == []


def test_a_target_of_our_own_holds_a_spec():
    config = {"kernel_initializer": {"_target_": "initreg.resolve", "spec": "he_normal"}}
    assert paths(config) == [("kernel_initializer", "spec")]


def test_a_target_of_others_may_hold_initializers():
    config = {"init": {"_target_": "my.Layer", "kernel_initializer": "zeros"}}
    assert paths(config) == [("init", "kernel_initializer")]


def test_what_is_shared_is_looked_through_once():
    shared = {"init": "zeros"}
    assert paths([shared, shared]) == [(0, "init")]


def test_a_list_met_first_under_another_key_still_holds_initializers():
    shared = ["zeros"]
    assert paths({"base": shared, "kernel_initializer": shared}) == [("kernel_initializer", 0)]


def test_lists_of_lists_are_not_multiplied():
    laughs = ["zeros"]
    for _ in range(40):
        laughs = [laughs] * 10
    assert len(paths({"initializer": laughs})) == 1


def test_what_holds_itself_comes_to_an_end():
    config = {"init": "zeros"}
    config["self"] = config
    items = ["ones"]
    items.append(items)
    config["initializer"] = items
    call = {"_target_": "initreg.resolve"}
    config["b_initializer"] = call["spec"] = call
    assert paths(config) == [("init",), ("initializer", 0)]
