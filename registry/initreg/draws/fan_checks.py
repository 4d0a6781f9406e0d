"""Check fans and layouts that a plugin, a written plan or a caller provides."""

import math
import sys
from collections.abc import Iterator

from initreg.draws.fans import Fans, Layout
from initreg.draws.shapes import Shape
from initreg.errors import ConfigError, Fault
from initreg.wording import shown


def checked_fans(fans: object, shape: Shape) -> Fans | None:
    """Return fans as `Fans`, or None. Raises `ConfigError` if they don't fit a weight."""
    if fans is None:
        return None
    if isinstance(fans, tuple | list) and len(fans) == 2:
        fans = Fans(*fans)
    if not isinstance(fans, Fans):
        problem = f"fans must be Fans, or two numbers, fan_in and fan_out, not {shown(fans)}."
        raise ConfigError([Fault(problem)])
    if faults := list(faults_of_fans(fans, shape)):
        raise ConfigError([Fault(f"fans: {as_text(fault)}") for fault in faults])
    return fans


def as_text(fault: Fault) -> str:
    """Write a fault on one line: ``layout.shape must …``."""
    return f"{fault.location.removeprefix('$.')} {fault.message}"


def faults_of_fans(fans: Fans, shape: Shape) -> Iterator[Fault]:
    """Find what is wrong with the fans and the layout of a weight.

    >>> [as_text(fault) for fault in faults_of_fans(Fans(-9, 4), (3, 4))]
    ['fan_in must be a finite int or float above 0, not -9']
    """
    yield from faults_of_fan("fan_in", fans.fan_in, shape)
    yield from faults_of_fan("fan_out", fans.fan_out, shape)
    yield from faults_of_layout(fans.layout, shape)


def faults_of_fan(name: str, fan: object, shape: Shape) -> Iterator[Fault]:
    """Find what is wrong with one fan. It may be 0 if the weight has no values."""
    is_number = isinstance(fan, int | float) and not isinstance(fan, bool)
    if is_number and 0 < fan <= sys.float_info.max:  # type: ignore[operator]
        return
    if not (is_number and fan == 0 and 0 in shape):
        yield Fault(f"must be a finite int or float above 0, not {shown(fan)}", (name,))


def faults_of_layout(layout: object, shape: Shape) -> Iterator[Fault]:
    """Find what is wrong with the layout of a weight."""
    if layout is None:
        return
    if not isinstance(layout, Layout):
        yield Fault(f"must be a Layout or None, not {shown(layout)}", ("layout",))
        return
    wrong = [
        Fault(f"must be a tuple of whole numbers from 0, not {shown(values)}", ("layout", name))
        for name in ("shape", "input_axes", "output_axes", "block_axes")
        if not _are_whole(values := getattr(layout, name))
    ]
    if wrong:
        yield from wrong
        return
    if math.prod(layout.shape) != math.prod(shape):
        problem = f"is {list(layout.shape)}, which has another size than the weight's {list(shape)}"
        yield Fault(problem, ("layout", "shape"))
    axes = (*layout.input_axes, *layout.output_axes, *layout.block_axes)
    if sorted(axes) != list(range(len(layout.shape))):
        yield Fault(
            f"must have each axis of its shape {list(layout.shape)} once, in input_axes, "
            f"output_axes or block_axes, not {list(axes)}",
            ("layout",),
        )


def _are_whole(values: object) -> bool:
    return isinstance(values, tuple) and all(type(each) is int and each >= 0 for each in values)
