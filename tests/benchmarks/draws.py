"""Compare portable draws of a hundred million values with Keras's on each backend, and NumPy's.

Each runs in its own process and draws twice. The second draw counts, because the backend compiles
code during the first.
"""

from measure import Table, backends, rows, show, time_inside

COUNT = 10**8

OURS = """
import sys, time
import initreg
spec, count = sys.argv[1], int(sys.argv[2])
initreg.draw(spec, count, seed=1)
started = time.perf_counter()
values = initreg.draw(spec, count, seed=2, threads=int(sys.argv[3]) or None)
print(time.perf_counter() - started)
"""

KERAS = """
import sys, time
import keras
kind, count = getattr(keras.initializers, sys.argv[1]), int(sys.argv[2])
def draw(seed):
    values = kind(seed=seed)((count,), dtype="float32")
    if hasattr(values, "block_until_ready"):
        values.block_until_ready()
    elif keras.config.backend() == "tensorflow":
        values[-1].numpy()
    return values
values = draw(1)
del values
started = time.perf_counter()
values = draw(2)
print(time.perf_counter() - started)
"""

NUMPY = """
import sys, time
import numpy as np
count = int(sys.argv[2])
generator = np.random.default_rng(1)
def draw():
    if sys.argv[1] == "RandomNormal":
        return generator.standard_normal(count, dtype=np.float32)
    if sys.argv[1] == "RandomUniform":
        return generator.random(count, dtype=np.float32)
    return np.empty(count, np.float32)
values = draw()
del values
started = time.perf_counter()
values = draw()
if sys.argv[1] == "write":
    values.fill(0.5)
print(time.perf_counter() - started)
"""

KINDS = {
    "random_normal": "RandomNormal",
    "random_uniform": "RandomUniform",
    "truncated_normal": "TruncatedNormal",
}


def tables(count: int = COUNT, rounds: int = 3) -> list[Table]:
    made = []
    for spec, kind in KINDS.items():
        ours = f"initreg.draw({spec})"
        size = str(count)
        children = {
            ours: (OURS, [spec, size, "0"], {}),
            f"{ours}, one thread": (OURS, [spec, size, "1"], {}),
        }
        for backend in backends():
            children[f"Keras's {kind} on {backend}"] = (
                KERAS, [kind, size], {"KERAS_BACKEND": backend},
            )  # fmt: skip
        if kind != "TruncatedNormal":
            children["NumPy's generator, float32, one thread"] = (NUMPY, [kind, size], {})
        children["one float32 written to new memory"] = (NUMPY, ["write", size], {})
        times = time_inside(children, rounds)
        # Here the ratio is the peer's time divided by ours.
        to = dict.fromkeys(list(children)[1:], ours)
        made.append(Table(f"{count:,} values of {spec}, float32", rows(times, to)))
    return made


if __name__ == "__main__":
    show(tables())
