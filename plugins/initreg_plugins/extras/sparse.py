"""Sparse: most of the weights into each unit are 0."""

import math
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from initreg import (
    Fans,
    InitializerConfig,
    NonNegative,
    Normal,
    Number,
    Seed,
    Shape,
    Uniform,
    draw,
    hookimpl,
)

if TYPE_CHECKING:
    import numpy as np

Share = Annotated[Number, Field(ge=0, le=1)]


class Sparse(
    InitializerConfig,
    name="sparse",
    examples=("sparse(sparsity=0.9)", "sparse(0.5, stddev=0.1, seed=42)"),
    also_known_as=("torch.nn.init.sparse_",),
):
    """Draw from a normal distribution, and set a share of each column to 0.

    In each column, ⌈sparsity · rows⌉ values are 0, chosen at random for each column. Needs two
    axes. In Keras's layout, (inputs, units), a column holds the weights into one unit, as in the
    source.
    PyTorch also makes columns sparse, but its layout is (units, inputs), so a column holds the
    weights from one input. Source: Martens 2010.
    """

    sparsity: Share = Field(description="Share of each column that is 0, 0 to 1.")
    stddev: NonNegative = Field(0.01, description="Standard deviation of the other values.")
    seed: Seed = Field(None, description="Seed of the draw; without one, each initializer differs.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        import numpy as np

        if len(shape) != 2:
            raise ValueError("a sparse weight needs two axes")
        values = draw(
            Normal(0.0, self.stddev), shape, seed=seed, path=f"{path}/values", dtype="float64"
        )
        zeros = math.ceil(self.sparsity * shape[0])
        if 0 < zeros < shape[0]:
            # The rows of the smallest of random numbers: each choice is equally likely.
            keys = draw(Uniform(0.0, 1.0), shape, seed=seed, path=f"{path}/rows", dtype="float64")
            rows = np.argpartition(np.ascontiguousarray(keys.T), zeros - 1)[:, :zeros].T
            np.put_along_axis(values, rows, 0.0, axis=0)
        elif zeros:
            values[...] = 0.0
        return values


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Sparse]
