"""The hooks that a plugin can implement."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pluggy

from initreg.config.base import InitializerConfig
from initreg.discovery.role_hooks import RoleHook

if TYPE_CHECKING:
    import typer

PROJECT = "initreg"  # the group of entry points, and the name of the project for pluggy

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook with the same name."""


@hookspec
def initreg_initializers() -> list[type[InitializerConfig]]:  # type: ignore[empty-body]
    """Return the config classes of the initializers that the plugin provides."""


@hookspec
def initreg_roles() -> Mapping[str, RoleHook]:  # type: ignore[empty-body]
    """Return a function for each layer class, written ``"module:Class"``, that has weights.

    The function takes the layer, the name of a weight and its shape, and returns an
    `initreg.Role`, or None for a weight that it doesn't know. It is also called before the layer
    has created the weight.
    """


@hookspec
def initreg_commands(app: "typer.Typer") -> None:
    """Add commands, or groups of commands, to an empty Typer app. `initreg` then has them."""
