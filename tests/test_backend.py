"""The backend is chosen before Keras is imported, and a missing one is explained."""

import json
import os

import keras
import pytest

from initreg import BackendError, choose_backend, installed_backends
from tests.support.processes import python

pytestmark = pytest.mark.keras

# Runs code in a new process in which some modules can't be imported.
BLOCK = """
import importlib.util, sys
gone = {gone!r}
class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker)
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in gone else found(name, *rest)
import initreg
try:
    print({code})
except initreg.BackendError as error:
    print(f"BackendError: {{error}}")
assert {imports_keras} or "keras" not in sys.modules
"""


@pytest.fixture
def fresh(tmp_path):
    """Run an expression in a fresh process, without some modules and with its own settings."""

    def run(code, gone=(), imports_keras=False, written=None, **environment):
        (tmp_path / "keras.json").unlink(missing_ok=True)
        if written is not None:
            (tmp_path / "keras.json").write_text(written)
        script = BLOCK.format(gone=list(gone), code=code, imports_keras=imports_keras)
        variables = {"KERAS_BACKEND": None, "KERAS_HOME": str(tmp_path)} | environment
        return python(script, variables=variables).stdout.strip()

    return run


CHOOSE = "initreg.choose_backend()"
ALL = ("jax", "torch", "tensorflow")
HERE = os.environ["KERAS_BACKEND"]
NEEDED = "jax" if HERE == "numpy" else HERE
OTHERS = [name for name in ALL if name != NEEDED]


def test_the_backend_of_this_run_is_installed():
    assert HERE in installed_backends()


@pytest.mark.parametrize(
    ("written", "environment"),
    [
        (None, {"KERAS_BACKEND": HERE}),
        ('{"backend": "tensorflow"}', {"KERAS_BACKEND": HERE}),
    ],
)
def test_the_variable_overrides_the_file(fresh, written, environment):
    assert fresh(CHOOSE, OTHERS, written=written, **environment) == HERE


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow", "numpy"])
def test_the_argument_overrides_both(fresh, name):
    module = {"numpy": "jax"}.get(name, name)
    if module not in installed_backends():
        pytest.skip(f"{module} is not installed")
    code = f"initreg.choose_backend({name!r}), __import__('os').environ['KERAS_BACKEND']"
    assert fresh(code, KERAS_BACKEND="no-such") == f"{name} {name}"


@pytest.mark.parametrize(
    "written",
    [
        None,
        json.dumps({"backend": NEEDED}),
        '{"backend": "tpu"}',
        "{}",
        "[]",
        "no json",
        '{"backend": 1}',
    ],
)
def test_the_file_is_used_if_its_backend_is_installed(fresh, written):
    assert fresh(CHOOSE, OTHERS, written=written) == NEEDED


@pytest.mark.slow
def test_a_missing_backend_is_explained(fresh):
    gone = OTHERS[0]
    installed = [n for n in ("jax", "torch", "tensorflow", "numpy") if n in (NEEDED, "numpy")]
    installed = [n for n in installed if n != "numpy" or NEEDED == "jax"]
    shown = fresh(CHOOSE, OTHERS, KERAS_BACKEND=gone)
    assert shown == (
        f"BackendError: Keras's backend {gone!r} (from KERAS_BACKEND) isn't installed.\n"
        f"Installed: {', '.join(installed)}. Choose one: KERAS_BACKEND={installed[0]}\n"
        f"Install it: pip install 'initreg[{gone}]'"
    )
    asked = fresh(f"initreg.choose_backend({gone!r})", OTHERS)
    assert asked == shown.replace("KERAS_BACKEND)", "--backend)")
    resolved = fresh("initreg.resolve('zeros')", OTHERS, KERAS_BACKEND=gone)
    assert resolved == shown
    in_settings = fresh("initreg.resolve('zeros')", OTHERS, written=json.dumps({"backend": gone}))
    assert in_settings == shown.replace("from KERAS_BACKEND", "from Keras's settings")


def test_no_backend_at_all(fresh):
    assert fresh(CHOOSE, ALL) == (
        "BackendError: No backend of Keras is installed.\nInstall it: pip install 'initreg[jax]'"
    )
    assert fresh(CHOOSE, ALL, KERAS_BACKEND="torch") == (
        "BackendError: Keras's backend 'torch' (from KERAS_BACKEND) isn't installed.\n"
        "No other backend of Keras is installed.\nInstall it: pip install 'initreg[torch]'"
    )
    assert fresh("initreg.installed_backends()", ALL) == "[]"


def test_a_backend_that_keras_does_not_have(fresh):
    assert fresh(CHOOSE, KERAS_BACKEND="theano") == (
        "BackendError: Keras has no backend 'theano' (from KERAS_BACKEND). "
        "It has jax, torch, tensorflow, numpy."
    )


@pytest.mark.slow
def test_the_error_for_an_unknown_backend_is_that_of_keras(fresh):
    shown = fresh("initreg.resolve('zeros')", KERAS_BACKEND="theano", imports_keras=True)
    assert shown.startswith("BackendError: Keras can't start: ")


def test_checking_a_config_needs_neither_keras_nor_a_backend(fresh):
    theory = "initreg.validate('he_normal').distribution((3, 3), initreg.Fans(3, 3))"
    code = f"{theory}, initreg.Registry().entries()"
    assert fresh(code, [*ALL, "keras", "numpy", "scipy"]).startswith("TruncatedNormal(")


def test_a_running_keras_keeps_its_backend():
    assert keras.config.backend() == HERE
    assert choose_backend() == HERE
    assert choose_backend(HERE) == HERE
    other = "torch" if HERE == "jax" else "jax"
    with pytest.raises(BackendError) as caught:
        choose_backend(other)
    assert str(caught.value) == (
        f"Keras already runs on {HERE} in this process and can't change to {other}. "
        "Choose the backend before Keras is imported."
    )
