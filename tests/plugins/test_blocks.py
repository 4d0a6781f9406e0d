"""Initializers that use the layout of a weight: each gate, head, expert or group on its own."""

import keras
import numpy as np
import pytest
from keras import layers

from initreg import ConfigError, Fans, Layout, draw, role_of
from tests.support.drawing import SEED

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()


def built(layer, *shapes):
    layer.build(*shapes)
    return layer


def attention():
    return built(layers.MultiHeadAttention(4, 8), (None, 5, 32), (None, 5, 32))


def grouped(rank=2, outputs=12):
    return built(getattr(layers, f"Conv{rank}D")(outputs, 3, groups=2), (None, *[9] * rank, 8))


# A layer, its weight, and the shapes: of the weight, and of (blocks, inputs, outputs).
WEIGHTS = {
    "dense": (lambda: built(layers.Dense(5), (None, 7)), "kernel", (1, 7, 5)),
    "lstm": (lambda: built(layers.LSTMCell(6), (None, 9)), "kernel", (4, 9, 6)),
    "lstm, wide": (lambda: built(layers.LSTMCell(9), (None, 4)), "kernel", (4, 4, 9)),
    "lstm, recurrent": (
        lambda: built(layers.LSTMCell(6), (None, 9)),
        "recurrent_kernel",
        (4, 6, 6),
    ),
    "gru": (lambda: built(layers.GRUCell(6), (None, 9)), "recurrent_kernel", (3, 6, 6)),
    "query": (lambda: attention()._query_dense, "kernel", (4, 32, 8)),
    "attention output": (lambda: attention()._output_dense, "kernel", (4, 8, 32)),
    "experts": (
        lambda: built(layers.EinsumDense("bei,eio->beo", (3, 7)), (None, 3, 5)),
        "kernel",
        (3, 5, 7),
    ),
    "grouped": (grouped, "kernel", (2, 36, 6)),
    "transposed": (
        lambda: built(layers.Conv2DTranspose(5, 3), (None, 9, 9, 4)),
        "kernel",
        (1, 36, 5),
    ),
}


def weight_and_fans(make, name):
    layer = make()
    weight = getattr(layer, name)
    return tuple(weight.shape), role_of(layer, weight).fans


@pytest.mark.parametrize(("make", "name", "matrices"), WEIGHTS.values(), ids=WEIGHTS)
def test_each_block_is_orthogonal(make, name, matrices):
    shape, fans = weight_and_fans(make, name)
    drawn = draw("orthogonal(gain=3)", shape, seed=SEED, fans=fans, dtype="float64")
    blocks = fans.layout.to_matrices(drawn)
    assert blocks.shape == matrices
    for block in blocks:
        tall = block if block.shape[0] >= block.shape[1] else block.T
        np.testing.assert_allclose(tall.T @ tall, 9 * np.eye(tall.shape[1]), atol=1e-12)
    assert all(not np.allclose(blocks[0], block) for block in blocks[1:])


def test_one_block_in_the_usual_order_has_the_values_of_a_draw_by_the_shape():
    shape, fans = weight_and_fans(*WEIGHTS["dense"][:2])
    assert fans.layout is not None
    by_layout = draw("orthogonal", shape, seed=SEED, fans=fans)
    np.testing.assert_array_equal(by_layout, draw("orthogonal", shape, seed=SEED))


def test_a_layout_of_another_size_is_an_error():
    layout = Layout((2, 4), (0,), (1,))
    with pytest.raises(ConfigError, match=r"layout.shape is \[2, 4\], which has another size"):
        draw("orthogonal", (2, 3), seed=1, fans=Fans(2, 4, layout))


# Convolutions -------------------------------------------------------------------------------------


def output(layer, inputs, values):
    layer.kernel.assign(values)
    return keras.ops.convert_to_numpy(layer(inputs))


CONVOLUTIONS = {
    "plain": lambda: layers.Conv2D(4, 3, padding="same"),
    "grouped": lambda: layers.Conv2D(4, 3, padding="same", groups=2),
    "transposed": lambda: layers.Conv2DTranspose(4, 3, padding="same"),
    "transposed, 1D": lambda: layers.Conv1DTranspose(4, 3, padding="same"),
    "depthwise": lambda: layers.DepthwiseConv2D(3, padding="same"),
}


