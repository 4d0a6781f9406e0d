"""A weight that is spread over devices is drawn shard by shard, and holds the same values.

The devices are simulated, which has to be said before JAX starts: each script is a process of its
own.
"""

import os
import socket
import subprocess
import sys

import keras
import pytest

from initreg import ConfigError, validate
from initreg.config.drawing import fit
from initreg.models import weights
from initreg.models.tensors import concrete
from tests.support.processes import python

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        keras.config.backend() != "jax", reason="keras.distribution spreads weights on JAX alone"
    ),
    pytest.mark.skipif(
        not hasattr(sys.modules.get("jax"), "set_mesh"), reason="Keras calls jax.set_mesh here"
    ),
]

MODEL = '''
import contextlib, hashlib, json, sys
import jax, keras, numpy as np
import initreg
from initreg.config.drawing import fit
from keras.distribution import DataParallel, DeviceMesh, LayoutMap, ModelParallel, TensorLayout

class Unknown(keras.initializers.Initializer):
    """One that no plugin knows; only Keras can call it."""
    def __init__(self, seed=None):
        self.seed = seed
    def __call__(self, shape, dtype=None):
        return keras.random.uniform(shape, -1, 1, dtype=dtype, seed=self.seed)
    def get_config(self):
        return {"seed": self.seed}

class KerasOnly(initreg.InitializerConfig, name="keras_only", builds="__main__:Unknown"):
    """One of the registry, with neither a distribution nor a draw of its own."""
    seed: initreg.Seed = None

initreg.default_registry().add(KerasOnly)

def make():
    """A model with weights of more than one chunk, and of less."""
    layers = keras.layers
    tokens = keras.Input((8,), dtype="int32")
    x = layers.Embedding(4096, 96, name="embedding")(tokens)
    x = layers.MultiHeadAttention(8, 64, name="attention")(x, x)
    x = layers.EinsumDense("abc,cd->abd", (8, 1032), bias_axes="d", name="einsum")(x)
    x = layers.Dense(520, kernel_initializer="he_normal", name="large")(x)
    x = layers.Dense(16, kernel_initializer="orthogonal", name="orthogonal")(x)
    x = layers.Dense(16, kernel_initializer=Unknown(), name="unknown")(x)
    x = layers.Dense(16, name="ruled")(x)
    portable = initreg.resolve("lecun_normal", seed=7, portable=True)
    x = layers.Dense(264, kernel_initializer=portable, dtype="bfloat16", name="portable")(x)
    x = layers.Reshape((4, 2, 264))(x)
    x = layers.Conv2D(256, 3, padding="same", name="conv")(x)
    return keras.Model(tokens, layers.GlobalAveragePooling2D()(x))

# What is spread over the axes: no weight, one axis or another of each kernel, both.
NONE, ONE, OTHER, BOTH = range(4)
B, M = "batch", "model"
LAYOUTS = {
    "embedding/embeddings": [None, (M, None), (None, M), (B, M)],
    "attention/(query|key|value)/kernel": [None, (M, None, None), (None, M, None), (None, B, M)],
    "attention/attention_output/kernel": [None, (M, None, None), (None, M, None), (B, None, M)],
    "(einsum|large|orthogonal|unknown|ruled|portable)/kernel":
        [None, (M, None), (None, M), (B, M)],
    "conv/kernel": [None, (None, None, M, None), (None, None, None, M), (None, None, B, M)],
    "(einsum|large|portable|conv)/bias": [None, None, (M,), (M,)],
}
RULES = [{"match": "^ruled/kernel$", "init": "keras_only"}]
APPLIED = [
    {"match": "^orthogonal/kernel$", "init": "orthogonal"},
    *RULES,
    {"match": ".*", "init": "random_normal"},
]

def make_in_scope():
    with initreg.scope(RULES, seed=42):
        return make()

def layout_map(mesh, kind):
    found = LayoutMap(mesh)
    for pattern, layouts in LAYOUTS.items():
        if layouts[kind] is not None:
            found[pattern] = layouts[kind]
    return found

def values(model):
    return {weight.path: np.array(weight.value) for weight in model.weights}

def digest(values):
    found = hashlib.sha256()
    for path in sorted(values):
        found.update(path.encode() + values[path].tobytes())
    return found.hexdigest()

def check(weights, wanted, layouts):
    """Each weight has its values, lies as the map says, and each device has its slice."""
    for weight in weights:
        value, whole = weight.value, wanted[weight.path]
        layout = layouts[weight.path]
        sharding = value.sharding
        spec = () if layout is None else layout.backend_layout.spec
        mesh = layouts.device_mesh.backend_mesh
        asked = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))
        if mesh.size > 1:  # else Keras leaves what lies on that device as it is
            assert isinstance(sharding, jax.sharding.NamedSharding), (weight.path, sharding)
            assert sharding.mesh == mesh, (weight.path, sharding)
        assert sharding.is_equivalent_to(asked, value.ndim), (weight.path, sharding, asked)
        assert len(value.addressable_shards) == mesh.size, weight.path
        for shard in value.addressable_shards:
            assert shard.data.tobytes() == whole[shard.index].tobytes(), (weight.path, shard)

def check_all(model, wanted, layouts):
    check(model.weights, wanted, layouts)
    assert digest(values(model)) == digest(wanted)
'''


