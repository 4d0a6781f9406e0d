"""The two things that `plan` and `apply` are given: rules, and a model from a file or from code."""

import difflib
import importlib
import inspect
import io
import json
import os
import re
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

RulesFile = Annotated[
    str,
    typer.Argument(
        help="The rules, in YAML, JSON or TOML, or a plan in JSON; - is the standard input.",
        metavar="RULES",
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        help="A .keras file, a model's config in JSON, or your own package.module:function that "
        "returns a built model.",
        metavar="MODEL",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed, 0 to 4294967295. Else the one in the rules, else one is drawn, and shown.",
        metavar="N",
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(
        help="Backend of Keras: jax, torch, tensorflow or numpy. Else KERAS_BACKEND, Keras's own "
        "settings, or the first that is installed.",
        metavar="NAME",
    ),
]

_OLD = (".h5", ".hdf5")
_RULES = (".yaml", ".yml", ".toml")
_CALL = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MOST = (64 << 20) + 1  # bytes of the standard input: more than is read of any language
_ORDER = "The rules come first, and then the model."


class Given(NamedTuple):
    """What is given as RULES, in a form that `initreg.plan` takes."""

    rules: Any
    seed: int | None


def read(file: str, model: str, seed: int | None) -> Given:
    """Read rules, before a model is built; a plan is checked against the model when that is."""
    from initreg import read_rules
    from initreg_cli.output import render

    ending = Path(file).suffix.lower()
    if ending in (".keras", *_OLD) or (_CALL.fullmatch(file) and not os.path.lexists(file)):
        raise _wrong("RULES", f"{file} is a model. {_ORDER}")
    if Path(model).suffix.lower() in _RULES:
        raise _wrong("MODEL", f"{model} is no model. {_ORDER}")
    written: dict[str, Any] = {}
    if file == "-" and sys.stdin is not None:
        data = sys.stdin.buffer.read(_MOST)
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
        written = _json(data)
    elif ending == ".json" and Path(file).is_file():
        written = _json(Path(file).read_bytes())
    if "class_name" in written:
        raise _wrong("RULES", f"{file} is a model's config. {_ORDER}")
    if "plan" in written:
        if seed is not None:
            render.note(f"--seed {seed} has no effect: the plan has its own seeds.")
        own = written.get("seed")
        kept = own if type(own) is int else None
        return Given(written if file == "-" else file, kept)
    read = read_rules(file)
    return Given(read, read.seed if seed is None else seed)


def _json(data: bytes) -> dict[str, Any]:
    """Return an object of JSON; of anything else, nothing, for `read_rules` explains it."""
    try:
        written = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return written if isinstance(written, dict) else {}


def load(model: str, backend: str | None, seed: int | None) -> Any:
    """Load a model from a file, or let the user's own function build it."""
    from initreg import choose_backend, load_model
    from initreg_cli.stdout import clean_stdout

    path = Path(model)
    if path.suffix.lower() in _OLD:
        problem = f"{model} is of Keras's older form. Save it as a .keras file, in Python:"
        code = f"initreg.load_model({model!r}).save({str(path.with_suffix('.keras'))!r})"
        raise _wrong("MODEL", f"{problem} {code}")
    is_file = path.suffix.lower() in (".keras", ".json")
    if not is_file and (model.partition(":")[0].endswith(".py") or not _CALL.fullmatch(model)):
        raise _wrong("MODEL", _no_form(model))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow greets on stderr
    with clean_stdout():
        if choose_backend(backend) != "tensorflow":
            # Where it is installed, Keras imports it to load and save, and it tells of oneDNN.
            os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
        if is_file:
            return _guarded(lambda: load_model(model), f"{model} can't be loaded", model)
        found = _found(model)
        choose_backend(backend)  # the module may have started Keras on another
        return _built(found, model, seed)


def _no_form(model: str) -> str:
    file, _, name = model.partition(":")
    if file.endswith(".py"):
        module = ".".join(Path(file).with_suffix("").parts)
        return f"{model!r} names a file. Name the module: {module}:{name or 'function'}"
    forms = "a .keras file, a model's config in JSON, or package.module:function"
    return f"{model!r} is no model. Give {forms}."


def _found(target: str) -> Any:
    """Import what the user names; the current directory is where `python -m` looks, too."""
    name, _, attributes = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = _guarded(
            lambda: importlib.import_module(name), f"{name} can't be imported", target
        )
    except ModuleNotFoundError as error:
        problem = f"there is no module {error.name} in {here}, nor is one installed."
        raise _wrong("MODEL", f"{problem} Go to the folder that it is in.") from None
    found: Any = module
    for part in attributes.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise _wrong("MODEL", f"{name} has no {part!r}.{hint}")
        found = getattr(found, part)
    return found


def _built(found: Any, target: str, seed: int | None) -> Any:
    from initreg import UnbuiltLayersWarning, scope

    if _is_model(found):
        return found
    if not callable(found):
        problem = f"{target} is of {type(found).__name__}, no function. Name one that returns the "
        raise _wrong("MODEL", f"{problem}model.")
    _refuse_arguments(found, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnbuiltLayersWarning)
        # Within a scope nothing is compiled: on JAX, that is most of the time of a build.
        with scope(seed=seed):
            model = _guarded(found, f"{target} failed", target)
    if not _is_model(model):
        problem = f"{target} returned {type(model).__name__}, no model of Keras."
        raise _wrong("MODEL", f"{problem} Return the model, built.")
    return model


def _is_model(value: Any) -> bool:
    keras: Any = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.layers.Layer)


