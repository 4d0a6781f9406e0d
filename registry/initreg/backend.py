"""Choose Keras's backend, and import Keras. No other module imports it.

Keras chooses its backend when it is imported, once for each process. If the backend is missing,
Keras's own error names a missing module. Ours says what is installed and what to do.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from initreg.errors import BackendError
from initreg.public import public

# The module that each backend needs, in the order of preference. Keras's numpy backend needs JAX.
_NEEDS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow", "numpy": "jax"}


@public
def installed_backends() -> list[str]:
    """List the backends of Keras that are installed, in the order of preference.

    >>> import keras
    >>> keras.config.backend() in installed_backends()
    True
    """
    return [name for name, module in _NEEDS.items() if importlib.util.find_spec(module)]


@public
def choose_backend(name: str | None = None) -> str:
    """Choose the backend for a process that has not imported Keras yet, and return its name.

    It is `name`, else ``KERAS_BACKEND``, else the backend in Keras's own settings file if that is
    installed (Keras writes ``tensorflow`` there automatically), else the first that is installed.
    Raises `BackendError` if none is installed, or if Keras already runs on another.
    """
    backend = name or os.environ.get("KERAS_BACKEND")
    installed = installed_backends()
    if not backend:
        written = _from_file()
        backend = written if written in installed else next(iter(installed), None)
    if not backend:
        raise BackendError(f"No backend of Keras is installed.\n{_how_to_install('jax')}")
    if "keras" in sys.modules:
        running = _running()
        if name and name != running:
            raise BackendError(
                f"Keras already runs on {running} in this process and can't change to {name}. "
                "Choose the backend before Keras is imported."
            )
        return running
    _require(backend, "--backend" if name else "KERAS_BACKEND", installed)
    os.environ["KERAS_BACKEND"] = backend
    return backend


def load_keras() -> Any:
    """Import Keras with its configured backend, and return the module.

    Raises `BackendError` if that backend isn't installed or can't start.
    """
    if "keras" not in sys.modules:
        variable, written = os.environ.get("KERAS_BACKEND"), _from_file()
        source = "Keras's settings" if written else "Keras's default"
        name = variable or written or "tensorflow"
        if name in _NEEDS:  # leave the error for unknown backends to Keras
            _require(name, "KERAS_BACKEND" if variable else source, installed_backends())
    try:
        return __import__("keras")  # faster than import_module once Keras is imported
    except (ImportError, ValueError) as error:  # ValueError: a wrong setting in Keras's file
        raise BackendError(f"Keras can't start: {error}") from error


def _running() -> str:
    return str(load_keras().config.backend())


def _from_file() -> str | None:
    """Read the backend from Keras's own file, as Keras does."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    try:
        written = json.loads((home / "keras.json").read_text())
        return str(written["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _require(name: str, source: str, installed: list[str]) -> None:
    if name in installed:
        return
    if name not in _NEEDS:
        raise BackendError(
            f"Keras has no backend {name!r} (from {source}). It has {', '.join(_NEEDS)}."
        )
    if installed:
        others = f"Installed: {', '.join(installed)}. Choose one: KERAS_BACKEND={installed[0]}\n"
    else:
        others = "No other backend of Keras is installed.\n"
    raise BackendError(
        f"Keras's backend {name!r} (from {source}) isn't installed.\n"
        f"{others}{_how_to_install(name)}"
    )


def _how_to_install(name: str) -> str:
    return f"Install it: pip install 'initreg[{_NEEDS[name]}]'"
