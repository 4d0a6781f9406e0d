"""Training gives the same result as from buffers that JAX itself made."""

import contextlib

import jax
import keras
import numpy as np
from keras.distribution import DataParallel

import initreg
from tests.models.sharding.shared import (
    BOTH,
    ONE,
    digest,
    layout_map,
    mesh_of,
    parallel,
    values,
)

inputs = np.random.default_rng(0).normal(size=(64, 64)).astype("float32")
targets = np.random.default_rng(1).normal(size=(64, 8)).astype("float32")


def train(distribution, *, copied):
    with distribution.scope() if distribution else contextlib.nullcontext():
        with initreg.scope(seed=42):
            hidden = keras.layers.Dense(1032, activation="relu", name="large")
            head = keras.layers.Dense(8, name="orthogonal")
            model = keras.Sequential([keras.Input((64,)), hidden, head], name="model")
        before = values(model)
        if copied:  # to buffers of JAX's own, which nothing else holds
            for weight in model.weights:
                weight.assign(jax.numpy.array(before[weight.path], copy=True))
        model.compile(keras.optimizers.Adam(0.01), "mse")
        model.fit(inputs, targets, batch_size=16, epochs=2, verbose=0, shuffle=False)
    return before, values(model)


mesh = mesh_of(2, 4)
ways = [parallel(layout_map(mesh, kind)) for kind in (ONE, BOTH)]
for way in [None, DataParallel(), *ways]:
    before, after = train(way, copied=False)
    again, wanted = train(way, copied=True)
    assert digest(before) == digest(again)
    assert digest(after) == digest(wanted), way
    assert all((before[path] != after[path]).any() for path in before)
