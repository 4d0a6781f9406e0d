"""What all tests share: Keras on the backend of this run, and the command line."""

import os

from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# No deadline: the first example of a test may import SciPy or compile on JAX.
settings.register_profile("initreg", deadline=None, print_blob=True)
settings.load_profile("initreg")
