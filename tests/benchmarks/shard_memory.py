"""Compare the memory needed to draw a weight on eight devices with what the devices then hold.

The devices are simulated, so they use the memory of the process. Each case runs in its own process.
Its peak is counted from what the process held after it had drawn a small weight in the same way. If
simulated devices hold equal shards, JAX may let them share one NumPy array.
"""

import subprocess
import sys
from statistics import median

from measure import Table, environment, python, show

CHILD = """
import contextlib, sys
from pathlib import Path
import jax, keras, numpy as np
import initreg
from keras.distribution import DeviceMesh, LayoutMap, ModelParallel

way, axes, count, rows, columns = *sys.argv[1:3], *map(int, sys.argv[3:])
layouts = LayoutMap(DeviceMesh((8,), ["model"]))
layouts[".*"] = tuple(axis if axis != "-" else None for axis in axes.split())

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024

class Weights(keras.layers.Layer):
    def __init__(self, count, shape):
        super().__init__()
        self.count, self.shape = count, shape
    def build(self, _):
        self.made = [self.add_weight(self.shape, "random_normal") for _ in range(self.count)]

def make(count, shape):
    if way == "jax":
        sharding = layouts["weight"].backend_layout
        made = [jax.device_put(np.full(shape, i, "float32"), sharding) for i in range(count)]
        return jax.block_until_ready(made)
    scope = initreg.scope(seed=42) if way == "scope" else contextlib.nullcontext()
    with ModelParallel(layout_map=layouts).scope(), scope:
        layer = Weights(count, shape)
        layer.build(None)
    jax.block_until_ready([weight.value for weight in layer.made])
    return layer

first = make(1, (64, 64))
before = status("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
made = make(count, (rows, columns))
peak = status("VmHWM:") - before
arrays = made if way == "jax" else [weight.value for weight in made.made]
print(peak, sum(shard.data.nbytes for array in arrays for shard in array.addressable_shards))
"""

WAYS = {"scope": "initreg.scope", "keras": "plain Keras", "jax": "jax.device_put of an array"}
CASES = {
    "1 GiB, rows over 8 devices": ("model -", 1, 16384, 16384),
    "1 GiB, columns over 8 devices": ("- model", 1, 16384, 16384),
    "128 MiB, all on each of 8 devices": ("- -", 1, 4096, 8192),
    "1,024 of 256 KiB, columns over 8 devices": ("- model", 1024, 256, 256),
    "4,096 of 16 KiB, columns over 8 devices": ("- model", 4096, 64, 64),
}


def _measured(way: str, case: tuple[str, int, int, int]) -> tuple[int, int]:
    env = environment(XLA_FLAGS="--xla_force_host_platform_device_count=8", JAX_PLATFORMS="cpu")
    command = [*python(CHILD), way, *map(str, case)]
    ended = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    peak, held = map(int, ended.stdout.split()[-2:])
    return peak, held


def _mebibytes(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"


def tables(rounds: int = 3) -> list[Table]:
    if not sys.platform.startswith("linux"):
        return [Table("Memory of shards", [], ["Left out: it is measured on Linux only."])]
    made = []
    for title, case in CASES.items():
        for way, name in WAYS.items():
            if way == "jax" and case[1] == 1:
                continue  # a full copy in addition to the shards, obviously
            found = [_measured(way, case) for _ in range(rounds)]
            peaks, held = [peak for peak, _ in found], found[0][1]
            compared = f"{median(peaks) / held:.2f} ({min(peaks) / held:.2f})"
            target = "; target ≤ 1.2" if way == "scope" else ""
            against = f"what the devices hold, {_mebibytes(held)}{target}"
            row = (f"{title}: {name}", _mebibytes(median(peaks)), _mebibytes(min(peaks)))
            made.append((*row, compared, against))
    notes = [
        "Memory of shards: of 16 KiB and less, JAX's own objects take about 2 KiB for each shard."
    ]
    return [Table("Peak memory of weights made on eight simulated devices, float32", made, notes)]


if __name__ == "__main__":
    show(tables())
