"""What a layer adds to the values of its initializer: LSTM sets its forget gate's bias to 1."""

from typing import Any, NamedTuple

from initreg.config.base import InitializerConfig, nested_configs
from initreg.draws.distributions import Distribution
from initreg.draws.shapes import Shape


class Addition(NamedTuple):
    """A part of a vector that its layer sets to a value of its own.

    `text` describes it in a plan.
    """

    part: slice
    value: float
    text: str

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
    """
    if name != "bias" or len(shape) != 1 or shape[0] % 4:
        return None
    if getattr(layer, "unit_forget_bias", False) is not True:
        return None
    units = shape[0] // 4
    return Addition(slice(units, 2 * units), 1.0, "1 in the forget gate (unit_forget_bias)")


def names_gates(config: InitializerConfig) -> bool:
    """Return True if a config says what each gate gets, so that the layer adds nothing to it."""
    return config.fills_blocks or any(map(names_gates, nested_configs(config)))
