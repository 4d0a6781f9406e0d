"""The command `initreg spectrum`. In a separate module, so that initializers don't import it."""

from typing import Annotated

import typer
from initreg import draw, hookimpl, validate


@hookimpl
def initreg_commands(app: typer.Typer) -> None:
    app.command()(spectrum)


def spectrum(
    spec: Annotated[str, typer.Argument(help="The initializer, such as 'low_rank(4)'.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows of the matrix.")] = 64,
    columns: Annotated[int, typer.Option(min=1, help="Columns of the matrix.")] = 32,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """Print the singular values of a matrix that an initializer draws."""
    import numpy as np  # heavy imports go into the function

    matrix = draw(validate(spec), (rows, columns), seed=seed, dtype="float64")
    for value in np.linalg.svd(matrix, compute_uv=False):
        typer.echo(f"{value:.6f}")
