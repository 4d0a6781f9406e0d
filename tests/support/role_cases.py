"""Weights of Keras's layers, with their fans as a person counts them."""

from functools import partial

import keras
import numpy as np
from keras import layers, ops

from tests.support.counting import Case, named

# Dense and einsum ---------------------------------------------------------------------------------


def einsum(id, equation, output, shape, fan_in, fan_out, **options):
    make = partial(layers.EinsumDense, equation, output)
    return Case(f"EinsumDense {id}", make, shape, fan_in, fan_out, **options)


EINSUM = [
    Case("Dense 256→128", lambda: layers.Dense(128), (256,), 256, 128),
    Case("Dense on a sequence", lambda: layers.Dense(5), (3, 7), 7, 5),
    einsum("ab,bc->ac", "ab,bc->ac", 128, (256,), 256, 128),
    einsum("abc,cd->abd", "abc,cd->abd", (None, 128), (3, 256), 256, 128),
    einsum("...x,xy->...y", "...x,xy->...y", 128, (3, 256), 256, 128),
    einsum("ab...,bc->ac...", "ab...,bc->ac...", 5, (7, 3), 7, 5),
    einsum("query", "abc,cde->abde", (None, 8, 32), (3, 256), 256, 256),
    einsum("output", "abcd,cde->abe", (None, 256), (3, 8, 32), 256, 256),
    einsum("Gemma query", "btd,ndh->btnh", (None, 8, 32), (3, 256), 256, 256),
    einsum("Gemma output", "btnh,nhd->btd", (None, 256), (3, 8, 32), 256, 256),
    einsum("head after its width", "abc,ced->abde", (None, 3, 5), (2, 7), 7, 15),
    einsum("experts", "bld,edf->blef", (None, 4, 128), (3, 256), 256, 512),
    einsum("by expert", "blef,efd->bled", (None, 4, 128), (3, 4, 64), 64, 128, blocks=4),
    einsum("combined experts", "blef,efd->bld", (None, 128), (3, 4, 64), 256, 128),
    einsum("by head", "bhd,hde->bhe", (8, 128), (8, 64), 64, 128, blocks=8),
    einsum("over time", "btd,ts->bsd", (128, None), (64, 3), 64, 128),
    einsum("all of an image", "bhwc,hwcd->bd", (11,), (3, 5, 2), 30, 11),
    einsum("heads to heads", "bnh,nhmk->bmk", (3, 5), (2, 4), 8, 15),
    einsum("diagonal", "bd,d->bd", (256,), (256,), 1, 1, blocks=256),
    einsum("transposed kernel", "abc,dc->abd", (None, 5), (3, 7), 7, 5),
]


def attention(id, name, make, shape, fan_in, fan_out):
    def part():
        layer = make()
        layer.build((None, 3, 256), (None, 3, 256))
        return getattr(layer, f"_{name}_dense")

    return Case(f"{id} {name}", part, shape, fan_in, fan_out, build=lambda layer, shape: None)


MULTI = partial(layers.MultiHeadAttention, 8, 32)
GROUPED = partial(layers.GroupQueryAttention, 32, 8, 2)
ATTENTION = [
    attention("MultiHeadAttention", "query", MULTI, (3, 256), 256, 256),
    attention("MultiHeadAttention", "key", MULTI, (3, 256), 256, 256),
    attention("MultiHeadAttention", "value", MULTI, (3, 256), 256, 256),
    attention("MultiHeadAttention", "output", MULTI, (3, 8, 32), 256, 256),
    attention("GroupQueryAttention", "query", GROUPED, (3, 256), 256, 256),
    attention("GroupQueryAttention", "key", GROUPED, (3, 256), 256, 64),
    attention("GroupQueryAttention", "value", GROUPED, (3, 256), 256, 64),
    attention("GroupQueryAttention", "output", GROUPED, (3, 8, 32), 256, 256),
]

# Convolutions -------------------------------------------------------------------------------------


def conv(id, rank, make, size, channels, fan_in, fan_out, **options):
    shape = (*[size] * rank, channels)
    return Case(id, make, shape, fan_in, fan_out, spatial=rank, **options)


def first(case_id, make, size, channels, fan_in, fan_out, **options):
    shape = (channels, size, size)
    return Case(case_id, make, shape, fan_in, fan_out, spatial=2, first=True, **options)


