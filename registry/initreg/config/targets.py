"""The classes that configs build, as text: ``"module:Class"``. They are imported when needed.

`PORTABLE` names a module above this one. That is on purpose: a config builds its own initializer,
and importing that module would import Keras.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from initreg.errors import PluginError

PORTABLE = "initreg.models.portable:Portable"
"""The class that a config builds if its plugin defines the draw and names no Keras class."""

PORTABLE_KEY = "initreg>Portable"
"""The name under which that class is registered with Keras."""

KERAS_KEYS = ("class_name", "config", "module", "registered_name")
"""The keys of the dict that Keras writes for an object."""

SHARED_KEY = "shared_object_id"
"""A key that Keras adds if several layers share the object."""


def is_portable_form(module: object, name: object) -> bool:
    """Return True if these are the module and the name of the class in `PORTABLE`."""
    return f"{module}:{name}" == PORTABLE


@cache
def import_target(target: str) -> Callable[..., Any]:
    """Import what ``"module:name"`` names."""
    module, _, path = target.partition(":")
    try:
        imported: Any = importlib.import_module(module)
        for name in path.split("."):
            imported = getattr(imported, name)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"builds={target!r} can't be imported: {error}.") from error
    if not callable(imported):
        raise PluginError(f"builds={target!r} is not a class: it can't be called.")
    return imported  # type: ignore[no-any-return]


def keras_form(target: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the dict that Keras writes for the object that `target` builds."""
    module, _, name = target.partition(":")
    # Keras doesn't register its own classes. Those of a package are registered as "package>Class".
    key = None if module.partition(".")[0] == "keras" else name
    return {
        "module": module,
        "class_name": name,
        "config": parameters,
        "registered_name": PORTABLE_KEY if target == PORTABLE else key,
    }
