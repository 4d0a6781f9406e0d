"""The tables of embeddings: what a look-up adds up, and what an output does."""

from typing import Any

from initreg.draws.fans import Layout
from initreg.draws.shapes import Shape
from initreg.models.roles.axes import matrix
from initreg.models.roles.quantized import packed, quantization
from initreg.models.roles.role import Kind, Role


def embedding(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of Embedding, or return None."""
    if len(shape) != 2:
        return quantization(name)
    if name == "embeddings":
        return look_up("embedding", shape) if shape[1] == layer.output_dim else packed(layer, shape)
    if name == "lora_embeddings_a":
        return look_up("lora_a", shape)
    if name == "lora_embeddings_b":
        return matrix("lora_b", shape, (0,), (1,), (), "maps the rank of LoRA to the output")
    return quantization(name)


def reversible_embedding(layer: Any, name: str, shape: Shape) -> Role | None:
    """Describe a weight of ReversibleEmbedding, or return None.

    A tied table is both a look-up and the matrix of the output. The output counts, because logits
    that are too large spoil the first loss, and a look-up is usually scaled or normalized next.
    """
    if len(shape) != 2:
        return quantization(name)
    if name == "reverse_embeddings":
        if shape[0] != layer.output_dim:
            return packed(layer, shape)
        return matrix("embedding", shape, (0,), (1,), (), "contracts the last axis of the input")
    if not layer.tie_weights:
        return embedding(layer, name, shape)
    if name == "embeddings" and shape[1] == layer.output_dim:
        why = f"is tied, and the output counts; the look-up would be 1 / {shape[1]}"
        return matrix("embedding", shape, (1,), (0,), (), why)
    if name == "lora_embeddings_a":
        return matrix("lora_a", shape, (1,), (0,), (), "maps the rank of LoRA to the tied output")
    if name == "lora_embeddings_b":
        return matrix("lora_b", shape, (1,), (0,), (), "maps the tied input to the rank of LoRA")
    return embedding(layer, name, shape)


def look_up(kind: Kind, shape: Shape, why: str = "looks up one row") -> Role:
    """Return the role of a table of which a layer takes one row at a time: 1 / its width."""
    return Role(kind, 1, shape[1], 1, why, Layout(shape, (0,), (1,)))
