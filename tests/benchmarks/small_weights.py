"""Compare scopes and `apply` with plain Keras and with the draws, for models of many small weights.

Each child runs on one backend. It builds the model in a scope and plainly, in turn, and applies
rules and draws the same weights, in turn. The least processor time of each counts. JAX is left out
of the building, because plain Keras compiles there: see `building`.
"""

import json
import subprocess

from measure import Table, backends, environment, python, rows, show

CHILD = """
import gc, json, sys, time
import keras
import initreg
name = sys.argv[1]
def gpt():
    x = inputs = keras.Input((8, 128))
    for _ in range(12):
        h = keras.layers.LayerNormalization()(x)
        x = x + keras.layers.MultiHeadAttention(4, 32)(h, h)
        h = keras.layers.Dense(512)(keras.layers.LayerNormalization()(x))
        x = x + keras.layers.Dense(128)(h)
    return keras.Model(inputs, x)
def dense():
    inputs = keras.Input((4,))
    return keras.Model(inputs, [keras.layers.Dense(4)(inputs) for _ in range(200)])
def mobile():
    return keras.applications.MobileNetV2(weights=None)
build = {"gpt": gpt, "dense": dense, "mobile": mobile}[name]
def scoped():
    with initreg.scope(seed=42):
        return build()
def spend(call):
    gc.collect()
    started = time.process_time()
    call()
    return time.process_time() - started
def least(calls, rounds):
    for call in calls:
        call()
    spent = [[spend(call) for call in calls] for _ in range(rounds)]
    return [min(column) for column in zip(*spent)]
model = scoped()
rules = initreg.read_rules([
    {"match": "kernel$", "init": "he_normal"},
    {"match": "gamma$", "init": "ones"},
    {"match": "(bias|beta)$", "init": "zeros"},
][:: 2 if name == "dense" else 1])
entries = [entry for entry in initreg.plan(model, rules, seed=1).entries if entry.action == "draw"]
def apply():
    initreg.apply(model, rules, seed=1, progress=False)
def draw():
    return [initreg.draw(e.spec, e.shape, seed=1, path=e.path, dtype=e.dtype) for e in entries]
is_jax = keras.config.backend() == "jax"
print(json.dumps([least([] if is_jax else [scoped, build], 5), least([apply, draw], 9)]))
"""

MODELS = {"mobile": "MobileNetV2", "gpt": "GPT-2 of 12 × 128", "dense": "200 Dense(4)"}


def tables(rounds: int = 3) -> list[Table]:
    made = []
    for backend in backends():
        times: dict[str, list[float]] = {}
        to, targets = {}, {}
        names = {
            model: (
                (f"{title}, scope(seed=42)", f"{title}, plain Keras", 1.0),
                (f"{title}, initreg.apply", f"{title}, the draws alone", 1.2),
            )
            for model, title in MODELS.items()
        }
        for _ in range(rounds):
            for model, pairs in names.items():
                env = environment(
                    KERAS_BACKEND=backend, OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3"
                )
                command = [*python(CHILD), model]
                done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
                measured = json.loads(done.stdout.splitlines()[-1])
                for (ours, peer, target), seconds in zip(pairs, measured, strict=True):
                    for name, spent in zip((ours, peer), seconds, strict=False):
                        times.setdefault(name, []).append(spent)
                    to[ours], targets[ours] = peer, target
        title = f"Models of many small weights on {backend}, processor time"
        made.append(Table(title, rows(times, to, targets)))
    return made


if __name__ == "__main__":
    show(tables())