def simulated(devices):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def run(script, *arguments, devices=8):
    """Run a script that asserts, in a process with simulated devices."""
    python(MODEL + script, *arguments, variables=simulated(devices))


EACH_LAYOUT = """
shape = json.loads(sys.argv[1])
wanted = values(make_in_scope())
for kind in (NONE, ONE, OTHER, BOTH):
    layouts = layout_map(DeviceMesh(shape, [B, M]), kind)
    with ModelParallel(layout_map=layouts, batch_dim_name=B).scope():
        model = make_in_scope()
    check_all(model, wanted, layouts)
"""


@pytest.mark.parametrize("shape", [[8, 1], [1, 8], [2, 4], [4, 2]], ids=str)
def test_each_mesh_and_layout_holds_the_values_of_one_device(shape):
    run(EACH_LAYOUT, shape)


OTHER_WAYS = """
wanted = values(make_in_scope())
with DataParallel().scope():
    model = make_in_scope()
check_all(model, wanted, LayoutMap(DeviceMesh((8,), [B])))
for number in (1, 4):  # not all devices, and one alone
    mesh = DeviceMesh((1, number), [B, M], devices=keras.distribution.list_devices()[:number])
    layouts = layout_map(mesh, OTHER)
    with ModelParallel(layout_map=layouts, batch_dim_name=B).scope():
        model = make_in_scope()
    check_all(model, wanted, layouts)

class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.first = keras.layers.Dense(1032, name="large")
        self.second = keras.layers.Dense(264, name="einsum")
    def call(self, inputs):
        return self.second(self.first(inputs))

def called():
    with initreg.scope(seed=42):
        model = Subclassed()
        model(np.zeros((8, 64), "float32"))
    return model

wanted = values(called())
layouts = LayoutMap(DeviceMesh((2, 4), [B, M]))
layouts[".*kernel"] = (None, M)
with ModelParallel(layout_map=layouts, batch_dim_name=B).scope():
    check_all(called(), wanted, layouts)
"""


def test_data_parallel_part_of_the_devices_and_a_subclassed_model():
    run(OTHER_WAYS)


