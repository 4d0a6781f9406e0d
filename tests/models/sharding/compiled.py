"""A scope compiles nothing for a weight that is spread."""

import jax
import keras

import initreg
from tests.models.sharding.shared import BOTH, layout_map, mesh_of, parallel

compiled = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: compiled.append(event) if "backend_compile" in event else None
)
layouts = layout_map(mesh_of(2, 4), BOTH)
with parallel(layouts).scope(), initreg.scope(seed=42):
    for number in range(3):
        keras.layers.Dense(1032 + 8 * number, name="large").build((None, 512))
assert compiled == []
