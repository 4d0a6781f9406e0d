"""The hooks that a plugin can implement."""

import pluggy

from initreg.config import InitializerConfig

PROJECT = "initreg"  # the group of entry points, and pluggy's project name

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def initreg_initializers() -> list[type[InitializerConfig]]:  # type: ignore[empty-body]
    """Return the config classes of the initializers that the plugin brings."""
