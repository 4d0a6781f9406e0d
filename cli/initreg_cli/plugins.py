"""``initreg plugins``: what became of every plugin."""

from dataclasses import asdict
from typing import Annotated

import typer


def list_plugins(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 if a plugin failed.")
    ] = False,
) -> None:
    """List the plugins: what each brought, how long its import took, why it failed."""
    from initreg_cli import render
    from initreg_cli.loading import loaded_registry

    records = loaded_registry().plugins()
    if json:
        render.json([asdict(record) for record in records])
    else:
        render.table(
            ("plugin", "from", "import", "initializers"),
            [
                (
                    record.name,
                    f"{record.distribution} {record.version}".strip(),
                    ""
                    if record.import_seconds is None
                    else f"{record.import_seconds * 1e3:.0f} ms",
                    "; ".join(filter(None, (", ".join(record.initializers), record.error))),
                )
                for record in records
            ],
        )
    if strict and any(record.error and not record.blocked for record in records):
        raise typer.Exit(1)