# Keras compiles an initializer without a `layout` for weights from this size on.
LARGE = """
class One(keras.layers.Layer):
    def __init__(self, initializer, name):
        super().__init__(name=name)
        self.initializer = initializer
    def build(self, _):
        self.kernel = self.add_weight((2048, 4100), self.initializer, name="kernel")
    def call(self, inputs):
        return inputs

def weights():
    portable = initreg.resolve("truncated_normal", seed=1, portable=True)
    each = {"portable": portable, "stock": "glorot_uniform", "unknown": Unknown(), "ruled": "zeros"}
    with initreg.scope(RULES, seed=42):
        layers = [One(initializer, name) for name, initializer in each.items()]
        for layer in layers:
            layer.build(None)
    return [layer.kernel for layer in layers]

from keras.src.backend.jax.core import should_shard_at_init
wanted = {weight.path: np.array(weight.value) for weight in weights()}
for axes in [(B, M), (None, None)]:
    layouts = LayoutMap(DeviceMesh((2, 4), [B, M]))
    layouts[".*kernel"] = axes
    assert should_shard_at_init(layouts["kernel"].backend_layout, (2048, 4100))
    with ModelParallel(layout_map=layouts, batch_dim_name=B).scope():
        check(weights(), wanted, layouts)
"""


def test_weights_that_keras_would_compile_hold_the_same_values():
    run(LARGE)


APPLY = """
model = make_in_scope()
before, plan = values(model), initreg.apply(model, APPLIED, seed=5)
wanted = values(model)
assert all((before[path] != wanted[path]).any() for path in wanted)
for kind in (NONE, ONE, OTHER, BOTH):
    layouts = layout_map(DeviceMesh((2, 4), [B, M]), kind)
    with ModelParallel(layout_map=layouts, batch_dim_name=B).scope():
        model = make_in_scope()
    shardings = [weight.value.sharding for weight in model.weights]
    again = initreg.apply(model, APPLIED, seed=5)
    assert [weight.value.sharding for weight in model.weights] == shardings
    check_all(model, wanted, layouts)
    for one, other in zip(plan.entries, again.entries, strict=True):
        assert abs(one.realised_stddev - other.realised_stddev) < 1e-6, one.path
"""


def test_apply_keeps_how_a_model_is_spread():
    run(APPLY)


LAYOUT_OF_ITS_OWN = """
mesh = DeviceMesh((2, 4), [B, M])
whole = initreg.draw("he_normal", (16, 32), seed=5)
others = [None, DeviceMesh((4, 2), ["x", "y"]), DeviceMesh((4, 2), [B, M])]
for other in others:  # of the distribution in force, which the variable does not follow
    parallel = other and ModelParallel(layout_map=LayoutMap(other))
    for axes in [(None, M), (B, M), (None, None)]:
        layout = TensorLayout(axes, mesh)
        for given in (layout, layout.backend_layout):
            with parallel.scope() if parallel else contextlib.nullcontext():
                initializer = initreg.resolve("he_normal", seed=5, portable=True)
                made = keras.Variable(initializer, shape=(16, 32), dtype="float32", layout=given)
            assert made.value.sharding == layout.backend_layout, (other, axes)
            assert np.array_equal(np.array(made.value), whole)
"""


def test_a_variable_with_a_layout_of_its_own_follows_that():
    run(LAYOUT_OF_ITS_OWN)


def test_a_layout_without_devices_is_refused():
    import jax
    import numpy as np

    from initreg import resolve

    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("model",)).abstract_mesh
    layout = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    with pytest.raises(ConfigError) as refused:
        resolve("he_normal", portable=True)((2, 3), layout=layout)
    assert str(refused.value) == (
        f"The layout {layout} doesn't name devices, and no mesh is set. "
        "Call the initializer inside jax.set_mesh(mesh)."
    )


def test_before_jax_has_get_mesh_the_mesh_is_that_of_the_distribution(monkeypatch):
    import jax

    monkeypatch.delattr(jax.sharding, "get_mesh", raising=False)
    parallel = keras.distribution.DataParallel(devices=keras.distribution.list_devices()[:1])
    mesh = parallel.device_mesh.backend_mesh
    layout = jax.sharding.NamedSharding(mesh.abstract_mesh, jax.sharding.PartitionSpec())
    with parallel.scope():
        assert concrete(layout).mesh == mesh
    with pytest.raises(ConfigError, match="no mesh is set"):
        concrete(layout)