@pytest.mark.parametrize("spec", ["dirac", "delta_orthogonal"])
@pytest.mark.parametrize("make", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_a_convolution_keeps_what_goes_through_it(make, spec):
    layer = make()
    if getattr(layer, "groups", 1) > 1 and BACKEND != "jax":
        pytest.skip("some backends don't support grouped convolutions on CPU")
    rank = 1 if "1D" in type(layer).__name__ else 2
    inputs = np.random.default_rng(1).normal(size=(2, *[5] * rank, 4)).astype("float32")
    layer.build(inputs.shape)
    role = role_of(layer, layer.kernel)
    values = draw(spec, tuple(layer.kernel.shape), seed=SEED, fans=role.fans)
    outputs = output(layer, inputs, values)
    if spec == "dirac":
        np.testing.assert_allclose(outputs, inputs, rtol=1e-6)
    else:
        lengths = [np.linalg.norm(array, axis=-1) for array in (outputs, inputs)]
        np.testing.assert_allclose(*lengths, rtol=1e-5)


def test_the_matrices_of_a_transposed_convolution_are_read_in_its_own_order():
    fans = role_of(layer := built(layers.Conv2DTranspose(6, 3), (None, 9, 9, 4)), "kernel").fans
    shape = tuple(layer.kernel.shape)
    assert shape == (3, 3, 6, 4)
    drawn = draw("delta_orthogonal(gain=2)", shape, seed=SEED, fans=fans, dtype="float64")
    np.testing.assert_allclose(drawn[1, 1].T @ drawn[1, 1], 4 * np.eye(4), atol=1e-12)
    with pytest.raises(ConfigError, match="6 inputs are more than 4 outputs"):
        draw("delta_orthogonal", shape, seed=1)


def test_groups_of_the_spec_win():
    shape, fans = weight_and_fans(lambda: grouped(outputs=8), "kernel")
    by_spec = draw("dirac(groups=4)", shape, seed=1)
    np.testing.assert_array_equal(draw("dirac(groups=4)", shape, seed=1, fans=fans), by_spec)
    np.testing.assert_array_equal(
        draw("dirac", shape, seed=1, fans=fans), draw("dirac(groups=2)", shape, seed=1)
    )


@pytest.mark.parametrize("spec", ["dirac", "delta_orthogonal"])
def test_the_kernel_of_another_layer_is_rejected(spec):
    fans = role_of(attention()._output_dense, "kernel").fans
    with pytest.raises(ConfigError, match="it is not the kernel of a convolution"):
        draw(spec, (4, 8, 32), seed=1, fans=fans)


# per_gate -----------------------------------------------------------------------------------------


def test_the_gates_of_a_known_layer_are_its_blocks():
    bias = Layout((4, 3), (), (1,), (0,))
    values = draw(
        "per_gate([constant(-1), ones, zeros, zeros])", (12,), seed=1, fans=Fans(1, 1, bias)
    )
    assert values.tolist() == [-1] * 3 + [1] * 3 + [0] * 6
    stacked = Layout((2, 3, 5), (1,), (2,), (0,))
    values = draw("per_gate([zeros, ones])", (2, 3, 5), seed=1, fans=Fans(3, 5, stacked))
    assert values.tolist() == [[[0] * 5] * 3, [[1] * 5] * 3]


@pytest.mark.parametrize("gate", ["orthogonal", "glorot_normal", "scaled(kaiming, 2)"])
def test_the_gates_of_a_kernel_have_the_values_of_a_draw_by_the_shape(gate):
    spec = f"per_gate([{gate}, {gate}, {gate}, zeros])"
    shape, fans = weight_and_fans(*WEIGHTS["lstm"][:2])
    by_layout = draw(spec, shape, seed=SEED, fans=fans)
    np.testing.assert_array_equal(by_layout, draw(spec, shape, seed=SEED))


def test_fans_that_are_given_are_those_of_one_gate():
    values = draw(
        "per_gate([lecun_normal, zeros])", (100, 200), seed=1, fans=(4, 4), dtype="float64"
    )
    assert values[:, :100].std() == pytest.approx(0.5, rel=0.02)


def test_another_number_of_blocks_is_rejected():
    _, fans = weight_and_fans(*WEIGHTS["lstm"][:2])
    with pytest.raises(ConfigError, match="it has 4 blocks, not 2 gates"):
        draw("per_gate([zeros, ones])", (9, 24), seed=1, fans=fans)


RNNS = {
    "LSTM": lambda **options: built(layers.LSTM(4, **options), (None, 5, 3)).cell,
    "ConvLSTM1D": lambda **options: built(layers.ConvLSTM1D(4, 3, **options), (None, 5, 8, 3)).cell,
}


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("make", RNNS.values(), ids=RNNS)
def test_an_lstm_that_asks_for_some_gates_only_gets_an_error(make, portable):
    from initreg import resolve

    spec = "per_gate([constant(-1), ones, zeros, zeros])"
    with pytest.raises(ValueError, match=r"sets the bias of its forget gate itself.*unit_forget"):
        make(bias_initializer=resolve(spec, portable=portable))
    with pytest.raises(ValueError, match=r"sets the bias of its forget gate itself"):
        make(bias_initializer=resolve(f"scaled({spec}, 2)", portable=portable))
    cell = make(bias_initializer=resolve(spec, portable=portable), unit_forget_bias=False)
    bias = keras.ops.convert_to_numpy(cell.bias).tolist()
    assert bias == [-1] * 4 + [1] * 4 + [0] * 8
