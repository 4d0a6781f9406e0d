"""The builder in docs/examples/builder works as its README says."""

import importlib
import sys
from collections.abc import Iterator
from itertools import combinations
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import initreg
from tests.support.paths import DOCS
from tests.support.processes import python, run

pytestmark = [pytest.mark.keras, pytest.mark.slow]

BUILDER = DOCS / "examples" / "builder"
CONFIG = BUILDER / "models.yaml"
MODELS = ["classifier", "image_classifier"]
MODULES = ["schema", "build", "train"]

trains = pytest.mark.skipif(
    keras.config.backend() == "numpy", reason="Keras can't train on its numpy backend"
)

LOAD = """
import keras, numpy
for saved in sys.argv[1:]:
    model = keras.saving.load_model(saved)
    with numpy.load(saved + ".npz") as trained:
        found = model.predict(trained["inputs"], verbose=0)
        numpy.testing.assert_allclose(found, trained["outputs"], atol=1e-6)
"""

# What `python train.py CONFIG` does, and then whether Keras was imported.
CHECK = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import train
try:
    train.main()
except SystemExit as error:
    print(error)
print("Keras was imported:", "keras" in sys.modules)
"""


@pytest.fixture(scope="module")
def builder() -> Iterator[SimpleNamespace]:
    """The modules of the builder, found as `python train.py` finds them, and forgotten after."""
    others = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    sys.path.insert(0, str(BUILDER))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(BUILDER))
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(others)


@pytest.fixture(scope="module")
def configs(builder):
    return builder.schema.read_models(CONFIG)


def kernels(model):
    return {layer.name: layer.get_weights()[0] for layer in model.layers if layer.weights}


@trains
def test_the_models_train_save_and_load_without_initreg(
    without_initreg, builder, configs, tmp_path
):
    saved = {name: tmp_path / f"{name}.keras" for name in MODELS}
    for name, path in saved.items():
        config = configs[name]
        before, after = builder.train.train(config, path)
        assert after < before / 4
        # train() has compared this model with the trained one.
        model = keras.saving.load_model(path)
        inputs, _ = builder.train.make_data(config.input_shape, 10, 64, seed=1)
        np.savez(f"{path}.npz", inputs=inputs, outputs=model.predict(inputs, verbose=0))
    python(without_initreg(LOAD), *saved.values())


@trains
def test_the_command_trains_and_saves(tmp_path):
    ran = run(sys.executable, BUILDER / "train.py", "--save", tmp_path / "model.keras")
    backend = keras.config.backend()
    assert ran.stdout.startswith(f"classifier on {backend}: loss ")
    assert ran.stdout.endswith("model.keras loads with equal predictions\n")
    assert (tmp_path / "model.keras").exists()


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_weights(builder, configs, name):
    first = builder.build.build_model(configs[name]).get_weights()
    second = builder.build.build_model(configs[name]).get_weights()
    assert all(map(np.array_equal, first, second))
    other = configs[name].model_copy(update={"seed": 1})
    changed = builder.build.build_model(other).get_weights()
    assert not np.array_equal(first[0], changed[0])


def test_the_weights_follow_the_config(builder, configs):
    dense = builder.build.build_model(configs["classifier"])
    for kernel in kernels(dense).values():
        assert abs(kernel.mean()) < 0.005
        assert kernel.std() == pytest.approx(0.05, rel=0.1)
    assert np.all(dense.get_layer("hidden").get_weights()[1] == 0)
    images = builder.build.build_model(configs["image_classifier"])
    assert kernels(images)["shapes"].std() == pytest.approx((2 / (3 * 3 * 8)) ** 0.5, rel=0.1)
    assert np.all(images.get_layer("shapes").get_weights()[1] == np.float32(0.1))


def test_layers_of_one_shape_and_spec_differ_and_stay_when_others_come(builder):
    layer = {"type": "dense", "units": 8, "kernel_initializer": "random_normal"}
    three = [{**layer, "name": name} for name in ("a", "b", "c")]
    written = {"seed": 1, "input_shape": [8]}
    build, read = builder.build.build_model, builder.schema.ModelConfig.model_validate
    found = kernels(build(read({**written, "layers": three})))
    assert not any(np.array_equal(x, y) for x, y in combinations(found.values(), 2))
    fewer = kernels(build(read({**written, "layers": three[1:]})))
    assert all(np.array_equal(fewer[name], found[name]) for name in ("b", "c"))


def test_a_config_is_written_and_read_back(builder, configs):
    for config in configs.values():
        assert type(config).model_validate(config.model_dump()) == config
        assert type(config).model_validate_json(config.model_dump_json()) == config
    layers = configs["image_classifier"].model_dump()["layers"]
    assert layers[0]["bias_initializer"] == "constant(value=0.1)"
    assert layers[-1]["kernel_initializer"] == "glorot_uniform"


def test_a_default_is_a_config_too(configs):
    head = configs["image_classifier"].layers[-1]
    assert head.kernel_initializer == initreg.validate("glorot_uniform")


def test_two_layers_of_one_name_are_rejected(builder):
    twice = [{"type": "flatten", "name": "flat"}] * 2
    with pytest.raises(ValueError, match="two layers are called flat"):
        builder.schema.ModelConfig(seed=1, input_shape=[4], layers=twice)


@pytest.mark.parametrize(
    ("wrong", "lines"),
    [
        (
            "stdev=0.05",
            [
                "random_normal has no parameter 'stdev'. Did you mean 'stddev'? "
                "It takes mean, stddev, seed.",
                "    random_normal(mean=0.0, stdev=0.05)",
                "                            ^^^^^",
            ],
        ),
        (
            "stddev=-1",
            [
                "stddev must be 0 or more, not -1.",
                "    random_normal(mean=0.0, stddev=-1)",
                "                                   ^^",
            ],
        ),
    ],
    ids=["misspelt", "out of bounds"],
)
def test_a_wrong_spec_is_told_with_its_place_before_keras_is_imported(tmp_path, wrong, lines):
    config = tmp_path / "models.yaml"
    text = CONFIG.read_text(encoding="utf-8")
    config.write_text(text.replace("stddev=0.05", wrong), encoding="utf-8")
    ran = python(CHECK, BUILDER, config)
    assert str(config) in ran.stdout
    for index in (0, 1):  # both, not only the first
        assert f"classifier.layers.{index}.dense.kernel_initializer\n" in ran.stdout
    assert ran.stdout.count("\n".join(lines)) == 2
    assert ran.stdout.endswith("Keras was imported: False\n")
