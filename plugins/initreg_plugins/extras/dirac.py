"""Dirac: a convolution that passes its inputs through."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, Shape, hookimpl

if TYPE_CHECKING:
    import numpy as np

Groups = Annotated[int, Field(strict=True, ge=1)]


class Dirac(
    InitializerConfig,
    name="dirac",
    examples=("dirac", "dirac(groups=2)"),
    also_known_as=("torch.nn.init.dirac_",),
):
    """Set the kernel of a convolution to the identity, so that channels pass through unchanged.

    Needs three to five axes, in Keras's layout: (*kernel, inputs / groups, outputs). In each group,
    the middle of the kernel is 1 from input i to output i, and everything else is 0. PyTorch has
    the axes (outputs, inputs / groups, *kernel), with the same result in a layer.
    Source: Zagoruyko and Komodakis 2017.
    """

    groups: Groups = Field(1, description="Groups of the convolution; outputs must be a multiple.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if not 3 <= len(shape) <= 5:
            raise ValueError("the kernel of a convolution has three to five axes")
        *kernel, inputs, outputs = shape
        if outputs % self.groups:
            raise ValueError(f"{outputs} outputs can't be divided into {self.groups} groups")
        values = np.zeros(shape)
        middle = tuple(size // 2 for size in kernel)
        group_outputs = outputs // self.groups
        channels = np.arange(min(inputs, group_outputs))
        for group in range(self.groups if all(kernel) else 0):
            values[middle][channels, group * group_outputs + channels] = 1.0
        return values

    def example_shape(self) -> Shape:
        return (3, 3, 4, 4 * self.groups)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Dirac]
