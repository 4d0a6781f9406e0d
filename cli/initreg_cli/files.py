"""Files that commands write: whole or not at all, and over nothing unless told."""

import importlib.util
import math
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from initreg import Sample

VALUES = (".npy", ".npz", ".csv")
PLOTS = (".png", ".svg")


def check(option: str, path: Path, endings: tuple[str, ...], force: bool) -> None:
    """Refuse, before any work is done, a file that could not be written in the end.

    No endings are any ending.
    """
    if endings and path.suffix.lower() not in endings:
        others = f"{', '.join(endings[:-1])} or " if endings[1:] else ""
        problem = f"{str(path)!r} must end in {others}{endings[-1]}."
    elif path.is_dir():
        problem = f"{path} is a folder. Name a file in it."
    elif not path.parent.is_dir():
        problem = f"there is no folder {path.parent} for {path.name}. Make it first."
    elif not os.access(path.parent, os.W_OK):
        problem = f"the folder {path.parent} can't be written to. Choose another."
    elif os.path.lexists(path) and not force:
        problem = _exists(path)
    else:
        return
    raise typer.BadParameter(problem, param_hint=f"'{option}'")


def _exists(path: Path) -> str:
    return f"{path} exists. Choose another name, or overwrite it with --force."


def require_matplotlib() -> None:
    """Refuse a plot where matplotlib is not installed."""
    if not importlib.util.find_spec("matplotlib"):
        problem = "plots need matplotlib. Install it: pip install 'initreg[plot]'"
        raise typer.BadParameter(problem, param_hint="'--plot'")


def write_values(drawn: "Sample", path: Path, force: bool) -> None:
    """Write the values; ``.npz`` and the head of ``.csv`` also say how to draw them again."""
    import numpy as np

    values = drawn.values

    def write(file: IO[bytes]) -> None:
        if path.suffix.lower() == ".npy":
            np.save(file, values, allow_pickle=False)
        elif path.suffix.lower() == ".npz":
            np.savez(file, values=values, **_about(drawn))
        else:
            # A row for each index of all axes but the last.
            shape = values.shape if values.ndim > 1 else (values.size, 1)
            rows = values.reshape(math.prod(shape[:-1]), shape[-1])
            about = "\n".join(f"{key}: {value}" for key, value in _about(drawn).items())
            form = f"%.{drawn.digits}g"
            np.savetxt(file, rows, fmt=form, delimiter=",", header=about, encoding="utf-8")

    _write_whole(path, write, force)


def _about(drawn: "Sample") -> dict[str, Any]:
    return {
        "spec": drawn.spec,
        "seed": "" if drawn.seed is None else str(drawn.seed),
        "backend": drawn.backend,
        "versions": ", ".join(f"{name} {version}" for name, version in drawn.versions.items()),
        "shape": ",".join(map(str, drawn.shape)),
        "dtype": drawn.dtype,
    }


def write_text(text: str, path: Path, force: bool) -> None:
    """Write a text as UTF-8, its line ends as they are."""
    _write_whole(path, lambda file: file.write(text.encode()), force)


def write_plot(drawn: "Sample", path: Path, force: bool, bins: int) -> None:
    """Write the picture of the histogram under its theoretical density."""
    from initreg_cli.output import plot

    kind = path.suffix.lower().removeprefix(".")
    _write_whole(path, lambda file: plot.write(drawn, bins, file, kind), force)


def _write_whole(path: Path, write: Callable[[IO[bytes]], object], force: bool) -> None:
    def save(beside: Path) -> None:
        with beside.open("xb") as file:
            write(file)

    save_whole(path, save, force)


def save_whole(
    path: Path, save: Callable[[Path], object], force: bool, ending: str = ".tmp"
) -> None:
    """Save beside `path`, then move: a failure or an interrupt leaves nothing half written.

    What is overwritten keeps its mode, and a link to it stays one.
    """
    target = path.resolve()
    beside = target.with_name(f".initreg-{secrets.token_hex(8)}{ending}")
    try:
        save(beside)
        if not force:
            _move_to_new(beside, path)
        else:
            if target.exists():
                shutil.copymode(target, beside)
            beside.replace(target)
    except OSError as error:  # told of the file that was asked for, not of the one beside it
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        beside.unlink(missing_ok=True)


def _move_to_new(beside: Path, path: Path) -> None:
    """Move, but over nothing: not even over a file that has appeared meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise typer.BadParameter(_exists(path)) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise typer.BadParameter(_exists(path)) from None
        beside.replace(path)
