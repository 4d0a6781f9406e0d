"""Scaled: the values of another initializer, times a factor."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from initreg import (
    Constant,
    Distribution,
    Fans,
    InitializerConfig,
    InitializerField,
    Normal,
    Number,
    Shape,
    TruncatedNormal,
    Uniform,
    draw,
    hookimpl,
)

if TYPE_CHECKING:
    import numpy as np


class Scaled(
    InitializerConfig,
    name="scaled",
    builds="initreg_plugins.extras.keras_classes:Scaled",
    examples=(
        "scaled(random_normal(stddev=0.02), 1/sqrt(2*12))",
        "scaled(orthogonal(seed=42), factor=0.1)",
    ),
):
    """Multiply the values of another initializer by a factor.

    The first example is GPT-2's initializer for the layers that write into the residual stream. It
    has 12 blocks, each with two such layers. Source: Radford et al. 2019.
    """

    base: InitializerField = Field(description="The initializer whose values are multiplied.")
    factor: Number = Field(description="The factor.")

    def distribution(self, shape: Shape, fans: Fans) -> Distribution | None:
        return _times(self.factor, self.base.distribution(shape, fans))

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        return self.factor * draw(
            self.base, shape, seed=seed, path=path, dtype="float64", fans=fans
        )

    def serialize(self) -> dict[str, Any]:
        return super().serialize() | {"registered_name": "initreg>Scaled"}

    def example_shape(self) -> Shape:
        shape: Shape = self.base.example_shape()
        return shape


def _times(factor: float, base: Distribution | None) -> Distribution | None:
    match base:
        case Normal(mean, stddev):
            return Normal(factor * mean, abs(factor) * stddev)
        case Uniform(low, high):
            return Uniform(*sorted((factor * low, factor * high)))
        case Constant(value):
            return Constant(factor * value)
        case TruncatedNormal(loc, scale, low, high):
            low, high = (low, high) if factor > 0 else (-high, -low)
            return TruncatedNormal(factor * loc, abs(factor) * scale, low, high)
    return None  # `draw` multiplies the values of the base


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Scaled]
