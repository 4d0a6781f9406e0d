"""``initreg plan``: what each weight of a model will get, and why."""

from pathlib import Path
from typing import Annotated

import typer

from initreg_cli.options import Backend, Fans, Force, Json, Model, RulesFile, RulesSeed, file_option


def plan(
    rules: RulesFile,
    model: Model,
    seed: RulesSeed = None,
    fans: Fans = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with status 1 also if a weight has no rule."),
    ] = False,
    backend: Backend = None,
    out: Annotated[Path | None, file_option("Write the plan to this .json file.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Show what each weight of a model will get by rules, and why.

    The model is not changed. The plan in JSON can be used in place of the rules, to repeat it
    exactly. Exit status: 0 if every rule applies to a weight, 1 if one does not or a count matches
    nothing, 2 if the rules or the model are invalid.
    """
    import initreg
    from initreg_cli import files, inputs
    from initreg_cli.output import render
    from initreg_cli.output.plan_report import has_findings, print_plan
    from initreg_cli.stdio import clean_stdout

    if out is not None:
        files.check_target("--out", out, (".json",), force)
    with clean_stdout():
        source = inputs.read_rules(rules, model, seed, fans)
        built = inputs.load_model(model, backend, source.seed)
        made = initreg.plan(built, source.value, source.seed, fans=fans)
    print_plan(made, json=json, strict=strict)
    if out is not None:
        files.write_text(made.to_json() + "\n", out, force)
        render.print_note(f"Wrote {out}.")
    if has_findings(made, strict):
        raise typer.Exit(1)
