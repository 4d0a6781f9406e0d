"""The middle of a convolution's kernel, for initializers that leave the rest 0."""

from initreg import Fans, Layout, Shape


def channel_layout(shape: Shape, fans: Fans) -> Layout:
    """Return how one position of a convolution's kernel connects inputs with outputs.

    Without a layout in `fans`, the shape is read as (*kernel, inputs, outputs). Raises `ValueError`
    for a shape that isn't that of a kernel.
    """
    if not 3 <= len(shape) <= 5:
        raise ValueError("the kernel of a convolution has three to five axes")
    kernel = len(shape) - 2
    if fans.layout is None:
        return Layout(shape[kernel:], input_axes=(0,), output_axes=(1,))
    layout = fans.layout
    if layout.shape[:kernel] != shape[:kernel] or not {*range(kernel)} <= {*layout.input_axes}:
        raise ValueError("it is not the kernel of a convolution")
    return Layout(
        layout.shape[kernel:],
        tuple(axis - kernel for axis in layout.input_axes if axis >= kernel),
        tuple(axis - kernel for axis in layout.output_axes),
        tuple(axis - kernel for axis in layout.block_axes),
    )
