"""Compare `apply`, on a model of a hundred million parameters, with the draws alone.

Each runs in its own process, after the model is built. It runs twice, and the second time counts.
The draws go to new arrays, as those of `apply` do.
"""

from measure import Table, backends, rows, show, time_inside

APPLY = """
import sys, time
import keras
import initreg
mode = sys.argv[1]
layers = [keras.layers.Dense(2048, use_bias=False) for _ in range(24)]
with initreg.scope(seed=1):
    model = keras.Sequential([keras.Input((2048,)), *layers])
rules = [{"match": "kernel$", "init": "random_normal(stddev=0.02)"}]
def work(seed):
    if mode == "apply":
        initreg.apply(model, rules, seed=seed, progress=False)
    else:
        held = [
            initreg.draw("random_normal(stddev=0.02)", tuple(w.shape), seed=seed, path=w.path)
            for w in model.weights
        ]
    if keras.config.backend() == "jax":
        import jax
        jax.block_until_ready([weight.value for weight in model.weights])
work(1)
started = time.perf_counter()
work(2)
print(time.perf_counter() - started)
"""


def tables(rounds: int = 5) -> list[Table]:
    made = []
    for backend in backends():
        ours, peer = "initreg.apply", "the draws alone"
        env = {"KERAS_BACKEND": backend}
        children = {ours: (APPLY, ["apply"], env), peer: (APPLY, ["draw"], env)}
        times = time_inside(children, rounds)
        title = f"100,663,296 parameters in 24 weights, on {backend}"
        made.append(Table(title, rows(times, {ours: peer}, {ours: 1.2})))
    return made


if __name__ == "__main__":
    show(tables())
