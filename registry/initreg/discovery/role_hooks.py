"""What plugins say about the weights of their own layers."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from initreg.errors import PluginError
from initreg.wording import shown

RoleHook = Callable[[Any, str, tuple[int, ...]], Any]  # returns a Role or None

_CLASS = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def checked_roles(answer: object) -> tuple[dict[str, RoleHook], list[str]]:
    """Return the functions of a plugin by their classes, and why some classes are rejected.

    Raises `PluginError` if the answer isn't a mapping from classes to functions.
    """
    if not isinstance(answer, Mapping):
        raise PluginError(
            "initreg_roles must return a dict from 'module:Class' to a function, not "
            f"{type(answer).__name__}"
        )
    roles, problems = {}, []
    for name, function in answer.items():
        if not (isinstance(name, str) and _CLASS.fullmatch(name)):
            raise PluginError(f"initreg_roles: {shown(name)} is not a class, as 'module:Class'")
        if not callable(function):
            raise PluginError(
                f"initreg_roles: {name} has {shown(function)}, which is not a function"
            )
        if name.partition(":")[0].partition(".")[0] == "keras":
            problems.append(f"{name!r} is rejected: the roles of Keras's own layers are built in")
        else:
            roles[name] = function
    return roles, problems
