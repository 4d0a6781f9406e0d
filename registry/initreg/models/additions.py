"""What a layer adds to the values of its initializer: LSTM sets its forget gate's bias to 1."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig, nested_configs
from initreg.draws.distributions import Distribution
from initreg.draws.shapes import Shape
from initreg.models.roles.table import is_known


class Addition(NamedTuple):
    """A part of a vector that its layer sets to a value of its own.

    `text` describes it in a plan.
    """

    part: slice
    value: float
    text: str

    def after(self, initializer: Callable[..., Any]) -> Callable[..., Any]:
        """Return an initializer that calls another one, and then sets this part of its values."""

        @wraps(initializer)
        def initialize(shape: Shape, dtype: Any = None, **options: Any) -> Any:
            values = initializer(shape, dtype=dtype, **options)
            start, stop = self.part.start, self.part.stop
            ops = load_keras().ops
            part = ops.full((stop - start,), self.value, dtype)
            return ops.concatenate([values[:start], part, values[stop:]])

        return initialize

    def moments(self, distribution: Distribution, size: int) -> tuple[float, float]:
        """Return the mean and the standard deviation of all values, this part included."""
        share = (self.part.stop - self.part.start) / size
        mean = (1 - share) * distribution.mean + share * self.value
        square = (1 - share) * (distribution.stddev**2 + distribution.mean**2)
        variance = square + share * self.value**2 - mean**2
        return mean, max(0.0, variance) ** 0.5


def addition_to(layer: Any, name: str, shape: Shape) -> Addition | None:
    """Return what a layer adds to the initializer of one of its weights, if anything.

    LSTM and ConvLSTM cells with `unit_forget_bias` set the second of the four gates in `bias` to 1.
    Of other layers with this option, the order of the gates isn't known.
    """
    if name != "bias" or len(shape) != 1 or shape[0] % 4 or not _has_forget_gate(type(layer)):
        return None
    if not layer.unit_forget_bias:
        return None
    units = shape[0] // 4
    return Addition(slice(units, 2 * units), 1.0, "1 in the forget gate (unit_forget_bias)")


def _has_forget_gate(layer_class: type) -> bool:
    return any(
        is_known(base) and base.__name__ in ("LSTMCell", "ConvLSTMCell")
        for base in layer_class.__mro__
    )


def names_gates(config: InitializerConfig) -> bool:
    """Return True if a config says what each gate gets, so that the layer adds nothing to it."""
    return config.fills_blocks or any(map(names_gates, nested_configs(config)))