def _refuse_arguments(function: Callable[..., Any], target: str) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # of some functions in C, Python knows none
        return
    try:
        signature.bind()
    except TypeError:
        problem = f"{target} takes {signature}, and is called without arguments."
        raise _wrong("MODEL", f"{problem} Write a function that calls it, and name that.") from None


def save(model: Any, path: Path, target: str) -> None:
    """Save a model as Keras does; what its own classes raise is told in a line."""
    _guarded(lambda: model.save(path), f"{target} can't be saved", target, (OSError,))


def _guarded(
    work: Callable[[], Any], what: str, target: str, passing: tuple[type[Exception], ...] = ()
) -> Any:
    """Run what is not ours; tell of its errors in a line, with the user's own place."""
    from initreg import InitregError

    ours: tuple[type[Exception], ...] = (InitregError, *passing)
    try:
        return work()
    except ours:
        raise
    except (Exception, SystemExit) as error:  # anyone's code
        if isinstance(error, ModuleNotFoundError) and _is_part(error.name, target):
            raise
        if os.environ.get("INITREG_DEBUG"):
            raise
        problem = f"{what}: {_told(error)}{_place(error)}"
        if target.startswith("keras.applications"):
            problem += "\nIt loads weights from the net. Write a function of your own that calls "
            problem += "it with weights=None, and name that."
        raise _wrong("MODEL", f"{problem}\nINITREG_DEBUG=1 shows all of it.") from None


def _is_part(missing: str | None, target: str) -> bool:
    name = target.partition(":")[0]
    return missing is not None and f"{name}.".startswith(f"{missing}.")


def _told(error: BaseException) -> str:
    """Write an error in one line; Keras's have colours, and the details in the end."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    plain = plain.partition("Arguments received by")[0]
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    return ": ".join(
        [type(error).__name__, " ".join(lines[:3])] if lines else [type(error).__name__]
    )


def _place(error: BaseException) -> str:
    """Say where the user's own code raised: its last line that is in no installed package."""
    if isinstance(error, SyntaxError):
        return ""  # it says so itself
    import initreg

    places = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    others = {*map(Path, places), Path(initreg.__file__).parent, Path(__file__).parent}
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and not others & {*Path(frame.filename).parents}
    ]
    return f"\n    at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _wrong(argument: str, problem: str) -> typer.BadParameter:
    return typer.BadParameter(problem, param_hint=f"'{argument}'")
