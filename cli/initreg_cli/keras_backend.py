"""The backend that Keras runs on."""

import os

from initreg import choose_backend


def use_backend(name: str | None) -> str:
    """Choose Keras's backend, before Keras is imported, and silence TensorFlow's greeting."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    backend = choose_backend(name)
    if backend != "tensorflow":
        # Keras imports TensorFlow, if it is installed, to save and load on any backend. Without
        # this, TensorFlow prints a note about oneDNN. On TensorFlow itself, it would change values.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    return backend
