"""Weights that scale or shift each value, and statistics of the values."""

from collections.abc import Callable
from typing import Any

from initreg.draws.shapes import Shape
from initreg.models.roles.axes import single
from initreg.models.roles.role import Kind, Role

Describe = Callable[[Any, str, Shape], Role | None]

_WHY: dict[Kind, str] = {
    "scale": "multiplies each value",
    "offset": "is added to each value",
    "statistic": "is computed from data, not drawn",
}


def by_name(**kinds: Kind) -> Describe:
    """Describe the weights of a layer that scale, shift or measure each value, by their names.

    >>> by_name(gamma="scale")(None, "gamma", (64,)).kind
    'scale'
    """
    roles = {name: single(kind, _WHY[kind]) for name, kind in kinds.items()}

    def describe(layer: Any, name: str, shape: Shape) -> Role | None:
        return roles.get(name)

    return describe
