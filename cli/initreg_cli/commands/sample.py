"""``initreg sample``: values drawn through Keras, beside what theory expects."""

import math
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from initreg_cli.completion import complete_name
from initreg_cli.inputs import Backend

if TYPE_CHECKING:
    from initreg import Sample

_BINS = 17  # odd, so that a symmetric distribution has its mean in the middle of a bin
_PLOT_BINS = 60


def sample(
    spec: Annotated[
        str,
        typer.Argument(
            help='The initializer, such as "random_normal(mean=0,stddev=0.05)".',
            metavar="SPEC",
            autocompletion=complete_name,
        ),
    ],
    shape: Annotated[
        str | None,
        typer.Option(
            help="Shape of the weight. Else one that suits the initializer: 64,32 for most.",
            metavar="N,N",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed, 0 to 4294967295. Without it one is drawn, and shown.", metavar="N"
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="float16, bfloat16, float32 or float64.", metavar="DTYPE")
    ] = "float32",
    backend: Backend = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the values to a .npy, .npz or .csv file.", metavar="FILE"),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Write the histogram to a .png or .svg file.", metavar="FILE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw values from an initializer, and compare them with theory."""
    from initreg import choose_backend, validate
    from initreg import sample as draw
    from initreg_cli import files
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout

    sizes = None if shape is None else _sizes(shape)
    if out is not None:
        files.check("--out", out, files.VALUES, force)
    if plot is not None:
        files.check("--plot", plot, files.PLOTS, force)
        files.require_matplotlib()
    # TensorFlow greets on stderr, and JAX gives 64 bits only where it is told so before it starts.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if dtype == "float64":
        os.environ.setdefault("JAX_ENABLE_X64", "1")
    with clean_stdout():
        config = validate(spec)
        choose_backend(backend)
        drawn = draw(config, sizes, seed, dtype)
    if seed is not None and drawn.seed != seed:
        kept = (
            "it draws nothing at random" if drawn.seed is None else f"it has its own {drawn.seed}"
        )
        render.note(f"--seed {seed} has no effect on {drawn.spec}: {kept}.")
    if dtype == "float64" and drawn.backend == "jax":
        render.note("JAX draws float64 where JAX_ENABLE_X64=1 is set, as it is here.")
    if out is not None:
        files.write_values(drawn, out, force)
        render.note(f"Wrote {_counted(drawn.count)} to {out}.")
    if plot is not None:
        files.write_plot(drawn, plot, force, _PLOT_BINS)
        render.note(f"Wrote the histogram to {plot}.")
    if json:
        render.json(_as_json(drawn))
    else:
        _print(drawn, given=seed is not None)


# 64,32 and 64x32, as NumPy and Keras print it, (64, 32) and (64,), and () or nothing: a scalar.
_SHAPE = re.compile(r"(?:[0-9]{1,30}(?:(?:\s*[,x×]\s*|\s+)[0-9]{1,30})*\s*,?)?")
_BRACKETS = ("()", "[]")


def _sizes(shape: str) -> tuple[int, ...]:
    inner = shape.strip()
    if (inner[:1] + inner[-1:]) in _BRACKETS:
        inner = inner[1:-1].strip()
    if not _SHAPE.fullmatch(inner):
        problem = f"{shape!r} is no shape. Write whole numbers from 0 up, with commas: 64,32"
        raise typer.BadParameter(problem, param_hint="'--shape'")
    return tuple(int(size) for size in re.findall(r"[0-9]+", inner))


def _print(drawn: "Sample", given: bool) -> None:
    from initreg_cli.output import render

    versions = ", ".join(f"{name} {version}" for name, version in drawn.versions.items())
    sizes = " × ".join(map(str, drawn.shape)) or "scalar"
    about = {
        "spec": drawn.spec,
        "backend": f"{drawn.backend} ({versions})",
        "seed": _seed_text(drawn, given),
        "shape": f"{sizes}, {_counted(drawn.count)} of {drawn.dtype}",
    }
    render.pairs(about)
    render.text("")
    render.text(render.preview(drawn.values))
    if lost := drawn.count - drawn.finite.size:
        render.note(f"{lost:,} of {_counted(drawn.count)} are not finite in {drawn.dtype}.")
    if not drawn.statistics:
        return
    digits = _digits(drawn.statistics)
    columns = {"drawn": drawn.statistics, "expected": drawn.expected}
    columns = {head: column for head, column in columns.items() if column}
    rows = [
        (name, *(f"{column[name]:.{digits.get(name, 6)}g}" for column in columns.values()))
        for name in drawn.statistics
    ]
    render.text("")
    render.table(("", *columns), rows, right=True)
    # Few values are all in the preview, and equal ones have no shape to look at.
    if drawn.count <= render.WHOLE or drawn.statistics["min"] == drawn.statistics["max"]:
        return
    edges, counts = drawn.histogram(_BINS)
    if edges:
        render.text("")
        render.histogram(edges, counts, _expected_counts(drawn, edges))


def _counted(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _digits(statistics: dict[str, float]) -> dict[str, int]:
    """Return the digits of each statistic: more where the values lie close together, far from 0."""
    largest = max(abs(statistics["min"]), abs(statistics["max"]))
    spread = statistics["stddev"]
    if not 0 < spread < largest < math.inf:
        return {}
    digits = min(17, max(6, 4 + math.floor(math.log10(largest / spread))))
    return {name: digits for name in statistics if name != "stddev"}


def _seed_text(drawn: "Sample", given: bool) -> str:
    if drawn.seed is None:
        return "none: nothing is drawn at random"
    # `with_seed` returns the config itself if it leaves no seed open.
    if given or drawn.config.with_seed(drawn.seed) is drawn.config:
        return str(drawn.seed)
    return f"{drawn.seed} (drawn; --seed {drawn.seed} repeats it)"


def _expected_counts(drawn: "Sample", edges: list[float]) -> list[float]:
    """Return how many values theory expects between each two edges."""
    theory = drawn.distribution
    if theory is None or theory.stddev == 0:
        return []
    low, high = theory.support
    expected = []
    for left, right in pairwise(edges):
        # Simpson's rule over the part of the bin that values can be in.
        left, right = max(left, low), min(right, high)
        width = max(0.0, right - left)
        middle = theory.pdf(left + width / 2)
        mass = width / 6 * (theory.pdf(left) + 4 * middle + theory.pdf(right)) if width else 0.0
        expected.append(mass * drawn.finite.size)
    return expected


def _as_json(drawn: "Sample") -> dict[str, Any]:
    edges, counts = drawn.histogram(_PLOT_BINS)
    return {
        "spec": drawn.spec,
        "seed": drawn.seed,
        "backend": drawn.backend,
        "versions": drawn.versions,
        "shape": list(drawn.shape),
        "dtype": drawn.dtype,
        "count": drawn.count,
        "finite": int(drawn.finite.size),
        "statistics": drawn.statistics,
        "expected": drawn.expected,
        "histogram": {"edges": edges, "counts": counts},
    }
