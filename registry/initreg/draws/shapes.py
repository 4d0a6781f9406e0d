"""The shape of a weight, and its check."""

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

from initreg.errors import ConfigError, Fault

Shape: TypeAlias = tuple[int, ...]


def checked_shape(shape: Iterable[int] | int) -> Shape:
    """Return a shape as a tuple. Raises `ConfigError` if it isn't a valid shape."""
    try:
        sizes: tuple[Any, ...] = tuple(shape)  # type: ignore[arg-type]
    except TypeError:
        sizes = (shape,)
    try:
        whole = tuple(operator.index(n) for n in sizes)
    except TypeError:
        whole = (-1,)
    if any(isinstance(n, bool) for n in sizes) or any(n < 0 for n in whole):
        raise ConfigError([Fault(f"A shape must be whole numbers, 0 or more, not {list(sizes)}.")])
    return whole
