"""The group of all commands: initreg's own and, if another word is used, those of plugins."""

from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from initreg_cli.stdio import noticing_readers_leave

if TYPE_CHECKING:
    from initreg import PluginRecord


class Commands(TyperGroup):
    """The commands of initreg and, once the command line has another word, those of plugins."""

    # The plugins that add the command that runs.
    _claimants: "list[PluginRecord]" = []  # noqa: RUF012  # replaced, never changed

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the options before the command; ``--help`` prints here."""
        with noticing_readers_leave():
            return super().make_context(*args, **extra)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command by its name. If it isn't one of initreg's, load the plugins."""
        word = args[0]
        # Nothing is loaded for an option, or while a shell completes a line.
        if word not in self.commands and not ctx.resilient_parsing and word[:1] != "-":
            from initreg_cli import plugin_commands

            added = plugin_commands.ask_plugins(self.commands)
            self._claimants = added.claims.get(word, [])
            if word not in added.commands:
                known = [*self.commands, *added.commands]
                ctx.fail(plugin_commands.explain_unknown(word, added, known))
            self.commands[word] = added.commands[word]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command. An error in a plugin's command names the plugin."""
        try:
            with noticing_readers_leave():
                return super().invoke(ctx)
        except Exception as error:
            for record in self._claimants:
                from initreg_cli.plugin_commands import full_name

                error.add_note(f"{ctx.invoked_subcommand!r} is a command of {full_name(record)}.")
            raise
