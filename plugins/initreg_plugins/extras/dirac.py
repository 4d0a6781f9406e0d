"""Dirac: a convolution that passes its inputs on."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from initreg import InitializerConfig, Shape, hookimpl

if TYPE_CHECKING:
    import numpy as np

Groups = Annotated[int, Field(strict=True, ge=1)]


class Dirac(
    InitializerConfig,
    name="dirac",
    examples=("dirac", "dirac(groups=2)"),
    also_known_as=("torch.nn.init.dirac_",),
):
    """Set the kernel of a convolution to the identity: as many channels as can pass unchanged.

    Needs three to five axes, in Keras's layout: (*kernel, inputs / groups, outputs). In each group,
    the middle of the kernel is 1 from an input to the output of the same number, and all else is 0.
    PyTorch has the axes as (outputs, inputs / groups, *kernel); the layers do the same.
    Source: Zagoruyko and Komodakis 2017.
    """

    groups: Groups = Field(1, description="Groups of the convolution; they divide the outputs.")

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if not 3 <= len(shape) <= 5:
            raise ValueError("the kernel of a convolution has three to five axes")
        *kernel, inputs, outputs = shape
        if outputs % self.groups:
            raise ValueError(f"{outputs} outputs do not divide into {self.groups} groups")
        values = np.zeros(shape)
        middle = tuple(size // 2 for size in kernel)
        each = outputs // self.groups
        passed = np.arange(min(inputs, each))
        for group in range(self.groups if all(kernel) else 0):
            values[middle][passed, group * each + passed] = 1.0
        return values

    def example_shape(self) -> Shape:
        return (3, 3, 4, 4 * self.groups)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Dirac]
