"""Atomic file output; nothing is overwritten without ``--force``."""

import importlib.util
import math
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from initreg_cli.options import bad_value

if TYPE_CHECKING:
    from initreg import Sample

VALUES = (".npy", ".npz", ".csv")
PLOTS = (".png", ".svg")


def check_target(option: str, path: Path, endings: tuple[str, ...], force: bool) -> None:
    """Reject a file that could not be written, before any work is done.

    If `endings` is empty, any ending is accepted.
    """
    if endings and path.suffix.lower() not in endings:
        others = f"{', '.join(endings[:-1])} or " if endings[1:] else ""
        problem = f"{str(path)!r} must end in {others}{endings[-1]}."
    elif path.is_dir():
        problem = f"{path} is a folder. Name a file in it."
    elif not path.parent.is_dir():
        problem = f"there is no folder {path.parent} for {path.name}. Create it first."
    elif not os.access(path.parent, os.W_OK):
        problem = f"the folder {path.parent} is not writable. Choose another."
    elif os.path.lexists(path) and not force:
        problem = _exists(path)
    else:
        return
    raise bad_value(option, problem)


def _exists(path: Path) -> str:
    return f"{path} exists. Choose another name, or overwrite it with --force."


def require_matplotlib() -> None:
    """Reject ``--plot`` if matplotlib isn't installed."""
    if not importlib.util.find_spec("matplotlib"):
        problem = "plots need matplotlib. Install it: pip install 'initreg[plot]'"
        raise bad_value("--plot", problem)


def write_values(sample: "Sample", path: Path, force: bool) -> None:
    """Write the values. ``.npz`` and the head of ``.csv`` also have what repeats the draw."""
    import numpy as np

    values = sample.values

    def write(file: IO[bytes]) -> None:
        if path.suffix.lower() == ".npy":
            np.save(file, values, allow_pickle=False)
        elif path.suffix.lower() == ".npz":
            np.savez(file, values=values, **_about(sample))
        else:
            # The last axis becomes the columns; all others together become the rows.
            shape = values.shape if values.ndim > 1 else (values.size, 1)
            rows = values.reshape(math.prod(shape[:-1]), shape[-1])
            about = "\n".join(f"{key}: {value}" for key, value in _about(sample).items())
            form = f"%.{sample.digits}g"
            np.savetxt(file, rows, fmt=form, delimiter=",", header=about, encoding="utf-8")

    _write_whole(path, write, force)


def _about(sample: "Sample") -> dict[str, Any]:
    from initreg_cli.output import sample_report

    return {
        "spec": sample.spec,
        "seed": "" if sample.seed is None else str(sample.seed),
        "backend": sample.backend,
        "versions": sample_report.versions(sample),
        "shape": ",".join(map(str, sample.shape)),
        "dtype": sample.dtype,
    }


def write_text(text: str, path: Path, force: bool) -> None:
    """Write text as UTF-8; line ends are kept."""
    _write_whole(path, lambda file: file.write(text.encode()), force)


def write_plot(sample: "Sample", path: Path, force: bool, bins: int) -> None:
    """Write a picture of the histogram with its theoretical density."""
    from initreg_cli.output import plot

    format_ = path.suffix.lower().removeprefix(".")
    _write_whole(path, lambda file: plot.write(sample, bins, file, format_), force)


def _write_whole(path: Path, write: Callable[[IO[bytes]], object], force: bool) -> None:
    def save(temporary: Path) -> None:
        with temporary.open("xb") as file:
            write(file)

    save_whole(path, save, force)


def save_whole(
    path: Path, save: Callable[[Path], object], force: bool, ending: str = ".tmp"
) -> None:
    """Save to a new file in the same folder, then rename it, so that no file is half written.

    A file that is overwritten keeps its mode. A symbolic link is kept; its target is written.
    """
    target = path.resolve()
    temporary = target.with_name(f".initreg-{secrets.token_hex(8)}{ending}")
    try:
        save(temporary)
        if not force:
            _move_to_new(temporary, path)
        else:
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
    except OSError as error:  # name the file that was requested, not the temporary one
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _move_to_new(temporary: Path, path: Path) -> None:
    """Rename without overwriting, not even a file that has appeared in the meantime."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise typer.BadParameter(_exists(path)) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise typer.BadParameter(_exists(path)) from None
        temporary.replace(path)
