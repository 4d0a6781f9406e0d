"""RandomUniform."""

from typing import Self

from pydantic import Field, model_validator

from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    Number,
    Seed,
    Shape,
    Uniform,
    conflict,
    hookimpl,
)


class RandomUniform(
    InitializerConfig,
    name="random_uniform",
    aliases=("uniform",),
    builds="keras.initializers:RandomUniform",
    examples=("random_uniform(minval=-0.1, maxval=0.1)",),
    also_known_as=("torch.nn.init.uniform_", "jax.nn.initializers.uniform"),
):
    """Draw values evenly between two bounds."""

    minval: Number = Field(-0.05, description="Lower bound of the values.")
    maxval: Number = Field(0.05, description="Upper bound of the values.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minval > self.maxval:
            problem = f"must not be above maxval: {self.minval:g} > {self.maxval:g}"
            raise conflict(problem, "minval", "maxval")
        return self

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return Uniform(self.minval, self.maxval)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [RandomUniform]
