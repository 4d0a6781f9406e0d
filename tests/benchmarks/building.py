"""Compare building a model under a scope with plain Keras, each in its own process.

Before the clock starts, the process imports Keras and builds one small layer.
"""

from measure import Table, backends, rows, show, time_inside

BUILD = """
import contextlib, sys, time
import keras
import initreg
mode, name = sys.argv[1:]
def dense(count=100):
    x = inputs = keras.Input((64,))
    for width in range(count):
        x = keras.layers.Dense(64 + width % 7 + width)(x)
    return keras.Model(inputs, x)
make = dense if name == "dense" else lambda: getattr(keras.applications, name)(weights=None)
scope = initreg.scope(seed=42) if mode == "scope" else contextlib.nullcontext()
first = keras.layers.Dense(3)
with initreg.scope(seed=1) if mode == "scope" else contextlib.nullcontext():
    first.build((None, 2))
started = time.perf_counter()
with scope:
    model = make()
if keras.config.backend() == "jax":
    import jax
    jax.block_until_ready([weight.value for weight in model.weights])
print(time.perf_counter() - started)
"""

MODELS = {
    "a hundred distinct Dense layers": "dense",
    "EfficientNetB0": "EfficientNetB0",
    "ResNet50": "ResNet50",
}
TARGETS = {
    ("jax", "dense"): 0.01,
    ("jax", "EfficientNetB0"): 0.03,
    ("jax", "ResNet50"): 0.1,
    ("torch", "EfficientNetB0"): 1.0,
    ("torch", "ResNet50"): 1.0,
    ("tensorflow", "EfficientNetB0"): 1.0,
    ("tensorflow", "ResNet50"): 1.0,
}


def tables(rounds: int = 3) -> list[Table]:
    made = []
    for backend in backends():
        children, to, targets = {}, {}, {}
        for title, name in MODELS.items():
            ours, plain = f"{title}, scope(seed=42)", f"{title}, plain Keras"
            for key, mode in ((ours, "scope"), (plain, "plain")):
                children[key] = (BUILD, [mode, name], {"KERAS_BACKEND": backend})
            to[ours] = plain
            if target := TARGETS.get((backend, name)):
                targets[ours] = target
        times = time_inside(children, rounds)
        made.append(Table(f"Building on {backend}", rows(times, to, targets)))
    return made


if __name__ == "__main__":
    show(tables())
