"""The initializer `siren`. A `distribution` describes its values."""

import math

from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    Positive,
    Seed,
    Shape,
    Uniform,
    hookimpl,
)
from pydantic import Field, StrictBool


class Siren(
    InitializerConfig,
    name="siren",
    examples=("siren(omega=30)", "siren(first=True)"),
    renamed={"w0": "omega"},  # the name in version 0.1; using it emits a warning
):
    """Draw evenly within the bounds of a network with sine activations.

    The bounds are ±1 / fan_in in the first layer, and ±sqrt(6 / fan_in) / omega in the others.
    Source: Sitzmann et al. 2020, "Implicit Neural Representations with Periodic Activation
    Functions", section 3.2.
    """

    omega: Positive = Field(default=30.0, description="Frequency of the sine.")
    first: StrictBool = Field(default=False, description="Use the bounds of the first layer.")
    seed: Seed = Field(default=None, description="Seed; without one, each initializer differs.")

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        fan_in = max(1, fans.fan_in)
        bound = 1 / fan_in if self.first else math.sqrt(6 / fan_in) / self.omega
        return Uniform(-bound, bound)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Siren]
