"""A weight that is spread over devices is drawn shard by shard, and holds the same values.

The devices are simulated. JAX must know their number when it starts, so each script in
`tests/models/sharding` is a process of its own.
"""

import os
import socket
import subprocess
import sys

import keras
import pytest

from initreg import ConfigError
from initreg.models.tensors import concrete
from tests.support import processes
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    pytest.mark.skipif(
        keras.config.backend() != "jax", reason="keras.distribution spreads weights on JAX alone"
    ),
    pytest.mark.skipif(
        not hasattr(sys.modules.get("jax"), "set_mesh"), reason="Keras calls jax.set_mesh here"
    ),
]


def simulated(devices):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def run(name, *arguments, devices=8):
    """Run a script of `tests/models/sharding`, which asserts, on simulated devices."""
    processes.run(*command(name, *arguments), cwd=ROOT, variables=simulated(devices))


def command(name, *arguments):
    return [sys.executable, "-m", f"tests.models.sharding.{name}", *map(str, arguments)]


@pytest.mark.parametrize("shape", [[8, 1], [1, 8], [2, 4], [4, 2]], ids=str)
def test_each_mesh_and_layout_holds_the_values_of_one_device(shape):
    run("each_layout", *shape)


def test_data_parallel_part_of_the_devices_and_a_subclassed_model():
    run("other_ways")


def test_weights_that_keras_would_compile_hold_the_same_values():
    run("large")


def test_apply_keeps_how_a_model_is_spread():
    run("applied")


def test_apply_leaves_each_weight_on_its_device():
    run("other_device", devices=2)


def test_a_variable_with_a_layout_of_its_own_follows_that():
    run("own_layout")


def test_a_layout_that_does_not_fit_is_rejected_as_keras_does():
    run("unfit")


def test_training_gives_what_it_gives_from_buffers_of_jax_itself():
    run("trained")


def test_a_region_is_drawn_once_for_all_devices_that_hold_it():
    run("drawn_once")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_whole_of_a_weight_is_never_held_beside_its_shards():
    run("peak")


def test_a_scope_compiles_nothing_for_a_weight_that_is_spread():
    run("compiled")


def test_a_layout_without_devices_is_rejected():
    import jax
    import numpy as np

    from initreg import resolve

    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("model",)).abstract_mesh
    layout = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    with pytest.raises(ConfigError) as caught:
        resolve("he_normal", portable=True)((2, 3), layout=layout)
    assert str(caught.value) == (
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


def test_two_processes_hold_what_one_holds(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    running = []
    try:
        for number in range(2):
            with (tmp_path / f"{number}.txt").open("w") as errors:
                process = subprocess.Popen(
                    command("part", tmp_path, port, number),
                    cwd=ROOT,
                    env=os.environ | simulated(devices=4),
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                )
            running.append(process)
        codes = [process.wait(timeout=240) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    messages = [(tmp_path / f"{number}.txt").read_text() for number in range(2)]
    assert codes == [0, 0], "\n".join(messages)
    run("together", tmp_path, devices=1)
