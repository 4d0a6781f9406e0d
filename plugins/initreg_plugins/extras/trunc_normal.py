"""TruncNormal: a normal distribution between two bounds."""

import math
from typing import Self

from pydantic import Field, model_validator

from initreg import (
    Constant,
    Distribution,
    Fans,
    InitializerConfig,
    NonNegative,
    Number,
    Seed,
    Shape,
    TruncatedNormal,
    Uniform,
    conflict,
    hookimpl,
)


class TruncNormal(
    InitializerConfig,
    name="trunc_normal",
    examples=("trunc_normal(stddev=0.02)", "trunc_normal(mean=0, stddev=1, low=-0.5, high=2)"),
    also_known_as=("torch.nn.init.trunc_normal_",),
):
    """Draw from a normal distribution between two bounds; values outside are drawn again.

    The bounds are values, as in PyTorch, not numbers of standard deviations. (`truncated_normal`
    cuts at two standard deviations.)
    """

    mean: Number = Field(0.0, description="Mean before the cut.")
    stddev: NonNegative = Field(1.0, description="Standard deviation before the cut.")
    low: Number = Field(-2.0, description="Smallest value.")
    high: Number = Field(2.0, description="Largest value.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.low > self.high:
            problem = f"must not be above high: {self.low:g} > {self.high:g}"
            raise conflict(problem, "low", "high")
        if self.stddev == 0 and not self.low <= self.mean <= self.high:
            problem = "must be between low and high if stddev is 0"
            raise conflict(problem, "mean", "low", "high")
        if self.low < self.high and self.stddev and not self._has_mass():
            problem = f"and high are too far from the mean: {self.mean:g} ± {self.stddev:g} has no "
            raise conflict(f"{problem}values between them", "low", "high")
        return self

    def _has_mass(self) -> bool:
        # The share of values beyond 37 standard deviations is too small for a float.
        return (self.low - self.mean) / self.stddev < 37 and (
            self.high - self.mean
        ) / self.stddev > -37

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        if self.low == self.high:
            return Constant(self.low)
        if self.stddev == 0:
            return Constant(self.mean)
        low, high = ((bound - self.mean) / self.stddev for bound in (self.low, self.high))
        if (high - low) * (1 + max(abs(low), abs(high))) < 1e-4:
            return Uniform(self.low, self.high)  # the density varies by less than 1e-4
        return TruncatedNormal(self.mean, self.stddev, self._inward(low, 1), self._inward(high, -1))

    def _inward(self, scales: float, sign: int) -> float:
        """Move a bound, in standard deviations, inward until no value is rounded outside."""
        bound = self.low if sign > 0 else self.high
        while (self.mean + self.stddev * scales - bound) * sign < 0:
            scales = math.nextafter(scales, sign * math.inf)
        return scales


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [TruncNormal]
