"""Weights that Keras would compile an initializer for hold the values of one device.

It does so for weights from this size on, if the initializer takes no `layout`.
"""

import keras
import numpy as np
from keras.distribution import LayoutMap
from keras.src.backend.jax.core import should_shard_at_init

import initreg
from tests.models.sharding.shared import RULES, B, M, Unknown, check, mesh_of, parallel

SHAPE = (2048, 4100)


class One(keras.layers.Layer):
    def __init__(self, initializer, name):
        super().__init__(name=name)
        self.initializer = initializer

    def build(self, _):
        self.kernel = self.add_weight(SHAPE, self.initializer, name="kernel")

    def call(self, inputs):
        return inputs


def weights():
    initializers = {
        "portable": initreg.resolve("truncated_normal", seed=1, portable=True),
        "stock": "glorot_uniform",
        "unknown": Unknown(),
        "ruled": "zeros",
    }
    with initreg.scope(RULES, seed=42):
        layers = [One(initializer, name) for name, initializer in initializers.items()]
        for layer in layers:
            layer.build(None)
    return [layer.kernel for layer in layers]


wanted = {weight.path: np.array(weight.value) for weight in weights()}
for axes in [(B, M), (None, None)]:
    layouts = LayoutMap(mesh_of(2, 4))
    layouts[".*kernel"] = axes
    assert should_shard_at_init(layouts["kernel"].backend_layout, SHAPE)
    with parallel(layouts).scope():
        check(weights(), wanted, layouts)
