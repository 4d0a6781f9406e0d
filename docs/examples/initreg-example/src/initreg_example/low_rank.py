"""The initializer `low_rank`. Its values depend on each other, so it overrides `draw`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

from initreg import Fans, InitializerConfig, NonNegative, Normal, Seed, Shape, draw, hookimpl
from pydantic import Field

if TYPE_CHECKING:
    import numpy as np


class LowRank(
    InitializerConfig,
    name="low_rank",
    examples=("low_rank(rank=4)", "low_rank(8, stddev=0.02, seed=42)"),
):
    """Draw a matrix of low rank: the product of two narrow matrices.

    A weight of more than two axes is flattened to a matrix, except the last axis. A vector is a
    matrix of one row.
    """

    rank: Annotated[int, Field(strict=True, ge=1, description="Largest rank of the matrix.")]
    stddev: NonNegative = Field(default=0.05, description="Standard deviation of the values.")
    seed: Seed = Field(default=None, description="Seed; without one, each initializer differs.")

    def draw(self, shape: Shape, fans: Fans, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        rows, columns = math.prod(shape[:-1]), math.prod(shape[-1:])
        # With two paths, the two matrices are independent.
        tall = draw(Normal(), (rows, self.rank), seed=seed, path=f"{path}/tall", dtype="float64")
        wide = draw(Normal(), (self.rank, columns), seed=seed, path=f"{path}/wide", dtype="float64")
        matrix: np.ndarray[Any, Any] = tall @ wide * (self.stddev / math.sqrt(self.rank))
        return matrix.reshape(shape)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [LowRank]
