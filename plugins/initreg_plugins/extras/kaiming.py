"""Kaiming and Xavier with the gain of a nonlinearity, as in PyTorch."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    NonNegative,
    Normal,
    Number,
    Seed,
    Shape,
    Uniform,
    conflict,
    hookimpl,
)

Kind = Literal["uniform", "normal"]
Nonlinearity = Literal[
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "selu",
]

_GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def _gain(nonlinearity: Nonlinearity, slope: float) -> float:
    """Return the factor that keeps the standard deviation of signals after a nonlinearity.

    Source: `torch.nn.init.calculate_gain` (PyTorch 2.13).
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return _GAINS.get(nonlinearity, 1.0)


def _of_spread(stddev: float, kind: Kind) -> Distribution:
    if kind == "normal":
        return Normal(0.0, stddev)
    return Uniform(-math.sqrt(3) * stddev, math.sqrt(3) * stddev)


_SEED = "Seed of the draw; without one, each initializer differs."
_KIND = "uniform, or normal (not truncated, as in PyTorch)."


class Kaiming(
    InitializerConfig,
    name="kaiming",
    examples=("kaiming(nonlinearity=relu)", "kaiming(distribution=normal, mode=fan_out)"),
    also_known_as=("torch.nn.init.kaiming_uniform_", "torch.nn.init.kaiming_normal_"),
):
    """Draw values of standard deviation gain / √fan, with the gain of a nonlinearity.

    The defaults are those of PyTorch, whose layers use ``kaiming(a=sqrt(5))``. Fans that are
    counted from a shape have Keras's layout, (*kernel, inputs, outputs). They equal PyTorch's fans
    for the same layer.
    `he_normal` has the gain of ReLU, and is cut off at two standard deviations.
    Source: He et al. 2015.
    """

    nonlinearity: Nonlinearity = Field(
        "leaky_relu", description="The activation after the layer, by its name in PyTorch."
    )
    a: Number = Field(0.0, description="Slope of leaky_relu for negative inputs.")
    mode: Literal["fan_in", "fan_out"] = Field("fan_in", description="The fan to divide by.")
    # An alias, because `distribution` is a method of every config.
    kind: Kind = Field("uniform", alias="distribution", description=_KIND)
    seed: Seed = Field(None, description=_SEED)

    @model_validator(mode="after")
    def _check_slope(self) -> Self:
        if self.a and self.nonlinearity != "leaky_relu":
            raise conflict(
                f"is only for leaky_relu, not for {self.nonlinearity}", "a", "nonlinearity"
            )
        return self

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        fan = fans.fan_in if self.mode == "fan_in" else fans.fan_out
        gain = _gain(self.nonlinearity, self.a)
        return _of_spread(gain / math.sqrt(fan or 1), self.kind)


class Xavier(
    InitializerConfig,
    name="xavier",
    examples=("xavier(nonlinearity=tanh)", "xavier(gain=1.4, distribution=normal)"),
    also_known_as=("torch.nn.init.xavier_uniform_", "torch.nn.init.xavier_normal_"),
):
    """Draw values of standard deviation gain · √(2 / (fan_in + fan_out)).

    The gain is a number, or the gain of a nonlinearity. `glorot_normal` has a gain of 1, and is cut
    off at two standard deviations. Source: Glorot and Bengio 2010.
    """

    gain: NonNegative = Field(1.0, description="Factor of the standard deviation.")
    nonlinearity: Nonlinearity | None = Field(
        None, description="Use the gain of this activation, by its name in PyTorch."
    )
    a: Number = Field(0.0, description="Slope of leaky_relu for negative inputs.")
    kind: Kind = Field("uniform", alias="distribution", description=_KIND)
    seed: Seed = Field(None, description=_SEED)

    @model_validator(mode="after")
    def _check_gain(self) -> Self:
        if self.nonlinearity is not None and self.gain != 1:
            raise conflict(
                "can't be given with a nonlinearity, which has its own", "gain", "nonlinearity"
            )
        if self.a and self.nonlinearity != "leaky_relu":
            raise conflict("is only for nonlinearity=leaky_relu", "a", "nonlinearity")
        return self

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        gain = self.gain if self.nonlinearity is None else _gain(self.nonlinearity, self.a)
        return _of_spread(gain * math.sqrt(2 / (fans.fan_in + fans.fan_out or 1)), self.kind)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Kaiming, Xavier]
