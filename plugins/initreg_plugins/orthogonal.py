"""Orthogonal."""

from pydantic import Field

from initreg import InitializerConfig, Number, Seed, hookimpl


class Orthogonal(
    InitializerConfig,
    name="orthogonal",
    aliases=("orthogonal_initializer",),
    builds="keras.initializers:Orthogonal",
    examples=("orthogonal", "orthogonal(gain=1.4, seed=42)"),
):
    """Draw an orthogonal matrix; weights of higher rank are flattened to one, last axis kept.

    Needs two axes or more, and float32 or float64: no backend factorizes all half precisions.
    Source: Saxe et al. 2014.
    """

    gain: Number = Field(1.0, description="Factor of the orthogonal matrix.")
    seed: Seed = Field(None, description="Seed of the draw; left open, each initializer differs.")


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Orthogonal]
