"""The layers of keras-hub that make weights of their own have roles too."""

import importlib

import pytest

from initreg import role_of

pytestmark = pytest.mark.keras
hub = pytest.importorskip("keras_hub", reason="keras-hub is not installed: nox -s hub")


def internal(module, name):
    return getattr(importlib.import_module(f"keras_hub.src.{module}"), name)


def roles(layer, *shape):
    layer.build(*shape)
    found = {}
    for weight in layer.weights:
        role = role_of(layer, weight)
        found[weight.name] = (role.kind, role.fan_in, role.fan_out, role.blocks)
        if role.layout is not None:
            size = 1
            for length in role.layout.shape:
                size *= length
            assert size == weight.value.size if hasattr(weight.value, "size") else True
    return found


def test_embeddings():
    assert roles(hub.layers.PositionEmbedding(9), (None, 9, 6)) == {
        "embeddings": ("position", 1, 6, 1)
    }
    both = hub.layers.TokenAndPositionEmbedding(11, 9, 6)
    both.build((None, 9))
    kinds = [role_of(both, weight).kind for weight in both.weights]
    assert sorted(kinds) == ["embedding", "position"]
    assert roles(hub.layers.ReversibleEmbedding(11, 6), (None, 9)) == {
        "embeddings": ("embedding", 6, 11, 1)
    }


def test_heads_and_attention():
    head = roles(hub.layers.MaskedLMHead(vocabulary_size=11), (None, 9, 6))
    assert head["output_kernel"] == ("kernel", 6, 11, 1)
    assert head["output_bias"] == ("bias", 1, 1, 1)
    attention = hub.layers.CachedMultiHeadAttention(2, 3)
    attention.build((None, 9, 6), (None, 9, 6))
    assert {role_of(attention, weight).kind for weight in attention.weights} == {"kernel", "bias"}


def test_norms():
    assert roles(hub.layers.RMSNormalization(6), (None, 6)) == {"scale": ("scale", 1, 1, 1)}
    norm = internal("models.gemma.rms_normalization", "RMSNormalization")()
    assert roles(norm, (None, 6)) == {"scale": ("scale", 1, 1, 1)}
    norm = internal("models.t5.t5_layer_norm", "T5LayerNorm")()
    assert roles(norm, (None, 6)) == {"weight": ("scale", 1, 1, 1)}


def test_experts():
    mixtral = internal("models.mixtral.mixtral_decoder", "MixtralMoeExperts")
    bank = roles(mixtral(4, 6, 10), (None, 6))
    assert bank == {
        "expert_feedforward_gate_dense": ("kernel", 6, 10, 4),
        "expert_feedforward_intermediate_dense": ("kernel", 6, 10, 4),
        "expert_feedforward_output_dense": ("kernel", 10, 6, 4),
    }
    qwen = internal("models.qwen_moe.qwen_moe_decoder", "QwenMoeExperts")
    bank = roles(qwen(4, 6, 10), (None, 6))
    assert bank == {
        "expert_feedforward_gate_dense": ("kernel", 6, 10, 8),
        "expert_feedforward_output_dense": ("kernel", 10, 6, 4),
    }
    gpt = internal("models.gpt_oss.gpt_oss_decoder", "GptOssExperts")
    bank = roles(gpt(4, 6, 10), (None, 6))
    assert bank["gate_up_proj"] == ("kernel", 6, 10, 8)
    assert bank["down_proj"] == ("kernel", 10, 6, 4)
    assert bank["down_proj_bias"][0] == "bias"
