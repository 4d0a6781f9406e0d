"""TruncatedNormal."""

from pydantic import Field

from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    NonNegative,
    Number,
    Seed,
    Shape,
    hookimpl,
)
from initreg import TruncatedNormal as TruncatedNormalDistribution


class TruncatedNormal(
    InitializerConfig,
    name="truncated_normal",
    builds="keras.initializers:TruncatedNormal",
    examples=("truncated_normal(stddev=0.02)",),
    also_known_as=("jax.nn.initializers.truncated_normal",),
):
    """Draw values from a normal distribution cut off at two standard deviations.

    Values outside are drawn again, so the standard deviation is 0.88 × stddev.
    """

    mean: Number = Field(0.0, description="Mean of the values.")
    stddev: NonNegative = Field(0.05, description="Standard deviation before the cut.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return TruncatedNormalDistribution(self.mean, self.stddev)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [TruncatedNormal]
