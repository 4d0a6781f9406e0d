"""The inputs of `plan` and `apply`: rules, or a plan, and a model from a file or from code."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from initreg_cli import user_code
from initreg_cli.keras_backend import use_backend
from initreg_cli.options import bad_value
from initreg_cli.stdio import clean_stdout, peek_stdin

_HDF5 = (".h5", ".hdf5")  # the format of Keras 2
_RULES = (".yaml", ".yml", ".toml")
_ORDER = "The rules come first, then the model."


class Rules(NamedTuple):
    """Rules or a plan, as `initreg.plan` takes them, and the seed to use."""

    value: Any
    seed: int | None


def read_rules(file: str, model: str, seed: int | None, fans: str | None) -> Rules:
    """Read the rules or the plan. This is done before the model is built, which takes longer."""
    import initreg
    from initreg_cli.output import render

    _check_order(file, model)
    document: dict[str, Any] = {}
    if file == "-" and sys.stdin is not None:
        document = _json_object(peek_stdin())
    elif Path(file).suffix.lower() == ".json" and Path(file).is_file():
        document = _json_object(Path(file).read_bytes())
    if "class_name" in document:
        raise bad_value("RULES", f"{file} is a model's config. {_ORDER}")
    if "plan" in document:
        if seed is not None:
            render.print_note(f"--seed {seed} has no effect: the plan has its own seeds.")
        if fans is not None:
            render.print_note(f"--fans {fans} has no effect: the plan has its own fans.")
        own_seed = document.get("seed")
        return Rules(document if file == "-" else file, own_seed if type(own_seed) is int else None)
    rules = initreg.read_rules(file)
    return Rules(rules, rules.seed if seed is None else seed)


def _check_order(file: str, model: str) -> None:
    """Reject RULES and MODEL if they were exchanged, as far as their names show it."""
    is_model = Path(file).suffix.lower() in (".keras", *_HDF5)
    if is_model or (user_code.is_target(file) and not os.path.lexists(file)):
        raise bad_value("RULES", f"{file} is a model. {_ORDER}")
    if Path(model).suffix.lower() in _RULES:
        raise bad_value("MODEL", f"{model} is not a model. {_ORDER}")


def _json_object(data: bytes) -> dict[str, Any]:
    """Return an object of JSON. For anything else, return {}: `initreg.read_rules` explains it."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def load_model(model: str, backend: str | None, seed: int | None) -> Any:
    """Load a model from a file, or build it with the user's own function."""
    import initreg

    path = Path(model)
    if path.suffix.lower() in _HDF5:
        code = f"initreg.load_model({model!r}).save({str(path.with_suffix('.keras'))!r})"
        problem = f"{model} is in Keras's older format. Save it as a .keras file, in Python: {code}"
        raise bad_value("MODEL", problem)
    is_file = path.suffix.lower() in (".keras", ".json")
    names_file = model.partition(":")[0].endswith(".py")
    if not is_file and (names_file or not user_code.is_target(model)):
        raise bad_value("MODEL", _not_a_model(model))
    with clean_stdout():
        use_backend(backend)
        if is_file:
            return user_code.guarded(
                lambda: initreg.load_model(model), f"{model} can't be loaded", model
            )
        function = user_code.import_object(model)
        initreg.choose_backend(backend)  # the module may have started Keras on another one
        return user_code.build_model(function, model, seed)


def _not_a_model(model: str) -> str:
    file, _, name = model.partition(":")
    if file.endswith(".py"):
        module = ".".join(Path(file).with_suffix("").parts)
        return f"{model!r} names a file. Name the module: {module}:{name or 'function'}"
    forms = "a .keras file, a model's config in JSON, or package.module:function"
    return f"{model!r} is not a model. Give {forms}."


def save_model(model: Any, path: Path, name: str) -> None:
    """Save a model as Keras does. An error in the model's own classes becomes one line.

    An `OSError` is raised unchanged.
    """
    user_code.guarded(lambda: model.save(path), f"{name} can't be saved", name, (OSError,))
