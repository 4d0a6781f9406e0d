"""The commands that plugins add; they are asked for when a word is no command of initreg's own."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from initreg import PluginRecord


@dataclass(frozen=True, slots=True)
class Added:
    """What the plugins add to the command line.

    `records` has all plugins, with their commands and what is wrong with them. `claims` has, for
    each command, the plugins that bring it: where there are two, neither does.
    """

    records: "list[PluginRecord]"
    commands: dict[str, Any]
    claims: "dict[str, list[PluginRecord]]"


def ask_plugins(own: Collection[str]) -> Added:
    """Load all plugins, and ask them for their commands; no name in `own` can be had."""
    from initreg import PluginError, default_registry
    from initreg_cli.stdout import clean_stdout

    problems: dict[PluginRecord, list[str]] = {}
    brought: dict[PluginRecord, dict[str, Any]] = {}
    with clean_stdout():
        registry = default_registry()
        records = registry.plugins()
        for record, add_commands in registry.command_hooks():
            problems[record], brought[record] = [], {}
            app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
            try:
                add_commands(app)
                brought[record] = _commands_of(app)
            except PluginError as error:
                problems[record].append(str(error))
            except Exception as error:  # what a plugin adds, Typer builds here, and may refuse
                told = f"{type(error).__name__}: {error}".rstrip(".")
                problems[record].append(f"initreg_commands adds what is no command: {told}")
    claims: dict[str, list[PluginRecord]] = {}
    for record, commands in brought.items():
        for name in commands:
            claims.setdefault(name, []).append(record)
    for name, claimants in claims.items():
        for record in claimants:
            others = [_whose(other) for other in claimants if other != record]
            if name in own:
                problems[record].append(f"command {name!r} is refused: it is initreg's own")
            elif others:
                both = " and ".join(others)
                problems[record].append(f"command {name!r} is refused: {both} brings it, too")
    free = {
        name: claimants[0]
        for name, claimants in claims.items()
        if name not in own and len(claimants) == 1
    }
    return Added(
        [
            replace(
                record,
                commands=tuple(name for name in brought.get(record, ()) if name in free),
                error="; ".join(filter(None, (record.error, *problems.get(record, ())))) or None,
            )
            for record in records
        ],
        {name: brought[record][name] for name, record in free.items()},
        {name: claimants for name, claimants in claims.items() if name not in own},
    )


def _commands_of(app: typer.Typer) -> dict[str, Any]:
    from initreg import PluginError

    if app.registered_callback is not None:
        raise PluginError("initreg_commands adds a callback to the app, which takes commands alone")
    return dict(typer.main.get_group(app).commands)


def _whose(record: "PluginRecord") -> str:
    """Name a plugin: by its distribution, too, where that is called otherwise."""
    if record.name == record.distribution:
        return record.name
    return f"{record.distribution} (plugin {record.name})"


class Commands(TyperGroup):
    """The commands of initreg, and of plugins where the command line asks for one."""

    # The plugins that bring the command which runs.
    _claimants: "list[PluginRecord]" = []  # noqa: RUF012  # replaced, never changed

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by its word; plugins are loaded for one that is not initreg's own."""
        word = args[0]
        # While a shell completes a line, nothing is loaded; no option is a command.
        if word not in self.commands and not ctx.resilient_parsing and word[:1] != "-":
            added = ask_plugins(self.commands)
            self._claimants = added.claims.get(word, [])
            if word not in added.commands:
                ctx.fail(_unknown(word, added, [*self.commands, *added.commands]))
            self.commands[word] = added.commands[word]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an error of a plugin's says whose it is."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            for record in self._claimants:
                error.add_note(f"{ctx.invoked_subcommand!r} is a command of {_whose(record)}.")
            raise


def _unknown(word: str, added: Added, known: list[str]) -> str:
    """Say why there is no command: two plugins claim it, it is misspelt, or a plugin failed."""
    if claimants := added.claims.get(word):
        return (
            f"{len(claimants)} plugins bring the command {word!r}: "
            f"{' and '.join(map(_whose, claimants))}. Block all but one in INITREG_BLOCK."
        )
    problem = f"No such command {word!r}."
    if near := difflib.get_close_matches(word, known):
        problem += f" Did you mean {', '.join(map(repr, near))}?"
    for state, blocked in (("failed", False), ("are blocked", True)):
        hidden = [r for r in added.records if r.error and r.blocked == blocked]
        if hidden:
            named = "; ".join(f"{_whose(r)}: {r.error}" for r in hidden[:3])
            more = f" and {len(hidden) - 3} more" if len(hidden) > 3 else ""
            problem += f"\nThese plugins {state}, and may bring it: {named}{more}."
    return problem
