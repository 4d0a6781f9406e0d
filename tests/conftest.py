"""What all tests share: Keras on the backend of this run, and the command line."""

import os
from collections.abc import Callable

import pytest
from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# On some processors TensorFlow announces oneDNN on stderr, at any log level.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# No deadline: the first example of a test may import SciPy or compile on JAX.
# CI looks at the same examples each time, so that a change is judged by itself; a person's run
# looks further.
settings.register_profile(
    "initreg", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("initreg")

_WITHOUT_INITREG = """\
import sys
class Blocker:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0].startswith("initreg"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker)
try:
    import initreg
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("initreg is there")
{}
assert not [name for name in sys.modules if name.startswith("initreg")]
"""


@pytest.fixture(scope="session")
def without_initreg() -> Callable[[str], str]:
    """Make a script run as where neither initreg nor its plugins can be imported."""
    return lambda script: _WITHOUT_INITREG.replace("{}", script)