def test_a_part_of_a_weight_does_not_keep_the_whole(monkeypatch):
    monkeypatch.setattr(weights, "is_sharded", lambda _: True)
    monkeypatch.setattr(weights, "to_shards", lambda draw, *_: draw([slice(0, 2), slice(0, 4)]))
    for spec in ("orthogonal", "random_normal"):
        part = weights.make_tensor(fit(validate(spec), (8, 4)), "float32", 1, "a")
        assert part.shape == (2, 4)
        assert part.base is None or part.base.nbytes == part.nbytes


UNFIT = """
def refusal(axes, scope):
    layouts = LayoutMap(DeviceMesh((2, 4), [B, M]))
    layouts[".*kernel"] = axes
    with ModelParallel(layout_map=layouts, batch_dim_name=B).scope(), scope:
        try:
            keras.layers.Dense(30).build((None, 16))
        except Exception as error:
            return type(error), str(error)

for axes in [(None, M), (None, None, M)]:  # 30 columns on four devices, and an axis too many
    own = refusal(axes, contextlib.nullcontext())
    assert own is not None and refusal(axes, initreg.scope(seed=42)) == own, axes
"""


def test_a_layout_that_does_not_fit_is_refused_as_keras_does():
    run(UNFIT)


TRAIN = """
inputs = np.random.default_rng(0).normal(size=(64, 64)).astype("float32")
targets = np.random.default_rng(1).normal(size=(64, 8)).astype("float32")

def trained(parallel, copied):
    with parallel.scope() if parallel else contextlib.nullcontext():
        with initreg.scope(seed=42):
            hidden = keras.layers.Dense(1032, activation="relu", name="large")
            head = keras.layers.Dense(8, name="orthogonal")
            model = keras.Sequential([keras.Input((64,)), hidden, head], name="model")
        before = values(model)
        if copied:  # to buffers of JAX's own, which nobody else holds
            for weight in model.weights:
                weight.assign(jax.numpy.array(before[weight.path], copy=True))
        model.compile(keras.optimizers.Adam(0.01), "mse")
        model.fit(inputs, targets, batch_size=16, epochs=2, verbose=0, shuffle=False)
    return before, values(model)

mesh = DeviceMesh((2, 4), [B, M])
ways = [ModelParallel(layout_map=layout_map(mesh, kind), batch_dim_name=B) for kind in (ONE, BOTH)]
for way in [None, DataParallel(), *ways]:
    (before, after), (again, wanted) = trained(way, False), trained(way, True)
    assert digest(before) == digest(again)
    assert digest(after) == digest(wanted), way
    assert all((before[path] != after[path]).any() for path in before)
"""


def test_training_gives_what_it_gives_from_buffers_of_jax_itself():
    run(TRAIN)


DRAWN_ONCE = """
from initreg.models import weights
drawn, real = [], weights.draw_fitted

def noting(*rest, region=None, **options):
    drawn.append(tuple((part.start, part.stop) for part in region))
    return real(*rest, region=region, **options)

weights.draw_fitted = noting
mesh = DeviceMesh((2, 4), [B, M]).backend_mesh
for axes in [(B, M), (None, M), (M, B), (B,), ()]:
    drawn.clear()
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes))
    fitted = fit(initreg.validate("random_normal"), (1024, 512))
    made = weights.make_tensor(fitted, "float32", 1, "a", sharding=sharding)
    regions = {
        tuple(part.indices(size)[:2] for part, size in zip(shard.index, made.shape, strict=True))
        for shard in made.addressable_shards
    }
    assert len(drawn) == len(regions) and set(drawn) == regions, axes
"""


def test_a_region_is_drawn_once_for_all_devices_that_hold_it():
    run(DRAWN_ONCE)


