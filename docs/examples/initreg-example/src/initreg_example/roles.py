"""What the weights of this distribution's layers do. Importing this imports no Keras."""

from collections.abc import Callable, Mapping
from typing import Any

from initreg import Layout, Role, hookimpl


def experts(layer: Any, name: str, shape: tuple[int, ...]) -> Role | None:
    """Describe the weight of Experts."""
    if name != "bank":
        return None
    count, inputs, outputs = shape
    layout = Layout(shape, input_axes=(1,), output_axes=(2,), block_axes=(0,))
    return Role("kernel", inputs, outputs, count, "a matrix for each expert", layout)


@hookimpl
def initreg_roles() -> Mapping[str, Callable[..., Any]]:
    return {"initreg_example.experts:Experts": experts}
