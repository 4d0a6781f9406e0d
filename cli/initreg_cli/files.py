"""Files that ``initreg sample`` writes: whole or not at all, and over nothing unless told."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from initreg import Sample

VALUES = (".npy", ".npz", ".csv")
PLOTS = (".png", ".svg")

# Digits that give each value back exactly.
_DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}


def check(path: Path, endings: tuple[str, ...], force: bool) -> None:
    """Refuse, before any work is done, a file that could not be written in the end."""
    if path.suffix.lower() not in endings:
        raise typer.BadParameter(f"{path} must end in {' or '.join(endings)}.")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"{path}: there is no folder {path.parent}.")
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder.")
    if path.exists() and not force:
        raise typer.BadParameter(f"{path} exists. --force overwrites it.")


def require_matplotlib() -> None:
    """Refuse a plot where matplotlib is not installed."""
    if not importlib.util.find_spec("matplotlib"):
        raise typer.BadParameter("--plot needs matplotlib. Install it: pip install 'initreg[plot]'")


def write_values(drawn: "Sample", path: Path, force: bool) -> None:
    """Write the values; ``.npz`` and the head of ``.csv`` also say how to draw them again."""
    import numpy as np

    values = drawn.values

    def write(file: IO[bytes]) -> None:
        if path.suffix.lower() == ".npy":
            np.save(file, values, allow_pickle=False)
        elif path.suffix.lower() == ".npz":
            np.savez(file, allow_pickle=False, values=values, **_about(drawn))
        else:
            # A row for each index of all axes but the last.
            rows = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
            about = "\n".join(f"{key}: {value}" for key, value in _about(drawn).items())
            digits = _DIGITS[drawn.dtype]
            np.savetxt(file, rows, fmt=f"%.{digits}g", delimiter=",", header=about)

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


def write_plot(drawn: "Sample", path: Path, force: bool, bins: int) -> None:
    """Draw the histogram under its theoretical density."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(drawn.finite.astype(float), bins=bins, density=True, label="drawn", alpha=0.6)
    theory = drawn.distribution
    if theory is not None and theory.stddev > 0:
        low, high = axes.get_xlim()
        points = [low + (high - low) * i / 400 for i in range(401)]
        axes.plot(points, [theory.pdf(x) for x in points], label="expected", linewidth=2)
    axes.legend()
    axes.set_title(f"{drawn.spec}   seed {drawn.seed}, {drawn.backend}, {drawn.dtype}")
    axes.set_xlabel("value")
    axes.set_ylabel("density")
    kind = path.suffix.lower().removeprefix(".")
    _write_whole(path, lambda file: figure.savefig(file, format=kind, dpi=150), force)


def _write_whole(path: Path, write: Callable[[IO[bytes]], object], force: bool) -> None:
    """Write beside `path`, then move: a failure or an interrupt leaves nothing half written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as file:
            write(file)
        if force:
            beside.replace(path)
        else:
            os.link(beside, path)  # unlike a move, it fails where a file has appeared meanwhile
    except FileExistsError:
        raise typer.BadParameter(f"{path} exists. --force overwrites it.") from None
    finally:
        beside.unlink(missing_ok=True)