def conv2(*args, **options):
    return partial(layers.Conv2D, *args, **options)


def transposed2(*args, **options):
    return partial(layers.Conv2DTranspose, *args, **options)


def depthwise2(*args, **options):
    return partial(layers.DepthwiseConv2D, *args, **options)


CONVOLUTIONS = [
    conv("Conv1D k5", 1, lambda: layers.Conv1D(64, 5), 17, 32, 160, 320),
    conv("Conv1D causal", 1, lambda: layers.Conv1D(6, 3, padding="causal"), 17, 4, 12, 18),
    conv("Conv2D k3", 2, conv2(64, 3), 11, 32, 288, 576),
    conv("Conv2D k3×5 same", 2, conv2(6, (3, 5), padding="same"), 15, 4, 60, 90),
    first("Conv2D channels_first", conv2(64, 3, data_format="channels_first"), 11, 32, 288, 576),
    conv("Conv2D groups=4", 2, conv2(64, 3, groups=4), 11, 32, 72, 144, blocks=4),
    conv("Conv2D k4 s2", 2, conv2(64, 4, strides=2), 19, 32, 512, 256, period=2),
    conv("Conv2D k3 s2", 2, conv2(8, 3, strides=2), 19, 4, 36, 18, period=2),
    conv("Conv2D k1 s2", 2, conv2(8, 1, strides=2), 19, 4, 4, 2, period=2),
    conv("Conv2D dilation 2", 2, conv2(64, 3, dilation_rate=2), 13, 32, 288, 576),
    conv("Conv2D patches 8", 2, conv2(64, 8, strides=8), 80, 3, 192, 64, period=8),
    conv("Conv2D k3 s2 g2", 2, conv2(8, 3, strides=2, groups=2), 19, 4, 18, 9, period=2, blocks=2),
    conv("Conv3D k3", 3, lambda: layers.Conv3D(5, 3), 7, 4, 108, 135),
    conv("Conv3D k3 groups=2", 3, lambda: layers.Conv3D(6, 3, groups=2), 7, 4, 54, 81, blocks=2),
    conv(
        "Conv1DTranspose k4 s2",
        *(1, lambda: layers.Conv1DTranspose(16, 4, strides=2), 17, 64, 128, 64),
        period=2,
    ),
    conv("Conv2DTranspose k3 s1", 2, transposed2(16, 3), 11, 64, 576, 144),
    conv("Conv2DTranspose DCGAN", 2, transposed2(16, 4, strides=2), 13, 64, 256, 256, period=2),
    conv("Conv2DTranspose U-Net", 2, transposed2(16, 3, strides=2), 13, 64, 144, 144, period=2),
    conv("Conv2DTranspose k2 s2", 2, transposed2(16, 2, strides=2), 13, 64, 64, 64, period=2),
    conv(
        "Conv2DTranspose k3 s1 d2",
        2,
        transposed2(5, 3, dilation_rate=2),
        13,
        4,
        36,
        45,
        dilated_transpose=True,
    ),
    conv(
        "Conv2DTranspose same",
        *(2, transposed2(5, 5, strides=2, padding="same"), 15, 4, 25, 125),
        period=2,
    ),
    first(
        "Conv2DTranspose channels_first",
        *(transposed2(5, 4, strides=2, data_format="channels_first"), 13, 8, 32, 80),
        period=2,
    ),
    conv(
        "Conv3DTranspose k4 s2",
        *(3, lambda: layers.Conv3DTranspose(3, 4, strides=2), 5, 4, 32, 192),
        period=2,
    ),
    conv("DepthwiseConv1D k5", 1, lambda: layers.DepthwiseConv1D(5), 15, 64, 5, 5, blocks=64),
    conv("DepthwiseConv2D k3", 2, depthwise2(3), 9, 64, 9, 9, blocks=64),
    conv("DepthwiseConv2D ×4", 2, depthwise2(3, depth_multiplier=4), 9, 32, 9, 36, blocks=32),
    conv("DepthwiseConv2D s2", 2, depthwise2(3, strides=2), 19, 8, 9, 2.25, period=2, blocks=8),
    conv("DepthwiseConv2D d2", 2, depthwise2(3, dilation_rate=2), 13, 8, 9, 9, blocks=8),
    first(
        "DepthwiseConv2D channels_first",
        *(depthwise2(3, data_format="channels_first"), 9, 8, 9, 9),
        blocks=8,
    ),
]


