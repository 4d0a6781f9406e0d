"""``initreg plan``: what each weight of a model will get, and why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from initreg_cli.inputs import Backend, Model, RulesFile, Seed

if TYPE_CHECKING:
    from initreg import Plan


def plan(
    rules: RulesFile,
    model: Model,
    seed: Seed = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with status 1 also where no rule covers a weight."),
    ] = False,
    backend: Backend = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the plan to a .json file.", metavar="FILE", show_default=False),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if there is one.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what each weight of a model will get by rules, and why.

    The model is not changed. The plan in JSON can be given in place of the rules, and is repeated
    exactly. Exit status: 0 every rule decides over a weight, 1 some don't, 2 the rules or the model
    are wrong.
    """
    from initreg import plan as make
    from initreg_cli import files, inputs
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout

    if out is not None:
        files.check("--out", out, (".json",), force)
    with clean_stdout():
        given = inputs.read(rules, model, seed)
        made = make(inputs.load(model, backend, given.seed), given.rules, given.seed)
    show(made, strict, json)
    if out is not None:
        files.write_text(made.to_json() + "\n", out, force)
        render.note(f"Wrote {out}.")
    if has_findings(made, strict):
        raise typer.Exit(1)


def has_findings(plan: "Plan", strict: bool) -> bool:
    """Whether a rule decides over no weight; if strict, whether anything is left open."""
    return bool(plan.problems() if strict else plan.unmatched)


def show(plan: "Plan", strict: bool, json: bool) -> None:
    """Print a plan on stdout; on stderr, what it is in words, and what it leaves open."""
    from initreg_cli.output import render

    if json:
        render.text(plan.to_json())
        notes = [*plan.unmatched_texts(), *plan.notes]
    else:
        render.wide_table(*plan.table())
        notes = ["", *plan.summary()]
    if strict:
        notes += [problem for problem in plan.problems() if problem not in notes]
    sys.stdout.flush()
    for note in notes:
        render.note(note)
