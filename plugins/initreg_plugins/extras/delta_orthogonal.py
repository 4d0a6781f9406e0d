"""Delta-orthogonal: a convolution that keeps the length of its inputs."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, Number, Seed, Shape, draw, hookimpl

if TYPE_CHECKING:
    import numpy as np


class DeltaOrthogonal(
    InitializerConfig,
    name="delta_orthogonal",
    examples=("delta_orthogonal", "delta_orthogonal(gain=1.4, seed=42)"),
    also_known_as=("jax.nn.initializers.delta_orthogonal",),
):
    """Set the middle of a convolution's kernel to an orthogonal matrix, and the rest to 0.

    Needs three to five axes, (*kernel, inputs, outputs), and at least as many outputs as inputs.
    Source: Xiao et al. 2018.
    """

    gain: Number = Field(1.0, description="Factor of the orthogonal matrix.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if not 3 <= len(shape) <= 5:
            raise ValueError("the kernel of a convolution has three to five axes")
        *kernel, inputs, outputs = shape
        if inputs > outputs:
            raise ValueError(f"{inputs} inputs are more than {outputs} outputs")
        values = np.zeros(shape)
        if all(shape):
            matrix = draw("orthogonal", (inputs, outputs), seed=seed, path=path, dtype="float64")
            middle = tuple((size - 1) // 2 for size in kernel)
            values[middle] = self.gain * matrix
        return values

    def example_shape(self) -> Shape:
        return (3, 3, 16, 32)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [DeltaOrthogonal]
