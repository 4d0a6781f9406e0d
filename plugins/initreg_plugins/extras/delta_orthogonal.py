"""Delta-orthogonal: a convolution that keeps the length of its inputs."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, Number, Seed, Shape, draw, hookimpl
from initreg_plugins.extras.kernels import channel_layout

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
    Under a rule, each group of a convolution gets a matrix of its own, and the kernel of a
    transposed convolution, (*kernel, outputs, inputs), is read as such.
    Source: Xiao et al. 2018.
    """

    gain: Number = Field(1.0, description="Factor of the orthogonal matrix.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        layout = channel_layout(shape, fans)
        inputs, outputs = layout.matrix_shape
        if inputs > outputs:
            raise ValueError(f"{inputs} inputs are more than {outputs} outputs")
        values = np.zeros(shape)
        if all(shape):
            channels = Fans(inputs, outputs, layout)
            matrix = draw(
                "orthogonal", shape[-2:], seed=seed, path=path, dtype="float64", fans=channels
            )
            middle = tuple((size - 1) // 2 for size in shape[:-2])
            values[middle] = self.gain * matrix
        return values

    def example_shape(self) -> Shape:
        return (3, 3, 16, 32)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [DeltaOrthogonal]
