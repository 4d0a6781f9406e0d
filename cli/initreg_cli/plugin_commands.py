"""The commands that plugins add.

Plugins are loaded only if the command line has a word that isn't one of initreg's own commands.
A command that two plugins add, or that has the name of one of initreg's, is rejected, so that
the order in which plugins are found never matters.
"""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from initreg import PluginRecord


@dataclass(frozen=True, slots=True)
class Added:
    """The commands that plugins add to the command line.

    `records` are all plugins, with the commands that each adds and its errors. `claims` maps each
    command to the plugins that add it, also if there are two and the command is rejected.
    """

    records: "list[PluginRecord]"
    commands: dict[str, Any]
    claims: "dict[str, list[PluginRecord]]"


def ask_plugins(own: Collection[str]) -> Added:
    """Load all plugins, and collect their commands. `own` are the names of initreg's commands."""
    from initreg import default_registry
    from initreg_cli.stdio import clean_stdout

    problems: dict[PluginRecord, list[str]] = {}
    commands: dict[PluginRecord, dict[str, Any]] = {}
    with clean_stdout():
        registry = default_registry()
        records = registry.plugins()
        for record, add_commands in registry.command_hooks():
            commands[record], problem = _commands_of(add_commands)
            problems[record] = [problem] if problem else []
    claims: dict[str, list[PluginRecord]] = {}
    for record, its_commands in commands.items():
        for name in its_commands:
            claims.setdefault(name, []).append(record)
    accepted: dict[str, Any] = {}
    for name, claimants in claims.items():
        if name not in own and len(claimants) == 1:
            accepted[name] = commands[claimants[0]][name]
            continue
        for record in claimants:
            others = [full_name(other) for other in claimants if other != record]
            reason = "initreg has it" if name in own else f"{' and '.join(others)} adds it, too"
            problems[record].append(f"command {name!r} is rejected: {reason}")
    return Added(
        [
            replace(
                record,
                commands=tuple(name for name in commands.get(record, ()) if name in accepted),
                error="; ".join(filter(None, (record.error, *problems.get(record, ())))) or None,
            )
            for record in records
        ],
        accepted,
        {name: claimants for name, claimants in claims.items() if name not in own},
    )


def _commands_of(add_commands: "Callable[[typer.Typer], None]") -> tuple[dict[str, Any], str]:
    """Return the commands that a plugin adds, and what is wrong with it."""
    from initreg import PluginError

    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    try:
        add_commands(app)
        if app.registered_callback is not None:
            return {}, "initreg_commands adds a callback, but only commands are allowed"
        return dict(typer.main.get_group(app).commands), ""
    except PluginError as error:
        return {}, str(error)
    except Exception as error:  # Typer may reject what the plugin added
        problem = f"{type(error).__name__}: {error}".rstrip(".")
        return {}, f"initreg_commands adds an invalid command: {problem}"


def full_name(record: "PluginRecord") -> str:
    """Name a plugin by its distribution and, if it is another, by its own name."""
    if record.name == record.distribution:
        return record.name
    return f"{record.distribution} (plugin {record.name})"


def explain_unknown(word: str, added: Added, known: list[str]) -> str:
    """Explain a word that isn't a command: two plugins add it, it is misspelt, or one failed."""
    if claimants := added.claims.get(word):
        return (
            f"{len(claimants)} plugins add the command {word!r}: "
            f"{' and '.join(map(full_name, claimants))}. Block all but one in INITREG_BLOCK."
        )
    problem = f"No such command {word!r}."
    if near := difflib.get_close_matches(word, known):
        problem += f" Did you mean {', '.join(map(repr, near))}?"
    for state, blocked in (("failed", False), ("are blocked", True)):
        hidden = [r for r in added.records if r.error and r.blocked == blocked]
        if hidden:
            named = "; ".join(f"{full_name(r)}: {r.error}" for r in hidden[:3])
            more = f" and {len(hidden) - 3} more" if len(hidden) > 3 else ""
            problem += f"\nThese plugins {state} and may provide it: {named}{more}."
    return problem
