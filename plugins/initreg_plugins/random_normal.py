"""The reference plugin: RandomNormal, made to be copied.

A plugin is a module that an entry point of the group ``initreg`` names. In pyproject.toml:

    [project.entry-points.initreg]
    random_normal = "initreg_plugins.random_normal"

Keep the module light: it is imported to list names and check configs, where Keras is not needed.
"""

from pydantic import Field

from initreg import (
    Distribution,
    InitializerConfig,
    NonNegative,
    Normal,
    Number,
    Seed,
    Shape,
    hookimpl,
)


# The class is the schema, the documentation and the recipe. `name` is what a spec says, `builds`
# the Keras class, as text, so that it is imported only when an initializer is made. The default
# build() calls that class with the fields below; override it only for what one call can't say.
class RandomNormal(
    InitializerConfig,
    name="random_normal",
    aliases=("normal",),
    builds="keras.initializers:RandomNormal",
    examples=("random_normal(mean=0, stddev=0.05)", "random_normal(stddev=0.02, seed=42)"),
    also_known_as=("torch.nn.init.normal_", "jax.nn.initializers.normal"),
):
    """Draw values from a normal distribution.

    The values are independent of the weight's shape. For a spread that follows the fans, see
    `variance_scaling`.
    """

    # The fields are the parameters, in the order of positional arguments. Their types hold the
    # bounds, their descriptions are what `initreg show` and editors display.
    mean: Number = Field(0.0, description="Mean of the values.")
    stddev: NonNegative = Field(0.05, description="Standard deviation of the values.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    # Optional: what the values of a weight follow. It brings statistics against theory.
    def distribution(self, shape: Shape) -> Distribution:
        return Normal(self.mean, self.stddev)


# The hook that initreg calls. One plugin can return many classes.
@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [RandomNormal]
