"""A model with weights of every kind, its layouts, and the checks of what each device holds."""

import hashlib

import jax
import keras
import numpy as np
from keras.distribution import DeviceMesh, LayoutMap, ModelParallel

import initreg


class Unknown(keras.initializers.Initializer):
    """An initializer that no plugin knows; only Keras can call it."""

    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return keras.random.uniform(shape, -1, 1, dtype=dtype, seed=self.seed)

    def get_config(self):
        return {"seed": self.seed}


class KerasOnly(
    initreg.InitializerConfig, name="keras_only", builds="tests.models.sharding.shared:Unknown"
):
    """An initializer of the registry with neither a distribution nor a draw of its own."""

    seed: initreg.Seed = None


initreg.default_registry().add(KerasOnly)

# Which axes of each kernel are spread: none, one, another one, or two.
NONE, ONE, OTHER, BOTH = range(4)
B, M = "batch", "model"
LAYOUTS = {
    "embedding/embeddings": [None, (M, None), (None, M), (B, M)],
    "attention/(query|key|value)/kernel": [None, (M, None, None), (None, M, None), (None, B, M)],
    "attention/attention_output/kernel": [None, (M, None, None), (None, M, None), (B, None, M)],
    "(einsum|large|orthogonal|unknown|ruled|portable)/kernel": [
        None,
        (M, None),
        (None, M),
        (B, M),
    ],
    "conv/kernel": [None, (None, None, M, None), (None, None, None, M), (None, None, B, M)],
    "(einsum|large|portable|conv)/bias": [None, None, (M,), (M,)],
}
RULES = [{"match": "^ruled/kernel$", "init": "keras_only"}]
APPLIED = [
    {"match": "^orthogonal/kernel$", "init": "orthogonal"},
    *RULES,
    {"match": ".*", "init": "random_normal"},
]


def make():
    """Make a model with weights of more than one chunk, and of less."""
    layers = keras.layers
    tokens = keras.Input((8,), dtype="int32")
    x = layers.Embedding(4096, 96, name="embedding")(tokens)
    x = layers.MultiHeadAttention(8, 64, name="attention")(x, x)
    x = layers.EinsumDense("abc,cd->abd", (8, 1032), bias_axes="d", name="einsum")(x)
    x = layers.Dense(520, kernel_initializer="he_normal", name="large")(x)
    x = layers.Dense(16, kernel_initializer="orthogonal", name="orthogonal")(x)
    x = layers.Dense(16, kernel_initializer=Unknown(), name="unknown")(x)
    x = layers.Dense(16, name="ruled")(x)
    portable = initreg.resolve("lecun_normal", seed=7, portable=True)
    x = layers.Dense(264, kernel_initializer=portable, dtype="bfloat16", name="portable")(x)
    x = layers.Reshape((4, 2, 264))(x)
    x = layers.Conv2D(256, 3, padding="same", name="conv")(x)
    return keras.Model(tokens, layers.GlobalAveragePooling2D()(x))


def make_in_scope():
    with initreg.scope(RULES, seed=42):
        return make()


def mesh_of(*shape):
    return DeviceMesh(shape, [B, M])


def layout_map(mesh, kind):
    layout_map = LayoutMap(mesh)
    for pattern, layouts in LAYOUTS.items():
        if layouts[kind] is not None:
            layout_map[pattern] = layouts[kind]
    return layout_map


def parallel(layouts):
    return ModelParallel(layout_map=layouts, batch_dim_name=B)


def values(model):
    return {weight.path: np.array(weight.value) for weight in model.weights}


def digest(values):
    digest = hashlib.sha256()
    for path in sorted(values):
        digest.update(path.encode() + values[path].tobytes())
    return digest.hexdigest()


def check(weights, wanted, layouts):
    """Check that weights have their values and lie as the map says, and each device its slice."""
    for weight in weights:
        value, whole = weight.value, wanted[weight.path]
        layout = layouts[weight.path]
        sharding = value.sharding
        spec = () if layout is None else layout.backend_layout.spec
        mesh = layouts.device_mesh.backend_mesh
        expected = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))
        if mesh.size > 1:  # on one device, Keras leaves what is there as it is
            assert isinstance(sharding, jax.sharding.NamedSharding), (weight.path, sharding)
            assert sharding.mesh == mesh, (weight.path, sharding)
        assert sharding.is_equivalent_to(expected, value.ndim), (weight.path, sharding, expected)
        assert len(value.addressable_shards) == mesh.size, weight.path
        for shard in value.addressable_shards:
            assert shard.data.tobytes() == whole[shard.index].tobytes(), (weight.path, shard)


def check_all(model, wanted, layouts):
    check(model.weights, wanted, layouts)
    assert digest(values(model)) == digest(wanted)
