"""The record of each plugin after it was loaded, or failed to load."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from initreg.config.base import InitializerConfig
from initreg.discovery.role_hooks import RoleHook
from initreg.public import public
from initreg.wording import fold, listed

if TYPE_CHECKING:
    import typer


@public
@dataclass(frozen=True, slots=True)
class PluginRecord:
    """The outcome of loading one plugin.

    `name` is the name of its entry point, or of its distribution if the entry points can't be read.
    `location` is the folder in which its distribution is installed. `error` says why the plugin, or
    a part of it, was not loaded. `blocked` plugins were not imported. `import_seconds` is None if
    nothing was imported. `commands` are filled in by the command line, for ``initreg plugins``.
    `roles` are the layer classes whose weights the plugin describes.
    """

    name: str
    distribution: str = ""
    version: str = ""
    initializers: tuple[str, ...] = ()
    error: str | None = None
    import_seconds: float | None = None
    blocked: bool = False
    location: str = ""
    commands: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def matches(self, name: str) -> bool:
        """Return True if `name` is the plugin's or its distribution's, in any spelling.

        >>> PluginRecord("residual", "acme-inits").matches("Acme_Inits")
        True
        """
        return fold(name) in (fold(self.name), fold(self.distribution))


CommandHook = Callable[["typer.Typer"], None]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A record, and what the plugin provides: config classes, commands, roles by layer class."""

    record: PluginRecord
    classes: tuple[type[InitializerConfig], ...] = ()
    command_hook: CommandHook | None = None
    roles: Mapping[str, RoleHook] = field(default_factory=dict)


def may_provide_it(records: Iterable[PluginRecord], it: str = "provide it") -> list[str]:
    """List, a line each, the plugins that failed and those that are blocked.

    `it` is what they may do.
    """
    failed: list[str] = []
    blocked: list[str] = []
    for record in records:
        if record.error:
            (blocked if record.blocked else failed).append(f"{record.name} ({record.error})")
    return [
        f"These plugins {state} and may {it}: {listed(plugins, 3, '; ')}."
        for state, plugins in (("failed", failed), ("are blocked", blocked))
        if plugins
    ]
