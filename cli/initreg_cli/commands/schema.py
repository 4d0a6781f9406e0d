"""``initreg schema``: the JSON Schema of initializers, for editors."""

from typing import Annotated, Literal

import typer

from initreg_cli.options import Force, Out

Form = Literal["value", "document", "rules"]


def schema(
    form: Annotated[
        Form,
        typer.Option(
            help="What the schema describes: one initializer, a config file that contains "
            "initializers, or a file of rules."
        ),
    ] = "value",
    out: Out = None,
    force: Force = False,
) -> None:
    """Print the JSON Schema of initializers, for editors.

    It covers the initializers of all installed plugins. An editor with YAML support completes and
    checks a config that starts with the line "# yaml-language-server: $schema=FILE", if FILE was
    written with --form document.
    """
    from initreg import json_schema
    from initreg_cli import files, installed
    from initreg_cli.output import render
    from initreg_cli.stdio import clean_stdout

    if out is not None:
        files.check_target("--out", out, (), force)
    registry = installed.load_registry()
    installed.note_failures(registry.plugins())
    with clean_stdout():
        document = json_schema(form, registry=registry)
    if out is None:
        render.print_json(document)
    else:
        files.write_text(render.json_text(document) + "\n", out, force)
        render.print_note(f"Wrote {out}.")
