"""The initializer `low_rank`: values that depend on each other, so it draws a whole weight."""

import math
from typing import TYPE_CHECKING, Annotated, Any

from initreg import InitializerConfig, NonNegative, Normal, Seed, Shape, draw, hookimpl
from pydantic import Field

if TYPE_CHECKING:
    import numpy as np


class LowRank(
    InitializerConfig,
    name="low_rank",
    examples=("low_rank(rank=4)", "low_rank(8, stddev=0.02, seed=42)"),
):
    """Draw a matrix of low rank: the product of two narrow ones.

    Weights of more than two axes are flattened to a matrix, last axis kept; a vector is one row.
    """

    rank: Annotated[int, Field(strict=True, ge=1, description="Rank, if the matrix has as many.")]
    stddev: NonNegative = Field(default=0.05, description="Standard deviation of the values.")
    seed: Seed = Field(default=None, description="Seed; without one, each initializer differs.")

    def draw(self, shape: Shape, seed: int, path: str = "") -> "np.ndarray[Any, Any]":
        rows, columns = math.prod(shape[:-1]), math.prod(shape[-1:])
        # A path of its own for each: the two differ, and don't depend on each other's shape.
        tall = draw(Normal(), (rows, self.rank), seed=seed, path=f"{path}/tall", dtype="float64")
        wide = draw(Normal(), (self.rank, columns), seed=seed, path=f"{path}/wide", dtype="float64")
        matrix: np.ndarray[Any, Any] = tall @ wide * (self.stddev / math.sqrt(self.rank))
        return matrix.reshape(shape)


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [LowRank]
