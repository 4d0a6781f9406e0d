"""Keras's backend: chosen or explained, and Keras imported, here alone.

Keras fixes its backend when it is imported, once a process. Where it is missing, Keras's own error
is that of a missing module; ours says what is installed and what to do.
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

# What each backend needs beside Keras, in the order of choice. Keras's numpy backend imports JAX.
_NEEDS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow", "numpy": "jax"}


@public
def installed_backends() -> list[str]:
    """List Keras's backends that are installed, in the order of choice.

    >>> import keras
    >>> keras.config.backend() in installed_backends()
    True
    """
    return [name for name, module in _NEEDS.items() if importlib.util.find_spec(module)]


@public
def choose_backend(name: str | None = None) -> str:
    """Choose the backend for a process that has not imported Keras yet, and return its name.

    It is `name`, else ``KERAS_BACKEND``, else the one in Keras's own file where that is installed
    (Keras writes ``tensorflow`` there by itself), else the first that is installed. Raises
    `BackendError` where there is none, or where Keras already runs on another.
    """
    asked = name or os.environ.get("KERAS_BACKEND")
    installed = installed_backends()
    if not asked:
        written = _from_file()
        asked = written if written in installed else next(iter(installed), None)
    if not asked:
        raise BackendError(f"No backend of Keras is installed.\n{_how_to_install('jax')}")
    if "keras" in sys.modules:
        running = _running()
        if name and name != running:
            raise BackendError(
                f"Keras already runs on {running} in this process and can't change to {name}. "
                "Choose the backend before Keras is imported."
            )
        return running
    _require(asked, "--backend" if name else "KERAS_BACKEND", installed)
    os.environ["KERAS_BACKEND"] = asked
    return asked


def load_keras() -> Any:
    """Import Keras on the backend that it is set to, and return the module.

    Raises `BackendError` where that backend is not installed or can't start.
    """
    if "keras" not in sys.modules:
        asked, written = os.environ.get("KERAS_BACKEND"), _from_file()
        where = "KERAS_BACKEND" if asked else "Keras's settings" if written else "Keras's default"
        name = asked or written or "tensorflow"
        if name in _NEEDS:  # of any other, let Keras speak
            _require(name, where, installed_backends())
    try:
        return __import__("keras")  # quicker than import_module once Keras is there
    except (ImportError, ValueError) as error:  # ValueError: a setting in Keras's own file
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


def _require(name: str, where: str, installed: list[str]) -> None:
    if name in installed:
        return
    if name not in _NEEDS:
        raise BackendError(
            f"Keras has no backend {name!r} (from {where}). It has {', '.join(_NEEDS)}."
        )
    if installed:
        others = f"Installed: {', '.join(installed)}. Choose one: KERAS_BACKEND={installed[0]}\n"
    else:
        others = "No other backend of Keras is installed.\n"
    raise BackendError(
        f"Keras's backend {name!r} (from {where}) is not installed.\n"
        f"{others}{_how_to_install(name)}"
    )


def _how_to_install(name: str) -> str:
    return f"Install it: pip install 'initreg[{_NEEDS[name]}]'"
