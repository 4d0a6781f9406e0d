"""The whole of a weight is never held beside its shards. Linux alone, because it reads /proc."""

from pathlib import Path

import jax

import initreg
from initreg.config.drawing import fit
from initreg.models.weights import make_tensor
from tests.models.sharding.shared import B, M, mesh_of


def status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


sharding = jax.sharding.NamedSharding(mesh_of(2, 4).backend_mesh, jax.sharding.PartitionSpec(B, M))
config = initreg.validate("random_normal")
make_tensor(fit(config, (1024, 512)), "float32", 1, "warm", sharding=sharding)
before = status("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted again from here
tensor = make_tensor(fit(config, (8192, 8192)), "float32", 1, "large", sharding=sharding)
peak = status("VmHWM:") - before
assert peak < 1.5 * tensor.nbytes, peak / tensor.nbytes
