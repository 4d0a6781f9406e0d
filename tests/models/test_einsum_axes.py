"""EinsumDense passes the axes of its kernel to ours, as to its own initializers."""

import copy

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import Fans, InitializerConfig, Normal, resolve
from initreg.models.portable import Portable

pytestmark = pytest.mark.keras

WIDTH, HEADS, SIZE = 256, 8, 32
# Each has a variance of 1 / fan_in, and so gives a kernel of fan_in 256 the variance 1 / 256.
SPECS = {
    "lecun_normal": True,
    "kaiming(nonlinearity=linear)": True,
    "kaiming(nonlinearity=linear), stock": False,
    "xavier": True,  # fan_in equals fan_out here
    "scaled(lecun_normal, 1)": True,
    "scaled(lecun_normal, 1), stock": False,
    "scaled(scaled(kaiming(nonlinearity=linear), 2), 0.5)": False,
}
each_spec = pytest.mark.parametrize(
    ("spec", "portable"),
    [(name.removesuffix(", stock"), portable) for name, portable in SPECS.items()],
    ids=SPECS,
)


def einsum(initializer):
    return layers.EinsumDense(
        "abc,cde->abde", (None, HEADS, SIZE), kernel_initializer=initializer, name="query"
    )


def built(layer):
    layer.build((None, 4, WIDTH))
    return layer


def values_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


def gain_of(kernel):
    """Return the variance of a layer's output before the activation, for inputs of variance 1."""
    return float(np.mean(values_of(kernel) ** 2)) * WIDTH


@each_spec
def test_the_spread_is_that_of_the_axes(spec, portable):
    layer = built(einsum(resolve(spec, seed=1, portable=portable)))
    assert gain_of(layer.kernel) == pytest.approx(1, rel=0.03)


@each_spec
def test_attention_keeps_the_spread_of_its_inputs(spec, portable):
    initializer = resolve(spec, seed=1, portable=portable)
    layer = layers.MultiHeadAttention(HEADS, SIZE, kernel_initializer=initializer)
    layer.build((None, 4, WIDTH), (None, 4, WIDTH))
    kernels = [weight for weight in layer.weights if "kernel" in weight.path]
    assert len(kernels) == 4
    for kernel in kernels:
        assert gain_of(kernel) == pytest.approx(1, rel=0.03)


def test_a_plugin_that_scales_with_fans_gets_the_axes():
    class Mine(InitializerConfig, name="mine_with_fans"):
        """Scale with the fan-in."""

        def distribution(self, shape, fans):
            return Normal(0.0, fans.fan_in**-0.5)

    registry = initreg.Registry()
    registry.add(Mine)
    with registry.using():
        layer = built(einsum(resolve("mine_with_fans", seed=1)))
    assert gain_of(layer.kernel) == pytest.approx(1, rel=0.03)


@each_spec
def test_copies_and_saved_models_have_the_same_kernel(spec, portable, tmp_path):
    initializer = resolve(spec, seed=1, portable=portable)
    model = keras.Sequential([keras.Input((4, WIDTH)), einsum(initializer)])
    kernel = values_of(model.layers[0].kernel)
    model.save(tmp_path / "model.keras")
    loaded = initreg.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(values_of(loaded.layers[0].kernel), kernel)
    again = keras.models.clone_model(loaded)
    np.testing.assert_array_equal(values_of(again.layers[0].kernel), kernel)
    written = model.layers[0].get_config()["kernel_initializer"]["config"]
    assert "input_axes" not in written


def test_the_axes_are_in_the_config():
    initializer = Portable("kaiming", seed=3, input_axes=[0], output_axes=[1, 2])
    assert initializer.fans_for((16, 2, 4)) == Fans(16, 8)
    copies = [
        Portable.from_config(initializer.get_config()),
        initializer.clone(),
        copy.copy(initializer),
        keras.initializers.deserialize(keras.initializers.serialize(initializer)),
    ]
    for each in copies:
        assert (each.input_axes, each.output_axes) == ([0], [1, 2])
        drawn = values_of(each((16, 2, 4), dtype="float32"))
        expected = initreg.draw("kaiming", (16, 2, 4), seed=3, fans=Fans(16, 8))
        np.testing.assert_array_equal(drawn, expected)


def test_without_axes_the_fans_are_those_of_keras():
    assert Portable("kaiming").fans_for((16, 2, 4)) == Fans.of_shape((16, 2, 4))


def test_axes_in_the_spec_win():
    spec = "lecun_normal(input_axes=[2], output_axes=[0])"
    layer = built(einsum(resolve(spec, seed=1, portable=True)))
    assert values_of(layer.kernel).var() * SIZE == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("spec", ["random_normal", "zeros", "orthogonal"])
def test_other_specs_keep_their_values(spec):
    initializer = resolve(spec, seed=1, portable=True)
    layer = built(einsum(initializer))
    expected = initreg.draw(spec, (WIDTH, HEADS, SIZE), seed=1)
    np.testing.assert_array_equal(values_of(layer.kernel), expected)


def test_the_copy_has_the_seed_that_was_drawn_and_does_not_keep_it():
    initializer = resolve("kaiming", portable=True)
    layer = built(einsum(initializer))
    axes = {"input_axes": [0], "output_axes": [1, 2]}
    twin = Portable.from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
    np.testing.assert_array_equal(
        values_of(twin((WIDTH, HEADS, SIZE), dtype="float32")), values_of(layer.kernel)
    )
    assert twin.get_config() == {**initializer.get_config(), **axes}
    assert twin.config == initializer.config


@each_spec
def test_a_scope_draws_an_open_seed_by_the_path(spec, portable):
    found = []
    for _ in range(2):
        with initreg.scope(seed=1) as made:
            layer = built(einsum(resolve(spec, portable=portable)))
        found.append(values_of(layer.kernel))
        assert made.plan.entries[0].seed == 1
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("portable", [True, False])
@pytest.mark.parametrize("spec", ["lecun_normal", "scaled(scaled(lecun_normal, 2), 0.5)"])
def test_layers_that_share_an_open_seed_have_equal_kernels_as_in_keras(spec, portable):
    initializer = resolve(spec, portable=portable)
    kernels = [values_of(built(einsum(initializer)).kernel) for _ in range(2)]
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize("portable", [True, False])
@pytest.mark.parametrize(("fans", "fan_out"), [("true", 7), ("keras", 21)])
def test_a_scope_chooses_the_fans_and_the_copy_has_none_of_its_own(portable, fans, fan_out):
    initializer = resolve("scaled(variance_scaling(mode=fan_out), 1)", portable=portable)
    with initreg.scope(seed=1, fans=fans) as made:
        experts = layers.EinsumDense("bei,eio->beo", (3, 7), kernel_initializer=initializer)
        experts.build((None, 3, 5))
    entry = made.plan.entries[0]
    assert entry.spec == "scaled(base=variance_scaling(mode=fan_out), factor=1)"
    assert entry.fan_out == fan_out
    assert entry.stddev == pytest.approx(fan_out**-0.5)
