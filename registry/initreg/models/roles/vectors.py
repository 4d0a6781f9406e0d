"""Weights that scale or shift each value, and statistics of the values."""

from collections.abc import Callable, Sequence
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


def by_name(
    scale: Sequence[str] = (), offset: Sequence[str] = (), statistic: Sequence[str] = ()
) -> Describe:
    """Describe the weights of a layer that scale, shift or measure each value, by their names.

    >>> by_name(scale=["gamma"])(None, "gamma", (64,)).kind
    'scale'
    """
    kinds: dict[Kind, Sequence[str]] = {"scale": scale, "offset": offset, "statistic": statistic}
    roles = {name: single(kind, _WHY[kind]) for kind, names in kinds.items() for name in names}

    def describe(layer: Any, name: str, shape: Shape) -> Role | None:
        return roles.get(name)

    return describe
