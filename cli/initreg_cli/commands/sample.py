"""``initreg sample``: values drawn through Keras, beside what theory expects."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from initreg_cli.completion import complete_name
from initreg_cli.options import Backend, Force, Json, Seed, bad_value, file_option


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
            help="Shape of the weight. By default, one that suits the initializer: 64,32 for most.",
            metavar="N,N",
        ),
    ] = None,
    seed: Seed = None,
    dtype: Annotated[
        str, typer.Option(help="float16, bfloat16, float32 or float64.", metavar="DTYPE")
    ] = "float32",
    backend: Backend = None,
    out: Annotated[
        Path | None, file_option("Write the values to this .npy, .npz or .csv file.")
    ] = None,
    plot: Annotated[
        Path | None, file_option("Write the histogram to this .png or .svg file.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Draw values from an initializer, and compare them with theory."""
    import initreg
    from initreg_cli import files
    from initreg_cli.keras_backend import use_backend
    from initreg_cli.output import render, sample_report
    from initreg_cli.stdio import clean_stdout

    sizes = None if shape is None else read_shape(shape)
    if out is not None:
        files.check_target("--out", out, files.VALUES, force)
    if plot is not None:
        files.check_target("--plot", plot, files.PLOTS, force)
        files.require_matplotlib()
    if dtype == "float64":
        os.environ.setdefault("JAX_ENABLE_X64", "1")  # JAX reads it when it is imported
    with clean_stdout():
        config = initreg.validate(spec)
        use_backend(backend)
        drawn = initreg.sample(config, sizes, seed, dtype)
    if seed is not None and drawn.seed != seed:
        reason = (
            "its values are not random" if drawn.seed is None else f"it has its own, {drawn.seed}"
        )
        render.print_note(f"--seed {seed} has no effect on {drawn.spec}: {reason}.")
    if dtype == "float64" and drawn.backend == "jax":
        render.print_note("JAX draws float64 only if JAX_ENABLE_X64=1 is set, as it is here.")
    if out is not None:
        files.write_values(drawn, out, force)
        render.print_note(f"Wrote {sample_report.counted(drawn.count)} to {out}.")
    if plot is not None:
        files.write_plot(drawn, plot, force, sample_report.PLOT_BINS)
        render.print_note(f"Wrote the histogram to {plot}.")
    if json:
        render.print_json(sample_report.as_json(drawn))
    else:
        sample_report.print_sample(drawn, seed_was_given=seed is not None)


# 64,32 or 64x32; (64, 32) or (64,), as NumPy and Keras print it; () or nothing, which is a scalar.
_SHAPE = re.compile(r"(?:[0-9]{1,30}(?:(?:\s*[,x×]\s*|\s+)[0-9]{1,30})*\s*,?)?")
_BRACKETS = ("()", "[]")


def read_shape(text: str) -> tuple[int, ...]:
    """Read the value of ``--shape``."""
    inner = text.strip()
    if (inner[:1] + inner[-1:]) in _BRACKETS:
        inner = inner[1:-1].strip()
    if not _SHAPE.fullmatch(inner):
        problem = f"{text!r} is not a valid shape. Write whole numbers with commas: 64,32"
        raise bad_value("--shape", problem)
    return tuple(int(size) for size in re.findall(r"[0-9]+", inner))
