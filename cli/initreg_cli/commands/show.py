"""``initreg show``: the documentation of one initializer."""

import inspect
from typing import TYPE_CHECKING, Annotated

import typer

from initreg_cli.completion import complete_name
from initreg_cli.options import Json

if TYPE_CHECKING:
    from initreg import Entry


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of the initializer.", metavar="NAME", autocompletion=complete_name
        ),
    ],
    json: Json = False,
) -> None:
    """Show an initializer: documentation, parameters, examples, the Keras class."""
    from initreg import default_registry
    from initreg_cli.output import entries, parameters, render
    from initreg_cli.stdio import clean_stdout

    with clean_stdout():
        entry = default_registry().find(name)
    config_class = entry.config_class
    summary, _, rest = inspect.cleandoc(config_class.__doc__ or "").partition("\n")
    documentation = rest.strip()
    examples = config_class.initializer_examples
    if json:
        render.print_json(
            entries.as_json(entry)
            | {
                "documentation": documentation,
                "parameters": parameters.as_json(config_class),
                "examples": list(examples),
            }
        )
        return
    render.print_heading(f"{entry.name}({entries.signature(entry)})")
    render.print_prose(summary)
    if documentation:
        render.print_text("")
        render.print_prose(documentation)
    if config_class.parameter_fields:
        render.print_heading("\nParameters")
        parameters.print_parameters(config_class)
    if examples:
        render.print_heading("\nExamples")
        for example in examples:
            render.print_text(f'  initreg sample "{example}"')
    render.print_text("")
    render.print_pairs({key: value for key, value in _about(entry).items() if value})


def _about(entry: "Entry") -> dict[str, str]:
    config_class, plugin = entry.config_class, entry.plugin
    renamed = config_class.renamed_parameters.items()
    return {
        "deprecated": config_class.initializer_deprecated,
        "aliases": ", ".join(config_class.initializer_aliases),
        "also known as": ", ".join(config_class.initializer_also_known_as),
        "old names": ", ".join(f"{old} (now {new})" for old, new in renamed),
        "builds": "initreg's NumPy-backed initializer (same values on every backend)"
        if config_class.is_drawn()
        else config_class.initializer_builds.replace(":", "."),
        "from": f"{plugin.distribution} {plugin.version}, plugin {plugin.name}",
    }