def separable(id, make, rank, weight, fan_in, fan_out, **options):
    """Isolate one of the two kernels: the other one passes each channel on."""

    def isolate(layer):
        if weight == "depthwise_kernel":
            other = named(layer, "pointwise_kernel")
            passing = np.eye(*other.shape[-2:]).reshape(other.shape)
        else:
            other = named(layer, "depthwise_kernel")
            passing = np.zeros(other.shape)
            passing[(1,) * rank] = 1
        other.assign(passing)

    return conv(
        *(f"{id} {weight}", rank, make, 19, 32, fan_in, fan_out),
        weight=weight,
        isolate=isolate,
        **options,
    )


CONVOLUTIONS += [
    separable(
        *("SeparableConv1D", partial(layers.SeparableConv1D, 32, 5), 1, "depthwise_kernel", 5, 5),
        blocks=32,
    ),
    separable(
        *("SeparableConv1D", partial(layers.SeparableConv1D, 64, 3), 1, "pointwise_kernel", 32, 64)
    ),
    separable(
        *("SeparableConv2D", partial(layers.SeparableConv2D, 32, 3), 2, "depthwise_kernel", 9, 9),
        blocks=32,
    ),
    separable(
        "SeparableConv2D s2 ×2",
        partial(layers.SeparableConv2D, 64, 3, strides=2, depth_multiplier=2),
        *(2, "depthwise_kernel", 9, 4.5),
        blocks=32,
        period=2,
    ),
    separable(
        *("SeparableConv2D", partial(layers.SeparableConv2D, 64, 3), 2, "pointwise_kernel", 32, 64)
    ),
    conv(
        "STFTSpectrogram real_kernel",
        1,
        lambda: layers.STFTSpectrogram("real", frame_length=8, frame_step=4, fft_length=16),
        *(60, 1, 8, 18),
        weight="real_kernel",
        period=4,
    ),
]

# Recurrent cells ----------------------------------------------------------------------------------


def from_input(layer, inputs):
    """Step from the state 0, and return the new state."""
    sizes = layer.state_size if isinstance(layer.state_size, list) else [layer.state_size]
    return layer(inputs, [ops.zeros((len(inputs), size)) for size in sizes])[0]


def from_state(layer, inputs):
    """Step from a state, with the input 0, and return the new state."""
    zeros = ops.zeros((len(inputs), layer.kernel.shape[0]))
    states = [inputs, ops.zeros_like(inputs)][: 2 if isinstance(layer, layers.LSTMCell) else 1]
    return layer(zeros, states)[0]


def open_gates(layer):
    """Set the biases so that the new state of linear gates is the third gate: the candidate."""
    third = layer.bias.shape[-1] // (4 if hasattr(layer, "filters") or is_lstm(layer) else 3)
    bias = np.zeros(layer.bias.shape)
    if is_lstm(layer):
        bias[:third] = bias[3 * third :] = 1  # the input gate, and the output gate
    else:
        bias[..., third : 2 * third] = 0.5 if bias.ndim == 2 else 1  # the reset gate
    layer.bias.assign(bias)


def is_lstm(layer):
    return isinstance(layer, layers.LSTMCell) or hasattr(layer, "filters")


LINEAR = {"activation": "linear", "recurrent_activation": "linear"}


def recurrent(id, make, weight, shape, fan_in, fan_out, gates, units):
    options = {}
    if gates > 1:
        options = {"part": np.s_[..., 2 * units : 3 * units], "isolate": open_gates}
    is_kernel = weight == "kernel"
    return Case(
        *(f"{id} {weight}", make, shape, fan_in, fan_out),
        kind=weight,
        blocks=gates,
        weight=weight,
        call=from_input if is_kernel else from_state,
        build=lambda layer, _: layer.build((None, 128)),
        **options,
    )


def simple():
    return layers.SimpleRNNCell(64, activation="linear")


def gru(**options):
    return partial(layers.GRUCell, 64, **LINEAR, **options)


def lstm():
    return layers.LSTMCell(64, **LINEAR)


def convolved(layer, inputs):
    zeros = ops.zeros((*inputs.shape[:-1], layer.filters))
    return layer(inputs, [zeros, zeros])[0]


