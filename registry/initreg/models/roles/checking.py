"""Check a role that a plugin or a written plan provides."""

from collections.abc import Iterator
from typing import get_args

from initreg.draws.fan_checks import faults_of_fans
from initreg.draws.shapes import Shape
from initreg.errors import Fault
from initreg.models.roles.role import Kind, Role
from initreg.near_names import did_you_mean
from initreg.wording import shown

_KINDS = get_args(Kind)


def faults_of_role(role: Role, shape: Shape) -> Iterator[Fault]:
    """Find what is wrong with the role of a weight.

    >>> [fault.location for fault in faults_of_role(Role("kernel", 3, 0, blocks=0), (3, 4))]
    ['$.blocks', '$.fan_out']
    """
    if not (isinstance(role.kind, str) and role.kind in _KINDS):
        near = did_you_mean(role.kind, _KINDS)
        problem = f"must be one of {', '.join(_KINDS)}, not {shown(role.kind)}.{near}"
        yield Fault(problem.removesuffix("."), ("kind",))
    if type(role.blocks) is not int or role.blocks < (0 if 0 in shape else 1):
        yield Fault(f"must be a whole number from 1, not {shown(role.blocks)}", ("blocks",))
    if not isinstance(role.why, str):
        yield Fault(f"must be text, not {shown(role.why)}", ("why",))
    yield from faults_of_fans(role.fans, shape)
