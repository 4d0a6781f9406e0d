"""``initreg apply``: the weights of a model, drawn anew by rules."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from initreg_cli.inputs import Backend, Model, RulesFile, Seed


def apply(
    rules: RulesFile,
    model: Model,
    out: Annotated[
        Path,
        typer.Option(
            help="Write the model to this .keras file.", metavar="FILE", show_default=False
        ),
    ],
    seed: Seed = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Write nothing where no rule covers a weight, or a rule decides over none.",
        ),
    ] = False,
    backend: Backend = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if there is one.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw the weights of a model anew by rules, and write the model.

    What is printed is the plan, with the mean and the standard deviation that came out. Exit
    status: 0 done, 1 done, but a rule decides over no weight, 2 the rules or the model are wrong.
    """
    from initreg import InitregWarning
    from initreg import apply as draw
    from initreg import plan as make
    from initreg_cli import files, inputs
    from initreg_cli.commands import plan
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout

    files.check("--out", out, (".keras",), force)
    with clean_stdout():
        given = inputs.read(rules, model, seed)
        built = inputs.load(model, backend, given.seed)
        made = make(built, given.rules, given.seed)
        if strict and plan.has_findings(made, strict):
            for problem in made.problems():
                render.note(problem)
            render.note("Nothing was written.")
            raise typer.Exit(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InitregWarning)  # `show` tells the same
            done = draw(built, given.rules, made.seed)
        files.save_whole(out, lambda beside: inputs.save(built, beside, model), force, ".keras")
    plan.show(done, strict, json)
    render.note(f"Wrote {out}.")
    if plan.has_findings(done, strict):
        raise typer.Exit(1)
