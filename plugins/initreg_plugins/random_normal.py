"""The reference plugin: RandomNormal. Copy it to write your own.

A plugin is a module that is named by an entry point of the group ``initreg``. In pyproject.toml:

    [project.entry-points.initreg]
    random_normal = "initreg_plugins.random_normal"

Keep the module light: don't import Keras in it. It is imported to list names and to check configs.
"""

from pydantic import Field

from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    NonNegative,
    Normal,
    Number,
    Seed,
    Shape,
    hookimpl,
)


# The class is the schema, the documentation and the recipe. Specs use the `name`. `builds` is the
# Keras class, as text, so that it is imported only when an initializer is made. The default build()
# calls that class with the fields below.
class RandomNormal(
    InitializerConfig,
    name="random_normal",
    aliases=("normal",),
    builds="keras.initializers:RandomNormal",
    examples=("random_normal(mean=0, stddev=0.05)", "random_normal(stddev=0.02, seed=42)"),
    also_known_as=("torch.nn.init.normal_", "jax.nn.initializers.normal"),
):
    """Draw values from a normal distribution.

    The standard deviation doesn't depend on the shape. For one that depends on the fans, see
    `variance_scaling`.
    """

    # The fields are the parameters, in the order of positional arguments. Their types set the
    # bounds. `initreg show` and editors display their descriptions.
    mean: Number = Field(0.0, description="Mean of the values.")
    stddev: NonNegative = Field(0.05, description="Standard deviation of the values.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    # Optional: the distribution of the values. It makes draws portable, and statistics comparable
    # with theory.
    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return Normal(self.mean, self.stddev)


# The hook that initreg calls. One plugin can return many classes.
@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [RandomNormal]
