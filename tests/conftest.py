"""What all tests share: Keras on the backend of this run, and the command line."""

import os

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
