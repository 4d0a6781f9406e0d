"""``initreg apply``: draw the weights of a model again, by rules."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from initreg_cli.options import Backend, Fans, Force, Json, Model, RulesFile, RulesSeed, file_option


def apply(
    rules: RulesFile,
    model: Model,
    out: Annotated[Path, file_option("Write the model to this .keras file.")],
    seed: RulesSeed = None,
    fans: Fans = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Write nothing if a weight has no rule or a rule is never applied.",
        ),
    ] = False,
    backend: Backend = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Draw the weights of a model again by rules, and write the model.

    Prints the plan with the realised mean and standard deviation of each weight. Exit status: 0 if
    the model was written, 1 if a rule is never applied or a count matches nothing, 2 if the rules
    or the model are invalid.
    """
    import initreg
    from initreg_cli import files, inputs
    from initreg_cli.output import render
    from initreg_cli.output.plan_report import has_findings, print_plan
    from initreg_cli.stdio import clean_stdout

    files.check_target("--out", out, (".keras",), force)
    with clean_stdout():
        source = inputs.read_rules(rules, model, seed, fans)
        built = inputs.load_model(model, backend, source.seed)
        plan = initreg.plan(built, source.value, source.seed, fans=fans)
        if strict and has_findings(plan, strict):
            for problem in plan.problems():
                render.print_note(problem)
            render.print_note("Nothing was written.")
            raise typer.Exit(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", initreg.InitregWarning)  # `print_plan` says the same
            done = initreg.apply(built, source.value, plan.seed, fans=fans)
        files.save_whole(
            out, lambda temporary: inputs.save_model(built, temporary, model), force, ".keras"
        )
    print_plan(done, json=json, strict=strict)
    render.print_note(f"Wrote {out}.")
    if has_findings(done, strict):
        raise typer.Exit(1)
