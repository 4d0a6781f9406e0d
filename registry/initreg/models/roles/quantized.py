"""What quantized layers hold besides their kernels, and kernels that pack numbers together."""

from typing import Any

from initreg.draws.fans import Fans
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import single
from initreg.models.roles.role import Role

_STATISTICS = frozenset(
    {
        *("kernel_scale", "kernel_zero", "zero_point", "g_idx", "awq_scales"),
        *("inputs_scale", "inputs_amax_history", "kernel_amax_history"),
        *("outputs_grad_scale", "outputs_grad_amax_history"),
        *("embeddings_scale", "embeddings_zero"),
        *("reverse_embeddings_scale", "reverse_embeddings_zero"),
    }
)
_PACKED = ("int4", "gptq", "awq")


def quantization(name: str) -> Role | None:
    """Describe what quantization adds to a layer: scales, zero points, histories."""
    if name in _STATISTICS:
        return single("statistic", "belongs to the quantization of the layer")
    return None


def is_packed(layer: Any) -> bool:
    """Return True if each value of the layer's kernel holds several numbers."""
    return getattr(layer, "quantization_mode", None) in _PACKED


def packed(layer: Any, shape: Shape) -> Role | None:
    """Describe a kernel whose values hold several numbers each; None if the layer has none."""
    if not is_packed(layer):
        return None
    fans = Fans.of_shape(shape)
    why = f"holds numbers packed by {layer.quantization_mode}"
    return Role("other", fans.fan_in, fans.fan_out, why=why)
