"""A variable with a layout of its own follows it, not the current distribution."""

import contextlib

import keras
import numpy as np
from keras.distribution import DeviceMesh, LayoutMap, TensorLayout

import initreg
from tests.models.sharding.shared import B, M, mesh_of, parallel

mesh = mesh_of(2, 4)
whole = initreg.draw("he_normal", (16, 32), seed=5)
for other in [None, DeviceMesh((4, 2), ["x", "y"]), DeviceMesh((4, 2), [B, M])]:
    distribution = other and parallel(LayoutMap(other))
    for axes in [(None, M), (B, M), (None, None)]:
        layout = TensorLayout(axes, mesh)
        for given in (layout, layout.backend_layout):
            with distribution.scope() if distribution else contextlib.nullcontext():
                initializer = initreg.resolve("he_normal", seed=5, portable=True)
                variable = keras.Variable(
                    initializer, shape=(16, 32), dtype="float32", layout=given
                )
            assert variable.value.sharding == layout.backend_layout, (other, axes)
            assert np.array_equal(np.array(variable.value), whole)
