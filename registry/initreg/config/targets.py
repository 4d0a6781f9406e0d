"""What configs build, named as text: ``"module:Class"``, imported only when it is built."""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from initreg.errors import PluginError

PORTABLE = "initreg.models.portable:Portable"
"""What is built by a config that says how its values are drawn, and names no class of Keras's."""


@cache
def import_target(target: str) -> Callable[..., Any]:
    """Import what ``"module:name"`` names."""
    module, _, path = target.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"builds={target!r} can't be imported: {error}.") from error
    if not callable(found):
        raise PluginError(f"builds={target!r} is no class: it can't be called.")
    return found  # type: ignore[no-any-return]


def keras_form(target: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the dict that Keras writes for the object that `target` builds."""
    module, _, name = target.partition(":")
    # Keras registers none of its own classes; those of a package are "package>Class".
    key = None if module.partition(".")[0] == "keras" else name
    return {
        "module": module,
        "class_name": name,
        "config": parameters,
        "registered_name": f"initreg>{name}" if target == PORTABLE else key,
    }
