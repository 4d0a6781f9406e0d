"""A layout that does not fit a weight is rejected with the error of Keras."""

import contextlib

import keras
from keras.distribution import LayoutMap

import initreg
from tests.models.sharding.shared import M, mesh_of, parallel


def error_of(axes, scope):
    layouts = LayoutMap(mesh_of(2, 4))
    layouts[".*kernel"] = axes
    with parallel(layouts).scope(), scope:
        try:
            keras.layers.Dense(30).build((None, 16))
        except Exception as error:  # whatever Keras raises
            return type(error), str(error)
    return None


for axes in [(None, M), (None, None, M)]:  # 30 columns on four devices, and an axis too many
    own = error_of(axes, contextlib.nullcontext())
    assert own is not None
    assert error_of(axes, initreg.scope(seed=42)) == own, axes
