"""The arguments and options that several commands share, and errors about their values."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.models import OptionInfo

RulesFile = Annotated[
    str,
    typer.Argument(
        help="The rules in YAML, JSON or TOML, or a plan in JSON; - reads stdin.",
        metavar="RULES",
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        help="A .keras file, a model's config in JSON, or your own package.module:function that "
        "returns a built model.",
        metavar="MODEL",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
Key = Annotated[
    list[str] | None,
    typer.Option(
        help="Treat the values of keys that match as initializers, too; * and ? are wildcards. "
        "Can be repeated.",
        metavar="PATTERN",
    ),
]
Plugin = Annotated[
    str,
    typer.Option(
        help="Only the initializers of this plugin or distribution; the built-in ones are in "
        "initreg.",
        metavar="NAME",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed, 0 to 4294967295. By default, a random one, which is shown.", metavar="N"
    ),
]
RulesSeed = Annotated[
    int | None,
    typer.Option(
        help="Seed, 0 to 4294967295. By default, the one in the rules; if they have none, a random "
        "one, which is shown.",
        metavar="N",
    ),
]
Fans = Annotated[
    Literal["true", "keras"] | None,
    typer.Option(
        help="The fans that initializers scale with: the true ones, or those Keras would use. By "
        "default, what the rules say, or true.",
    ),
]
Backend = Annotated[
    str | None,
    typer.Option(
        help="Keras backend: jax, torch, tensorflow or numpy. By default, KERAS_BACKEND, the one "
        "in Keras's settings, or the first that is installed.",
        metavar="NAME",
    ),
]


def file_option(help_: str) -> OptionInfo:
    """Return an option that names a file to write."""
    option: OptionInfo = typer.Option(help=help_, metavar="FILE", show_default=False)
    return option


Out = Annotated[Path | None, file_option("Write to this file.")]


def bad_value(name: str, problem: str) -> typer.BadParameter:
    """Return an error about the value of an argument (`NAME`) or an option (`--name`)."""
    return typer.BadParameter(problem, param_hint=f"'{name}'")


def reject_empty_patterns(keys: Iterable[str] | None) -> None:
    """Reject an empty ``--key``: it is an unset shell variable rather than a pattern."""
    if any(not key.strip() for key in keys or ()):
        raise bad_value("--key", "it is empty. Name a key, or a pattern such as '*_init'.")
