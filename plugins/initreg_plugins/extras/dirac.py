"""Dirac: a convolution that passes its inputs through."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, Layout, Shape, hookimpl
from initreg_plugins.extras.kernels import channel_layout

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
    the axes (outputs, inputs / groups, *kernel), with the same result in a layer. Under a rule,
    the groups are the layer's, unless the spec names some, and the kernel of a transposed
    convolution, (*kernel, outputs, inputs), is read as such.
    Source: Zagoruyko and Komodakis 2017.
    """

    groups: Groups = Field(1, description="Groups of the convolution; outputs must be a multiple.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        layout = channel_layout(shape, fans)
        if self.groups > 1:
            layout = _divided(channel_layout(shape, Fans.of_shape(shape)), self.groups)
        values = np.zeros(shape)
        if all(shape):
            identity = np.broadcast_to(
                np.eye(*layout.matrix_shape), (layout.blocks, *layout.matrix_shape)
            )
            middle = tuple(size // 2 for size in shape[:-2])
            values[middle] = layout.from_matrices(identity, shape[-2:])
        return values

    def example_shape(self) -> Shape:
        return (3, 3, 4, 4 * self.groups)


def _divided(layout: Layout, groups: int) -> Layout:
    """Divide the outputs of a layout, its last axis, into groups."""
    inputs, outputs = layout.shape
    if outputs % groups:
        raise ValueError(f"{outputs} outputs can't be divided into {groups} groups")
    return Layout((inputs, groups, outputs // groups), (0,), (2,), (1,))


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Dirac]
