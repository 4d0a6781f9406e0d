"""The group of all commands: initreg's own and, if another word is used, those of plugins."""

import importlib
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from initreg_cli.stdio import noticing_readers_leave

if TYPE_CHECKING:
    from initreg import PluginRecord


# The module in `commands` and the function of each command, in the order of ``--help``. A command
# is built when it is used: building all of them takes longer than printing the version.
OWN = {
    "list": "list:list_initializers",
    "show": "show:show",
    "sample": "sample:sample",
    "check": "check:check",
    "plan": "plan:plan",
    "apply": "apply:apply",
    "expand": "expand:expand",
    "collapse": "expand:collapse",
    "schema": "schema:schema",
    "plugins": "plugins:list_plugins",
    "new": "new:new",
    "verify": "verify:verify",
}


def _function(name: str) -> Any:
    module, _, function = OWN[name].partition(":")
    return getattr(importlib.import_module(f"initreg_cli.commands.{module}"), function)


def _build(name: str, settings: Any) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=settings)
    app.command(name, context_settings=settings)(_function(name))
    return typer.main.get_command(app)


class Commands(TyperGroup):
    """The commands of initreg and, once the command line has another word, those of plugins."""

    # The plugins that add the command that runs.
    _claimants: "list[PluginRecord]" = []  # noqa: RUF012  # replaced, never changed

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the options before the command; ``--help`` prints here."""
        with noticing_readers_leave():
            return super().make_context(*args, **extra)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # Click's own signature
        """List the names of initreg's own commands."""
        return [*OWN]

    def get_command(self, ctx: Any, name: str) -> Any:
        """Return a command of initreg, or of a plugin that has been loaded."""
        if name in OWN and name not in self.commands:
            self.commands[name] = _build(name, ctx.command.context_settings)
        return self.commands.get(name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the first line of each command's documentation into the help."""
        rows = [(name, _function(name).__doc__.partition("\n")[0]) for name in OWN]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by its name. If it isn't one of initreg's, load the plugins."""
        word = args[0]
        # Nothing is loaded for an option, or while a shell completes a line.
        if word not in OWN and not ctx.resilient_parsing and word[:1] != "-":
            from initreg_cli import plugin_commands

            added = plugin_commands.ask_plugins(OWN)
            self._claimants = added.claims.get(word, [])
            if word not in added.commands:
                known = [*OWN, *added.commands]
                ctx.fail(plugin_commands.explain_unknown(word, added, known))
            self.commands[word] = added.commands[word]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command. An error in a plugin's command names the plugin."""
        try:
            with noticing_readers_leave():
                return super().invoke(ctx)
        except Exception as error:
            if isinstance(error, typer.BadParameter):  # Typer shows what Pydantic writes
                error.message = error.message.removeprefix("Value error, ")
            for record in self._claimants:
                from initreg_cli.plugin_commands import full_name

                error.add_note(f"{ctx.invoked_subcommand!r} is a command of {full_name(record)}.")
            raise
