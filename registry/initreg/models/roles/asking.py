"""Ask a plugin for the role of a weight of its layer."""

from collections.abc import Sequence
from typing import Any

from initreg.discovery.role_hooks import RoleHook
from initreg.draws.fan_checks import as_text
from initreg.draws.shapes import Shape
from initreg.errors import PluginError
from initreg.models.roles.checking import faults_of_role
from initreg.models.roles.role import Role
from initreg.wording import one_line, shown


def ask_plugin(
    functions: Sequence[tuple[str, RoleHook]], base: type, layer: Any, name: str, shape: Shape
) -> Role | None:
    """Return the role that a plugin gives to a weight of a layer of the class `base`.

    `functions` lists the functions of all plugins that describe the class, each with the plugin's
    name.
    Raises `PluginError` if there are several, or if the only one fails.
    """
    written = f"{base.__module__}:{base.__qualname__}"
    plugins = [plugin for plugin, _ in functions]
    if len(plugins) > 1:
        raise PluginError(
            f"{len(plugins)} plugins describe the weights of {written}: {' and '.join(plugins)}. "
            f"Block all but one: INITREG_BLOCK={plugins[-1].rpartition(':')[2]}"
        )
    what = f"initreg_roles of {plugins[0]}, for the weight {name!r} of {layer.name} ({written})"
    try:
        role = functions[0][1](layer, name, shape)
    except Exception as error:  # the plugin's code
        problem = f"{what}, failed: {type(error).__name__}: {one_line(error)}"
        raise PluginError(problem) from error
    if role is None:
        return None
    if not isinstance(role, Role):
        raise PluginError(f"{what}, returned {shown(role)}, not an initreg.Role or None.")
    if faults := list(faults_of_role(role, shape)):
        raise PluginError(f"{what}, returned a wrong Role: {'; '.join(map(as_text, faults))}.")
    return role
