"""One of two processes with four devices each, and a mesh over all eight.

The arguments are a folder for its results, the port of the first process, and its number.
"""

import hashlib
import json
import sys
from pathlib import Path

import jax
import keras

import initreg
from initreg.models import weights
from tests.models.sharding.shared import (
    APPLIED,
    BOTH,
    layout_map,
    make_in_scope,
    mesh_of,
    parallel,
)

folder, port, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
keras.distribution.initialize(f"localhost:{port}", 2, number)

assert (len(jax.devices()), len(jax.local_devices())) == (8, 4)
keras.distribution.set_distribution(parallel(layout_map(mesh_of(2, 4), BOTH)))
try:
    initreg.scope()
except initreg.PlanError as error:
    problem = "Give a seed: otherwise each process draws its own, and the shards don't match."
    assert str(error) == problem
else:
    raise AssertionError("two processes have drawn a seed each")
drawn, draw = [], weights.draw_fitted


def noting(fitted, dtype, seed, path, *, region=None, **options):
    drawn.append((path, region and [[part.start, part.stop] for part in region]))
    return draw(fitted, dtype, seed, path, region=region, **options)


def digest_of(shard, shape):
    bounds = [part.indices(size)[:2] for part, size in zip(shard.index, shape, strict=True)]
    return bounds, hashlib.sha256(shard.data.tobytes()).hexdigest()


def shards(model):
    return {
        weight.path: [digest_of(shard, weight.shape) for shard in weight.value.addressable_shards]
        for weight in model.weights
    }


weights.draw_fitted = noting
model = make_in_scope()
results = {"scope": shards(model), "drawn": drawn[:]}
initreg.apply(model, APPLIED, seed=5)
results["apply"] = shards(model)
total = jax.jit(jax.numpy.sum)(model.get_layer("large").kernel.value)  # of what both hold
results["total"] = float(total)
(folder / f"{number}.json").write_text(json.dumps(results))
