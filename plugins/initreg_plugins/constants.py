"""Initializers of known values: Zeros, Ones, Constant, Identity."""

from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field

from initreg import Constant as ConstantDistribution
from initreg import Distribution, Fans, InitializerConfig, Number, Shape, hookimpl
from initreg_plugins.arrays import ArrayValue, shape_of

if TYPE_CHECKING:
    import numpy as np


class Zeros(
    InitializerConfig,
    name="zeros",
    aliases=("zero",),
    builds="keras.initializers:Zeros",
    examples=("zeros",),
    also_known_as=("torch.nn.init.zeros_", "jax.nn.initializers.zeros"),
):
    """Set every value to 0; Keras's default for biases."""

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return ConstantDistribution(0.0)


class Ones(
    InitializerConfig,
    name="ones",
    aliases=("one",),
    builds="keras.initializers:Ones",
    examples=("ones",),
    also_known_as=("torch.nn.init.ones_", "jax.nn.initializers.ones"),
):
    """Set every value to 1."""

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return ConstantDistribution(1.0)


class Constant(
    InitializerConfig,
    name="constant",
    builds="keras.initializers:Constant",
    examples=("constant(0.1)", "constant([0, 0, 1])"),
    also_known_as=("torch.nn.init.constant_", "jax.nn.initializers.constant"),
):
    """Set every value to one number, or the weight to the values of a nested list.

    A list is broadcast to the shape of the weight, as in NumPy.
    """

    value: ArrayValue = Field(0.0, description="The value: a number, or a nested list of numbers.")

    def distribution(self, shape: Shape, fans: Fans) -> Distribution | None:
        return None if isinstance(self.value, tuple) else ConstantDistribution(self.value)

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        return np.broadcast_to(np.array(self.value, np.float64), shape)

    def example_shape(self) -> Shape:
        return shape_of(self.value) or super().example_shape()


class Identity(
    InitializerConfig,
    name="identity",
    aliases=("identity_initializer", "eye"),
    builds="keras.initializers:Identity",
    examples=("identity", "identity(gain=0.5)"),
    also_known_as=("torch.nn.init.eye_",),
):
    """Set a matrix to the identity. Needs two axes.

    A layer saves the gain. If it is loaded and saved again, Keras 3.15 leaves the gain out, so the
    initializer then has a gain of 1. Saved weights are not affected.
    """

    gain: Number = Field(1.0, description="Factor of the identity.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if len(shape) != 2:
            raise ValueError("an identity needs two axes")
        return self.gain * np.eye(*shape)

    def build(self) -> Any:
        """Make Keras's initializer. Write the gain into its config, which Keras leaves out."""
        initializer = super().build()
        if self.gain != 1:
            initializer.get_config = partial(dict, gain=self.gain)
        return initializer

    def serialize(self) -> dict[str, Any]:
        """Leave out a gain of 1, as Keras does with any gain."""
        return {
            "module": "keras.initializers",
            "class_name": "Identity",
            "config": {"gain": self.gain} if self.gain != 1 else {},
            "registered_name": None,
        }


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Zeros, Ones, Constant, Identity]
