"""Run the command in a Typer app."""

import typer
from typer.testing import CliRunner

from initreg_example.commands import initreg_commands


def run(*arguments: str) -> list[str]:
    app = typer.Typer()
    initreg_commands(app)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_low_rank_has_as_many_singular_values_above_zero() -> None:
    values = [float(line) for line in run("low_rank(rank=4)", "--columns", "8")]
    assert len(values) == 8
    assert sum(value > 1e-6 for value in values) == 4


def test_an_orthogonal_matrix_has_ones() -> None:
    assert run("orthogonal", "--rows", "3", "--columns", "3") == ["1.000000"] * 3
