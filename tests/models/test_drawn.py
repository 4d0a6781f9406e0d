"""An initializer with a distribution or a draw needs no Keras class: NumPy draws it."""

import keras
import numpy as np
import pytest

import initreg
from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
    NonNegative,
    Normal,
    Registry,
    Seed,
    UnknownInitializerError,
    draw,
)
from initreg.discovery.loading import Discovery
from initreg.models.portable import Portable

pytestmark = pytest.mark.keras


class Spread(InitializerConfig, name="drawn_spread"):
    """Draw from a normal distribution."""

    stddev: NonNegative = 0.5
    seed: Seed = None

    def distribution(self, shape, fans):
        return Normal(0.0, self.stddev)


class Rows(InitializerConfig, name="drawn_rows"):
    """Count the rows, times what another draws."""

    base: InitializerField = "ones"
    seed: Seed = None

    def draw(self, shape, fans, seed, path=""):
        base = draw(self.base, shape, seed=seed, path=path, dtype="float64")
        return np.arange(shape[0])[:, None] * base


@pytest.fixture(autouse=True, scope="module")
def registered():
    registry = Registry(Discovery())
    for each in (Spread, Rows):
        registry.add(each)
    with registry.using():
        yield


def values(initializer, shape=(4, 3), dtype="float32"):
    return keras.ops.convert_to_numpy(initializer(shape, dtype=dtype))


@pytest.mark.parametrize("spec", ["drawn_spread", "drawn_rows", "drawn_rows(drawn_spread)"])
def test_it_gives_the_values_of_draw(spec):
    made = initreg.resolve(spec, seed=7)
    assert type(made) is Portable
    expected = draw(initreg.validate(spec).with_seed(7), (4, 3), seed=0)
    np.testing.assert_array_equal(values(made), expected)


def test_without_a_seed_each_differs_and_repeats_itself():
    first, second = initreg.resolve("drawn_spread"), initreg.resolve("drawn_spread")
    np.testing.assert_array_equal(values(first), values(first))
    assert not np.array_equal(values(first), values(second))


@pytest.mark.parametrize("spec", ["drawn_spread(stddev=2, seed=3)", "drawn_rows(drawn_spread)"])
def test_keras_writes_what_serialize_says_and_reads_it(spec):
    config = initreg.validate(spec)
    made = config.build()
    assert keras.initializers.serialize(made) == config.serialize()
    assert initreg.describe(made) == str(config)
    assert initreg.validate(config.serialize()) == config
    again = keras.initializers.deserialize(config.serialize())
    if "seed" in spec:
        np.testing.assert_array_equal(values(made), values(again))


def test_a_model_with_one_is_saved_and_loaded(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(2, kernel_initializer=(initreg.resolve("drawn_spread(seed=1)"))),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = initreg.load_model(tmp_path / "model.keras")
    assert initreg.describe(loaded.layers[-1].kernel_initializer) == "drawn_spread(seed=1)"


def test_a_config_that_is_written_by_keras_is_collapsed():
    written = initreg.validate("drawn_spread(stddev=2)").serialize()
    assert initreg.expand({"initializer": "drawn_spread(stddev=2)"}) == {"initializer": written}
    assert initreg.collapse({"initializer": written}) == {"initializer": "drawn_spread(stddev=2)"}


def test_a_seed_beside_the_spec_is_filled_in():
    form = {"module": "initreg.models.portable", "class_name": "Portable"}
    given = {**form, "config": {"spec": "drawn_spread", "seed": 4}}
    assert initreg.validate(given) == Spread(seed=4)
    with pytest.raises(UnknownInitializerError, match="No spec has the portable values"):
        initreg.validate({**form, "config": {"spec": "random_normal"}})
    with pytest.raises(ConfigError) as caught:
        initreg.validate({**form, "config": {"spec": "drawn_spread(stddev=-1)"}})
    assert caught.value.faults[0].path == ("config", "spec", "stddev")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int32"])
def test_it_gives_every_dtype(dtype):
    made = initreg.resolve("drawn_rows", seed=1)((5, 5), dtype=dtype)
    assert keras.backend.standardize_dtype(made.dtype) == dtype
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(made)[:, 0].astype(int), range(5))


def test_a_config_around_one_that_only_keras_can_make_is_rejected():
    problem = r"drawn_rows\(base=stft\) can't be drawn: it holds what only Keras can make\."
    with pytest.raises(ConfigError, match=problem):
        initreg.resolve("drawn_rows(stft)")((256, 1, 129))
    with pytest.raises(ConfigError, match="can't be drawn without Keras"):
        draw("drawn_rows(stft)", (256, 1, 129), seed=1)


RULES = [{"match": "kernel", "init": "drawn_spread"}, {"match": "bias", "init": "zeros"}]


def dense(**options):
    layer = keras.layers.Dense(2, name="dense", **options)
    layer.build((None, 3))
    return layer


@pytest.fixture
def requests(monkeypatch):
    """The shapes whose distribution is requested from the plugin."""
    shapes, distribution = [], Spread.distribution

    def noting(self, shape, fans):
        shapes.append(shape)
        return distribution(self, shape, fans)

    monkeypatch.setattr(Spread, "distribution", noting)
    return shapes


def test_plan_and_apply_request_the_distribution_once_for_each_weight(requests):
    layer = dense()
    plan = initreg.plan(layer, RULES, seed=1)
    assert requests == [(3, 2)]
    initreg.apply(layer, plan)
    assert requests == [(3, 2)] * 2
    initreg.apply(layer, RULES, seed=1)
    assert requests == [(3, 2)] * 3


@pytest.mark.parametrize("by", ["rules", "the layer itself"])
def test_a_scope_requests_the_distribution_once_for_each_weight(requests, by):
    with initreg.scope(RULES if by == "rules" else [], seed=1) as scope:
        dense(kernel_initializer=initreg.resolve("drawn_spread", portable=True))
        assert scope.plan.entries[0].stddev == 0.5
        assert scope.plan.entries[0] is scope.plan.entries[0]
    assert requests == [(3, 2)]