PEAK = """
from pathlib import Path
from initreg.models.weights import make_tensor

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024

mesh = DeviceMesh((2, 4), [B, M]).backend_mesh
sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(B, M))
config = initreg.validate("random_normal")
make_tensor(fit(config, (1024, 512)), "float32", 1, "warm", sharding=sharding)
before = status("VmRSS:")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
made = make_tensor(fit(config, (8192, 8192)), "float32", 1, "large", sharding=sharding)
peak = status("VmHWM:") - before
assert peak < 1.5 * made.nbytes, peak / made.nbytes
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_whole_of_a_weight_is_never_held_beside_its_shards():
    run(PEAK)


IN_SCOPE = """
compiled = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, *_, **__: compiled.append(event) if "backend_compile" in event else None
)
layouts = layout_map(DeviceMesh((2, 4), [B, M]), BOTH)
with ModelParallel(layout_map=layouts, batch_dim_name=B).scope(), initreg.scope(seed=42):
    for number in range(3):
        keras.layers.Dense(1032 + 8 * number, name="large").build((None, 512))
assert compiled == []
"""


def test_a_scope_compiles_nothing_for_a_weight_that_is_spread():
    run(IN_SCOPE)


# Two processes with four devices each, and a mesh over all eight.
PART = """
from initreg.models import weights

folder, port, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
keras.distribution.initialize(f"localhost:{port}", 2, number)
assert (len(jax.devices()), len(jax.local_devices())) == (8, 4)
layouts = layout_map(DeviceMesh((2, 4), [B, M]), BOTH)
keras.distribution.set_distribution(ModelParallel(layout_map=layouts, batch_dim_name=B))
try:
    initreg.scope()
except initreg.PlanError as error:
    problem = "Give a seed: otherwise each process draws its own, and the shards don't match."
    assert str(error) == problem
else:
    raise AssertionError("two processes have drawn a seed each")
drawn, real = [], weights.draw_fitted

def noting(fitted, dtype, seed, path, *, region=None, **options):
    drawn.append((path, region and [[part.start, part.stop] for part in region]))
    return real(fitted, dtype, seed, path, region=region, **options)

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
found = {"scope": shards(model), "drawn": drawn[:]}
initreg.apply(model, APPLIED, seed=5)
found["apply"] = shards(model)
total = jax.jit(jax.numpy.sum)(model.get_layer("large").kernel.value)  # of what both hold
found["total"] = float(total)
with open(f"{folder}/{number}.json", "w") as file:
    json.dump(found, file)
"""
TOGETHER = """
parts = [json.load(open(f"{sys.argv[1]}/{number}.json")) for number in range(2)]
assert parts[0]["total"] == parts[1]["total"]
model = make_in_scope()
for stage in ("scope", "apply"):
    if stage == "apply":
        initreg.apply(model, APPLIED, seed=5)
    for path, whole in values(model).items():
        held = {}
        for part in parts:
            assert len(part[stage][path]) == 4, path
            for bounds, found in part[stage][path]:
                values_there = whole[tuple(slice(*each) for each in bounds)]
                assert hashlib.sha256(values_there.tobytes()).hexdigest() == found, (stage, path)
                held[str(bounds)] = values_there.size
        assert sum(held.values()) == whole.size, (stage, path)
for part in parts:  # each has drawn its own regions of the large weights, and no others
    for path in ("embedding/embeddings", "large/kernel", "conv/kernel"):
        drawn = [region for drawn_path, region in part["drawn"] if drawn_path == path]
        assert sorted(drawn) == sorted(bounds for bounds, _ in part["scope"][path]), path
"""


def test_two_processes_hold_what_one_holds(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    running = []
    try:
        for number in range(2):
            with (tmp_path / f"{number}.txt").open("w") as errors:
                part = [MODEL + PART, str(tmp_path), str(port), str(number)]
                command = [sys.executable, "-c", *part]
                env = os.environ | simulated(devices=4)
                started = subprocess.Popen(
                    command, env=env, stdout=subprocess.DEVNULL, stderr=errors
                )
            running.append(started)
        codes = [each.wait(timeout=240) for each in running]
    finally:
        for each in running:
            each.kill()
            each.wait()
    said = [(tmp_path / f"{number}.txt").read_text() for number in range(2)]
    assert codes == [0, 0], "\n".join(said)
    run(TOGETHER, tmp_path, devices=1)
