"""Compare the memory that a draw takes with the estimate by which `sample` rejects a shape.

Each case runs in its own process. A small draw first loads and compiles everything. The peak is
counted from what the process held then. A line through two sizes gives the bytes per value.
"""

import json
import subprocess
import sys

from measure import Table, environment, missing, show

from initreg.sampling.memory import bytes_per_value

CHILD = """
import json, sys
from pathlib import Path
import initreg

spec, dtype, *sizes = json.loads(sys.argv[1])

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024

def draw(rows, columns):
    drawn = initreg.sample(spec, (rows, columns), 1, dtype)
    drawn.statistics, drawn.expected, drawn.histogram(17)

draw(8, 8)
before = status("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
draw(*sizes)
print(status("VmHWM:") - before)
"""

SHAPES = {
    "random_normal": ((1024, 2048), (4096, 4096)),
    "truncated_normal": ((1024, 2048), (4096, 4096)),
    "orthogonal": ((1024, 1024), (2048, 2048)),
}


def _peak(backend: str, spec: str, dtype: str, shape: tuple[int, int]) -> int:
    env = environment(KERAS_BACKEND=backend, JAX_ENABLE_X64="1" if dtype == "float64" else "0")
    arguments = json.dumps([spec, dtype, *shape])
    command = [sys.executable, "-c", CHILD, arguments]
    ended = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return int(ended.stdout)


def tables() -> list[Table]:
    if not sys.platform.startswith("linux"):
        return [Table("Memory of a draw", [], ["Left out: it is measured on Linux only."])]
    backends = [b for b in ("jax", "torch") if missing(b, b) is None]
    made = []
    for backend in backends:
        for spec, shapes in SHAPES.items():
            for dtype in ("float32", "float64"):
                estimate = bytes_per_value(dtype, structured=spec == "orthogonal")
                peaks = {a * b: _peak(backend, spec, dtype, (a, b)) for a, b in shapes}
                (few, low), (most, high) = peaks.items()
                slope = (high - low) / (most - few)
                whole = high / most
                made.append(
                    (
                        f"{spec}, {dtype}, {backend}",
                        f"{slope:.1f} bytes a value",
                        f"{whole:.1f} at {most:,}",
                        f"{slope / estimate:.2f} ({whole / estimate:.2f})",
                        f"the estimate, {estimate} bytes a value; target ≤ 1",
                    )
                )
    notes = ["Memory: the growth per value, and the peak divided by the number of values."]
    return [Table("Memory of a draw, with its statistics", made, notes)]


if __name__ == "__main__":
    show(tables())
