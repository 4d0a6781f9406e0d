"""Data parallel, part of the devices, and a subclassed model hold the values of one device."""

import keras
import numpy as np
from keras.distribution import DataParallel, DeviceMesh, LayoutMap

import initreg
from tests.models.sharding.shared import (
    OTHER,
    B,
    M,
    check_all,
    layout_map,
    make_in_scope,
    mesh_of,
    parallel,
    values,
)

wanted = values(make_in_scope())
with DataParallel().scope():
    model = make_in_scope()
check_all(model, wanted, LayoutMap(DeviceMesh((8,), [B])))
for number in (1, 4):
    mesh = DeviceMesh((1, number), [B, M], devices=keras.distribution.list_devices()[:number])
    layouts = layout_map(mesh, OTHER)
    with parallel(layouts).scope():
        model = make_in_scope()
    check_all(model, wanted, layouts)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.first = keras.layers.Dense(1032, name="large")
        self.second = keras.layers.Dense(264, name="einsum")

    def call(self, inputs):
        return self.second(self.first(inputs))


def called():
    with initreg.scope(seed=42):
        model = Subclassed()
        model(np.zeros((8, 64), "float32"))
    return model


wanted = values(called())
layouts = LayoutMap(mesh_of(2, 4))
layouts[".*kernel"] = (None, M)
with parallel(layouts).scope():
    check_all(called(), wanted, layouts)
