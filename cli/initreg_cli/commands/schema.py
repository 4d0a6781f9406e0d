"""``initreg schema``: the JSON Schema of initializers, for editors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Form = Literal["value", "document", "rules"]


def schema(
    form: Annotated[
        Form,
        typer.Option(
            help="What the schema is of: one initializer, a config file with initializers in it, "
            "or a file of rules."
        ),
    ] = "value",
    out: Annotated[
        Path | None, typer.Option(help="Write it to a file.", metavar="FILE", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if there is one.")
    ] = False,
) -> None:
    """Print the JSON Schema of initializers, for editors.

    It has the initializers of all installed plugins. An editor with YAML support completes and
    checks a config that starts with the line "# yaml-language-server: $schema=FILE", where FILE has
    the form "document".
    """
    from initreg import json_schema
    from initreg_cli import files
    from initreg_cli.output import render
    from initreg_cli.stdout import clean_stdout, loaded_registry

    if out is not None:
        files.check("--out", out, (), force)
    registry = loaded_registry()
    for record in registry.plugins():
        if record.error and not record.blocked:
            name = record.name or record.distribution
            render.note(f"The plugin {name} failed, and is left out: {record.error}.")
    with clean_stdout():
        made = json_schema(form, registry=registry)
    if out is None:
        render.json(made)
    else:
        files.write_text(render.json_text(made) + "\n", out, force)
        render.note(f"Wrote {out}.")
