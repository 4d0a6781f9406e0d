"""Orthogonal."""

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from initreg import Fans, InitializerConfig, Layout, Normal, Number, Seed, Shape, draw, hookimpl

if TYPE_CHECKING:
    import numpy as np


class Orthogonal(
    InitializerConfig,
    name="orthogonal",
    aliases=("orthogonal_initializer",),
    builds="keras.initializers:Orthogonal",
    examples=("orthogonal", "orthogonal(gain=1.4, seed=42)"),
    also_known_as=("torch.nn.init.orthogonal_", "jax.nn.initializers.orthogonal"),
):
    """Draw an orthogonal matrix. A weight of more than two axes is flattened, except the last axis.

    Under a rule, each block of the weight is an orthogonal matrix, from its inputs to its outputs:
    each gate, head, expert or group.

    Needs two axes or more. Keras itself needs float32 or float64, because no backend factorizes all
    half precisions.
    Source: Saxe et al. 2014.
    """

    gain: Number = Field(1.0, description="Factor of the orthogonal matrix.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if len(shape) < 2:
            raise ValueError("an orthogonal matrix needs two axes or more")
        layout = fans.layout
        if layout is None:
            layout = Layout((math.prod(shape[:-1]), shape[-1]), input_axes=(0,), output_axes=(1,))
        paths = [path]
        if layout.blocks != 1:
            paths = [f"{path}/{block}" for block in range(layout.blocks)]
        matrices = np.stack([_orthogonal(*layout.matrix_shape, seed, path) for path in paths])
        return self.gain * layout.from_matrices(matrices, shape)


def _orthogonal(rows: int, columns: int, seed: int, path: str) -> "np.ndarray[Any, Any]":
    import numpy as np

    tall = (max(rows, columns), min(rows, columns))
    normal = draw(Normal(), tall, seed=seed, path=path, dtype="float64")
    q, r = np.linalg.qr(normal)
    # Versions of LAPACK differ in signs. Only one factorization has a positive diagonal.
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Orthogonal]