def convolved_state(layer, inputs):
    zeros = ops.zeros((*inputs.shape[:-1], layer.input_dim))
    return layer(zeros, [inputs, ops.zeros_like(inputs)])[0]


def conv_lstm(rank, weight, size, channels, filters, fan_in, fan_out, stride=1):
    make = getattr(layers, f"ConvLSTM{rank}D")

    def cell():
        options = {"padding": "same", **LINEAR, "strides": stride}
        return make(filters, 3, **options).cell

    shape = (*[size] * rank, channels)
    return Case(
        *(f"ConvLSTM{rank}D {weight} s{stride}", cell, shape, fan_in, fan_out),
        kind=weight,
        blocks=4,
        weight=weight,
        call=strided(stride) if weight == "kernel" else convolved_state,
        isolate=open_gates,
        part=np.s_[..., 2 * filters : 3 * filters],
        spatial=rank,
        period=stride,
        build=lambda layer, _: layer.build((None, *[size] * rank, channels)),
    )


def strided(stride):
    def call(layer, inputs):
        *sizes, _ = inputs.shape[1:]
        zeros = ops.zeros((len(inputs), *[-(-size // stride) for size in sizes], layer.filters))
        return layer(inputs, [zeros, zeros])[0]

    return call


def of(path):
    """Return the one weight whose path contains all of the words."""

    def weight(layer):
        (found,) = [v for v in layer.weights if all(word in v.path for word in path.split())]
        return found

    return weight


def last_step(layer, inputs):
    return layer(inputs[:, None])


def pass_second(layer):
    kernel = layer.cell.cells[1].kernel
    kernel.assign(np.eye(*kernel.shape))


RECURRENT = [
    recurrent("SimpleRNNCell", simple, "kernel", (128,), 128, 64, 1, 64),
    recurrent("SimpleRNNCell", simple, "recurrent_kernel", (64,), 64, 64, 1, 64),
    recurrent("LSTMCell", lstm, "kernel", (128,), 128, 64, 4, 64),
    recurrent("LSTMCell", lstm, "recurrent_kernel", (64,), 64, 64, 4, 64),
    recurrent("GRUCell", gru(), "kernel", (128,), 128, 64, 3, 64),
    recurrent("GRUCell", gru(), "recurrent_kernel", (64,), 64, 64, 3, 64),
    recurrent(
        *("GRUCell, reset first,", gru(reset_after=False), "recurrent_kernel", (64,), 64, 64, 3, 64)
    ),
    conv_lstm(1, "kernel", 11, 5, 4, 15, 12),
    conv_lstm(2, "kernel", 9, 16, 16, 144, 144),
    conv_lstm(2, "kernel", 15, 4, 8, 36, 18, stride=2),
    conv_lstm(2, "recurrent_kernel", 9, 16, 16, 144, 144),
    conv_lstm(3, "kernel", 7, 3, 2, 81, 54),
    conv_lstm(3, "recurrent_kernel", 7, 2, 2, 54, 54),
    Case(
        "Bidirectional",
        lambda: layers.Bidirectional(layers.SimpleRNN(5, activation="linear")),
        *((7,), 7, 5),
        weight=of("forward /kernel"),
        outputs=np.s_[:5],
        call=last_step,
        build=lambda layer, _: layer.build((None, 1, 7)),
    ),
    Case(
        "StackedRNNCells",
        lambda: layers.RNN(
            [layers.SimpleRNNCell(units, activation="linear") for units in (5, 5)],
        ),
        *((7,), 7, 5),
        weight=lambda layer: layer.cell.cells[0].kernel,
        isolate=pass_second,
        call=last_step,
        build=lambda layer, _: layer.build((None, 1, 7)),
    ),
    Case("TimeDistributed", lambda: layers.TimeDistributed(layers.Dense(5)), (3, 7), 7, 5),
    conv(
        "SpectralNormalization",
        *(2, lambda: layers.SpectralNormalization(layers.Conv2D(6, 3)), 9, 4, 36, 54),
    ),
]

# Embeddings ---------------------------------------------------------------------------------------


def looked_up(layer, inputs):
    """Look up row 0, once for each input of 1."""
    rows = ops.convert_to_numpy(layer(np.zeros(inputs.shape, "int32")))
    return rows * inputs[..., None]


def reverse(layer, inputs):
    return layer(inputs, reverse=True)


def embedding(id, make, shape, fan_in, fan_out, weight="embeddings", call=looked_up, **options):
    options.setdefault("kind", "embedding")
    return Case(
        *(id, make, shape, fan_in, fan_out),
        weight=weight,
        call=call,
        build=lambda layer, _: layer.build(),
        **options,
    )


EMBEDDINGS = [
    embedding("Embedding", lambda: layers.Embedding(500, 64), (1,), 1, 64),
    embedding(
        "ReversibleEmbedding untied look-up",
        *(lambda: layers.ReversibleEmbedding(500, 64, tie_weights=False), (1,), 1, 64),
    ),
    embedding(
        "ReversibleEmbedding untied output",
        *(lambda: layers.ReversibleEmbedding(500, 64, tie_weights=False), (64,), 64, 500),
        weight="reverse_embeddings",
        call=reverse,
    ),
    embedding(
        "ReversibleEmbedding tied",
        *(lambda: layers.ReversibleEmbedding(500, 64), (64,), 64, 500),
        call=reverse,
    ),
]

# LoRA ---------------------------------------------------------------------------------------------


def with_lora(make, rank):
    """Return a function that makes a layer, and one that builds it with LoRA."""

    def build(layer, shape):
        layer.build(shape)
        layer.enable_lora(rank)

    return {"make": make, "build": build}


def passing(name, rows=None, center=None):
    """Set the other factor of LoRA to a matrix that passes values on: `rows` of its axes first."""

    def isolate(layer):
        other = named(layer, name)
        values = np.zeros(other.shape)
        if center is not None:
            values[center] = np.eye(*other.shape[-2:])
        else:
            columns = -1 if rows is None else int(np.prod(other.shape[rows:]))
            flat = values.reshape(-1, other.shape[-1] if rows is None else columns)
            flat[...] = np.eye(*flat.shape)
        other.assign(values)

    return isolate


def lora(id, kind, make, shape, fan_in, fan_out, *, rank, other, **options):
    base = "lora_embeddings" if "Embedding" in id else "lora_kernel"
    letter = kind[-1]
    rest = {"a": "b", "b": "a"}[letter]
    settings = {**with_lora(make, rank), **options}
    return Case(
        id=f"{id} {kind}",
        shape=shape,
        fan_in=fan_in,
        fan_out=fan_out,
        kind=kind,
        weight=f"{base}_{letter}",
        isolate=passing(f"{base}_{rest}", **other),
        **settings,
    )


def query():
    return layers.EinsumDense("abc,cde->abde", (None, 3, 7))


def output():
    return layers.EinsumDense("abcd,cde->abe", (None, 7))


def flipped():
    return layers.EinsumDense("abc,dc->abd", (None, 5))


def by_expert():
    return layers.EinsumDense("bef,efd->bed", (3, 7))


LORA = [
    lora("Dense", "lora_a", lambda: layers.Dense(7), (9,), 9, 4, rank=4, other={},
         outputs=np.s_[:4]),
    lora(
        *("Dense", "lora_b", lambda: layers.Dense(7), (9,), 4, 7),
        rank=4,
        other={},
        inputs=np.s_[:4],
    ),
    lora("query", "lora_a", query, (2, 12), 12, 12, rank=4, other={}, outputs=np.s_[..., :4]),
    lora(
        *("query", "lora_b", query, (2, 12), 4, 7),
        rank=4,
        other={"rows": 1},
        inputs=np.s_[:1],
        outputs=np.s_[:1],
    ),
    lora("output", "lora_a", output, (2, 3, 4), 12, 4, rank=4, other={}, outputs=np.s_[..., :4]),
    lora("output", "lora_b", output, (2, 3, 4), 4, 7, rank=4, other={}, inputs=np.s_[:, :1]),
    lora("flipped", "lora_a", flipped, (2, 9), 4, 5, rank=4, other={}, inputs=np.s_[..., :4]),
    lora("flipped", "lora_b", flipped, (2, 9), 9, 4, rank=4, other={}, outputs=np.s_[..., :4]),
    lora(
        *("by expert", "lora_a", by_expert, (3, 9), 9, 4),
        rank=4,
        other={},
        blocks=3,
        outputs=np.s_[..., :4],
    ),
    lora("Conv2D", "lora_a", conv2(8, 3), (9, 9, 6), 54, 36, rank=4, other={}, spatial=2,
         outputs=np.s_[..., :4]),
    lora("Conv2D", "lora_b", conv2(8, 3), (9, 9, 6), 4, 8, rank=4, other={"center": (1, 1)},
         spatial=2, inputs=np.s_[..., :4]),
    lora("Conv2D s2", "lora_a", conv2(8, 3, strides=2), (19, 19, 6), 54, 9, rank=4, other={},
         spatial=2, period=2, outputs=np.s_[..., :4]),
    lora("Embedding", "lora_a", lambda: layers.Embedding(9, 7), (1,), 1, 4, rank=4, other={},
         call=looked_up, outputs=np.s_[..., :4], draws=100),
    lora("Embedding", "lora_b", lambda: layers.Embedding(9, 7), (4,), 4, 7, rank=4, other={},
         call=lambda layer, x: ops.matmul(x, layer.embeddings[:4])),
    lora("Embedding tied", "lora_a", lambda: layers.ReversibleEmbedding(9, 7), (7,), 4, 9, rank=4,
         other={}, call=reverse, inputs=np.s_[:4], draws=30),
    lora("Embedding tied", "lora_b", lambda: layers.ReversibleEmbedding(9, 7), (7,), 7, 4, rank=4,
         other={}, call=reverse, outputs=np.s_[:4], draws=30),
]  # fmt: skip

# Scales -------------------------------------------------------------------------------------------


def normalized(layer, inputs):
    """Call a normalization so that it divides each value by 1, whatever the inputs are."""
    both = np.concatenate([inputs, -inputs], axis=-1)
    size = np.sqrt(np.square(both).mean(axis=-1, keepdims=True)) + 1e-30
    return ops.convert_to_numpy(layer(both / size))[..., : inputs.shape[-1]] * size


def unit_variance(layer):
    named(layer, "moving_variance").assign(np.ones(layer.moving_variance.shape))


def negative(layer, inputs):
    return -np.sign(inputs) * keras.ops.convert_to_numpy(layer(-np.abs(inputs)))


def scores(layer, inputs):
    """Return the scores of queries whose tanh (for additive ones) or value is the input."""
    keys = np.ones if type(layer) is layers.Attention and layer.score_mode == "dot" else np.zeros
    if keys is np.ones:
        return layer._calculate_scores(inputs, np.ones_like(inputs))
    zeros = np.zeros_like(inputs)
    return 10 * layer._calculate_scores(np.arctanh(inputs / 10).astype("float32"), zeros)


def unit_scale(layer):
    named(layer, "scale").assign(1.0)


def twice(layer, shape):
    layer.build((*shape[:-1], 2 * shape[-1]))


def scale(id, make, shape, weight="gamma", **options):
    return Case(id, make, shape, 1, 1, kind="scale", weight=weight, **options)


def both(layer, shape):
    layer.build([shape, shape])


FINE = {"epsilon": 1e-12}
SCALES = [
    scale("LayerNormalization", lambda: layers.LayerNormalization(**FINE), (64,),
          call=normalized, build=twice),
    scale("GroupNormalization", lambda: layers.GroupNormalization(1, **FINE), (64,),
          call=normalized, build=twice),
    scale("RMSNormalization", lambda: layers.RMSNormalization(**FINE), (64,), "scale",
          call=normalized, build=twice),
    scale("BatchNormalization", lambda: layers.BatchNormalization(**FINE), (64,),
          isolate=unit_variance),
    scale("PReLU", layers.PReLU, (8, 64), "alpha", call=negative),
    scale("PReLU shared", lambda: layers.PReLU(shared_axes=[1]), (8, 64), "alpha", call=negative),
    scale("Attention scale", lambda: layers.Attention(use_scale=True), (1, 1), "scale",
          call=scores, build=both, draws=400),
    scale("Attention concat", lambda: layers.Attention(use_scale=True, score_mode="concat"),
          (1, 1), "concat_score_weight", call=scores, build=both, isolate=unit_scale,
          draws=400),
    Case("AdditiveAttention", layers.AdditiveAttention, (1, 9), 9, 1, weight="scale",
         call=scores, build=both, draws=40),
]  # fmt: skip

CASES = [*EINSUM, *ATTENTION, *CONVOLUTIONS, *RECURRENT, *EMBEDDINGS, *LORA, *SCALES]
