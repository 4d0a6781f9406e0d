"""The layers of keras-hub that make weights of their own, instead of using layers of Keras."""

from typing import Any

from initreg.draws.fans import Layout
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import matrix, single
from initreg.models.roles.role import Kind, Role
from initreg.models.roles.vectors import Describe, by_name

_ROWS: dict[str, Kind] = {
    **dict.fromkeys(
        (
            *("position_embeddings", "tiled_position_embeddings"),
            *("interpolated_position_embeddings", "pos_embed", "pos_query_embeddings"),
            *("rel_pos_h", "rel_pos_w", "position_embedding_table", "rel_embedding"),
            "relative_position_bias_table",
        ),
        "position",
    ),
    **dict.fromkeys(
        ("cls_token", "class_embedding", "mask_token", "register_tokens", "query_tokens"), "other"
    ),
}

# The names that mean one thing in every layer of keras-hub.
_BY_NAME = by_name(
    scale=["logit_scale", "layer_scalar", "lambda1", "per_dim_scale"],
    offset=["logit_bias"],
    statistic=[
        *("inv_freq", "rope_embeddings_cos", "rope_embeddings_sin", "position_ids"),
        *("input_min", "input_max", "output_min", "output_max"),
        *("ema_cluster_size", "ema_w", "std_bias", "std_scale", "token_ordering"),
    ],
)


def any_layer(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of any layer of keras-hub, by its name."""
    if (kind := _ROWS.get(name)) and shape:
        return _rows(kind, shape)
    return _BY_NAME(layer, name, shape)


def _positions(layer: Any, name: str, shape: Shape) -> Role | None:
    return _rows("position", shape) if name == "embeddings" and len(shape) == 2 else None


def _masked_lm_head(layer: Any, name: str, shape: Shape) -> Role | None:
    if name == "output_kernel" and len(shape) == 2:
        return matrix("kernel", shape, (0,), (1,), (), "contracts the last axis of the input")
    return single("bias", "is added to each output") if name == "output_bias" else None


_MATRICES = (
    *("expert_feedforward_intermediate_dense", "expert_feedforward_output_dense"),
    *("gate_proj", "up_proj", "down_proj"),
)


def _experts(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe the matrices of experts, which have the shape (experts, inputs, outputs)."""
    if len(shape) == 3 and name in _MATRICES:
        return _bank(shape)
    if len(shape) == 2 and name in ("gate_up_proj_bias", "down_proj_bias"):
        return single("bias", "is added to each output", shape[0])
    return single("scale", "multiplies each value") if name == "per_expert_scale" else None


def _bank(shape: Shape) -> Role:
    return matrix("kernel", shape, (1,), (2,), (0,), f"a matrix for each of {shape[0]} experts")


def _fused_experts(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe experts whose gate and first matrix are one weight, side by side."""
    if len(shape) != 3 or name != "expert_feedforward_gate_dense":
        return _experts(layer, name, shape)
    experts, inputs, both = shape
    why = f"two matrices for each of {experts} experts"
    return matrix("kernel", (experts, inputs, 2, both // 2), (1,), (3,), (0, 2), why)


def _interleaved_experts(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe experts whose gate and first matrix take turns in the columns of one weight."""
    if len(shape) != 3 or name != "gate_up_proj":
        return _experts(layer, name, shape)
    experts, inputs, both = shape
    why = f"two matrices for each of {experts} experts"
    return matrix("kernel", (experts, inputs, both // 2, 2), (1,), (2,), (0, 3), why)


def _mixtral_experts(layer: Any, name: str, shape: Shape) -> Role | None:
    if len(shape) == 3 and name == "expert_feedforward_gate_dense":
        return _bank(shape)
    return _experts(layer, name, shape)


def _rows(kind: Kind, shape: Shape) -> Role:
    """Return the role of a table whose rows are inputs of the layer after it."""
    layout = Layout(shape, (0,), (1,)) if len(shape) == 2 else None
    return Role(kind, 1, shape[-1], 1, "is added or joined to the input, row by row", layout)


LAYERS: dict[str, Describe] = {
    "PositionEmbedding": _positions,
    "T5MultiHeadAttention": _positions,  # its table of relative positions
    "MaskedLMHead": _masked_lm_head,
    "MixtralMoeExperts": _mixtral_experts,
    "QwenMoeExperts": _fused_experts,
    "Qwen3MoeExperts": _fused_experts,
    "Qwen3_5MoeExperts": _fused_experts,
    "GptOssExperts": _interleaved_experts,
    "Gemma4MoEBlock": _experts,
    "T5LayerNorm": by_name(scale=["weight"]),
    **dict.fromkeys(
        (
            *("RMSNormalization", "LlamaLayerNorm", "QwenLayerNorm", "QwenMoeLayerNorm"),
            *("RoformerNorm", "MistralLayerNormalization", "MixtralLayerNormalization"),
            *("Phi3LayerNorm", "Qwen3LayerNorm", "Qwen3MoeLayerNorm", "Qwen3_5LayerNorm"),
            *("Qwen3_5RMSNormGated", "GptOssLayerNormalization", "EdRecRMSNormalization"),
            *("Gemma3nRMSNorm", "Gemma3nAudioCumulativeGroupNorm", "Gemma4FrozenNorm"),
        ),
        by_name(scale=["scale"]),
    ),
}
