"""The user's own code: import it, call it, and report its errors in one line.

A traceback would show mostly initreg and Keras. The line is followed by the place in the user's own
file.
"""

import difflib
import importlib
import inspect
import os
import re
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from initreg_cli.options import bad_value

_TARGET = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def is_target(text: str) -> bool:
    """Return True for a text of the form ``package.module:function``."""
    return _TARGET.fullmatch(text) is not None


def import_object(target: str) -> Any:
    """Import ``package.module:name``, from the current directory or what is installed."""
    module_name, _, attributes = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        value = guarded(
            lambda: importlib.import_module(module_name), f"{module_name} can't be imported", target
        )
    except ModuleNotFoundError as error:
        problem = f"there is no module {error.name} in {here}, nor is one installed."
        raise bad_value("MODEL", f"{problem} Change to the folder that contains it.") from None
    for name in attributes.split("."):
        if not hasattr(value, name):
            near = difflib.get_close_matches(name, dir(value), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise bad_value("MODEL", f"{module_name} has no {name!r}.{hint}")
        value = getattr(value, name)
    return value


def build_model(function: Any, target: str, seed: int | None) -> Any:
    """Call the user's function, which returns a model. A model is returned unchanged."""
    from initreg import UnbuiltLayersWarning, scope

    if _is_model(function):
        return function
    if not callable(function):
        problem = f"{target} is of type {type(function).__name__}, not a function."
        raise bad_value("MODEL", f"{problem} Name a function that returns the model.")
    _require_no_arguments(function, target)
    with warnings.catch_warnings():
        # Layers that the function creates and never builds are not part of the model.
        warnings.simplefilter("ignore", UnbuiltLayersWarning)
        # Within a scope nothing is compiled: on JAX, that is most of the time of a build.
        with scope(seed=seed):
            model = guarded(function, f"{target} failed", target)
    if not _is_model(model):
        problem = f"{target} returned {type(model).__name__}, not a Keras model."
        raise bad_value("MODEL", f"{problem} Return the model, built.")
    return model


def _is_model(value: Any) -> bool:
    keras: Any = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.layers.Layer)


def _require_no_arguments(function: Callable[..., Any], target: str) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions in C have no signature
        return
    try:
        signature.bind()
    except TypeError:
        problem = f"{target} takes {signature}, but it is called without arguments."
        advice = "Write a function without arguments that calls it, and name that."
        raise bad_value("MODEL", f"{problem} {advice}") from None


def guarded(
    work: Callable[[], Any], failure: str, target: str, passing: tuple[type[Exception], ...] = ()
) -> Any:
    """Run code that isn't initreg's. Turn its exceptions into errors of one line.

    Errors of initreg and those in `passing` are raised unchanged, and so is a `ModuleNotFoundError`
    for `target` itself. With ``INITREG_DEBUG``, all errors are.
    """
    from initreg import InitregError

    unchanged: tuple[type[Exception], ...] = (InitregError, *passing)
    try:
        return work()
    except unchanged:
        raise
    except (Exception, SystemExit) as error:  # anyone's code
        if isinstance(error, ModuleNotFoundError) and _is_part(error.name, target):
            raise
        if os.environ.get("INITREG_DEBUG"):
            raise
        problem = f"{failure}: {_one_line(error)}{_place(error)}"
        if target.startswith("keras.applications"):
            problem += "\nIt downloads weights. Write a function of your own that calls it with "
            problem += "weights=None, and name that."
        raise bad_value("MODEL", f"{problem}\nINITREG_DEBUG=1 shows the traceback.") from None


def _is_part(missing: str | None, target: str) -> bool:
    """Return True if the missing module is the target's module, or a package around it."""
    name = target.partition(":")[0]
    return missing is not None and f"{name}.".startswith(f"{missing}.")


def _one_line(error: BaseException) -> str:
    """Write an error in one line, without the colours and details that Keras adds."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = text.partition("Arguments received by")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines[:3])}" if lines else type(error).__name__


def _place(error: BaseException) -> str:
    """Return the last line of the traceback that is in no installed package, with an indent."""
    if isinstance(error, SyntaxError):
        return ""  # its message has the place
    import initreg

    ours = (initreg.__file__, __file__)
    folders = {Path(sysconfig.get_path("stdlib")), *(Path(file).parent for file in ours)}
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")
        and not {"site-packages", "dist-packages"} & {*Path(frame.filename).parts}
        and not folders & {*Path(frame.filename).parents}
    ]
    return f"\n    at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
