"""The layers of Keras that have weights, each with the function that describes its weights.

A layer is found by its top package and the name of its class, because the modules below `keras`
are private and move. A subclass has the roles of its base class.
"""

from functools import lru_cache
from typing import Any

from initreg.draws.shapes import Shape
from initreg.models.roles import convolutions, dense, embeddings, hub, recurrent
from initreg.models.roles.role import Role
from initreg.models.roles.vectors import Describe, by_name


def _spectral(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of SpectralNormalization, which also holds the kernel of its layer."""
    if name == "vector_u":
        return _VECTOR_U(layer, name, shape)
    return described(layer.layer, name, shape)


def _layer_scale(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe the one weight of ConvNeXt's LayerScale, which has no name."""
    return _GAMMA(layer, "gamma", shape)


_GAMMA = by_name(scale=["gamma"])
_VECTOR_U = by_name(statistic=["vector_u"])
_NORMALIZED = by_name(scale=["gamma"], offset=["beta"])

LAYERS: dict[str, Describe] = {
    "Dense": dense.dense,
    "EinsumDense": dense.einsum_dense,
    "AdditiveAttention": dense.additive_attention,
    "Attention": by_name(scale=["scale", "concat_score_weight"]),
    "BaseConv": convolutions.convolution,
    "BaseConvTranspose": convolutions.transposed,
    "BaseDepthwiseConv": convolutions.depthwise,
    "BaseSeparableConv": convolutions.separable,
    "STFTSpectrogram": convolutions.spectrogram,
    "SimpleRNNCell": recurrent.simple_cell,
    "GRUCell": recurrent.gru_cell,
    "LSTMCell": recurrent.lstm_cell,
    "ConvLSTMCell": recurrent.convolutional_cell,
    "Embedding": embeddings.embedding,
    "ReversibleEmbedding": embeddings.reversible_embedding,
    "PReLU": by_name(scale=["alpha"]),
    "LayerScale": _layer_scale,  # in keras.applications
    "LayerNormalization": _NORMALIZED,
    "GroupNormalization": _NORMALIZED,
    "RMSNormalization": by_name(scale=["scale"]),
    "BatchNormalization": by_name(
        scale=["gamma"],
        offset=["beta"],
        statistic=[
            *("moving_mean", "moving_variance", "moving_stddev"),
            *("renorm_mean", "renorm_stddev"),
        ],
    ),
    "Normalization": by_name(statistic=["mean", "variance", "count"]),
    "SpectralNormalization": _spectral,
}


def described(layer: Any, name: str, shape: Shape) -> Role | None:
    """Return the role of a weight of a layer in the table, or None."""
    for base in type(layer).__mro__:
        if (describe := described_by(base)) and (role := describe(layer, name, shape)):
            return role
    return None


@lru_cache(maxsize=1024)
def described_by(layer_class: type) -> Describe | None:
    """Return the function that describes the weights of a class in the table, or None."""
    if is_known(layer_class):
        return LAYERS.get(layer_class.__name__)
    if layer_class.__module__.partition(".")[0] != "keras_hub":
        return None
    describe = hub.LAYERS.get(layer_class.__name__)
    if describe is None:
        return hub.any_layer
    return lambda *weight: describe(*weight) or hub.any_layer(*weight)


def is_known(layer_class: type) -> bool:
    """Return True for Keras's own classes, whose roles no plugin can change."""
    return layer_class.__module__.partition(".")[0] == "keras"
