"""VarianceScaling, and its special cases: the Glorot, He and LeCun initializers."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from initreg import (
    Axes,
    Distribution,
    Fans,
    InitializerConfig,
    Normal,
    Positive,
    Seed,
    Shape,
    TruncatedNormal,
    Uniform,
    conflict,
    hookimpl,
)

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Kind = Literal["truncated_normal", "untruncated_normal", "uniform"]


def _as_keras_reads(value: object) -> object:
    """Accept any case, and "normal" for the truncated normal distribution, as Keras does."""
    if not isinstance(value, str):
        return value
    return "truncated_normal" if value.lower() == "normal" else value.lower()


# The JSON Schema of these words, in any case. The list is there for completion in editors.
_KIND_SCHEMA = {
    "type": "string",
    "anyOf": [
        {"enum": [*get_args(Kind), "normal"]},
        {
            "pattern": "^(?:{})(?!\\n)$".format(
                "|".join(
                    "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word)
                    for word in (*get_args(Kind), "normal")
                )
            )
        },
    ],
}


def _scaled(fans: Fans, scale: float, mode: Mode, kind: Kind) -> Distribution:
    """Return the distribution with a mean of 0 and the variance scale / fan."""
    fan_in, fan_out = fans.fan_in, fans.fan_out
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    stddev = math.sqrt(scale / (fan or 1))
    if kind == "uniform":
        return Uniform(-math.sqrt(3) * stddev, math.sqrt(3) * stddev)
    if kind == "untruncated_normal":
        return Normal(0.0, stddev)
    # The cut makes the standard deviation smaller, so start with a larger one.
    return TruncatedNormal(0.0, stddev / TruncatedNormal(0.0, 1.0).stddev)


# The JSON Schema of "both or neither".
_BOTH_OR_NEITHER: dict[str, Any] = {
    "allOf": [
        {
            "if": {"properties": {one: {"type": "array"}}, "required": [one]},
            "then": {"properties": {other: {"type": "array"}}, "required": [other]},
        }
        for one, other in (("input_axes", "output_axes"), ("output_axes", "input_axes"))
    ]
}


_SEED = "Seed of the draw; without one, each initializer differs."
_INPUT_AXES = "Axes of the inputs; None for Keras's own choice."
_OUTPUT_AXES = "Axes of the outputs; None for Keras's own choice."


class _WithAxes(InitializerConfig):
    """Parameters of the whole family: the axes that count as inputs and as outputs."""

    if TYPE_CHECKING:  # declared by each subclass, as its last parameters
        input_axes: Axes
        output_axes: Axes

    model_config = ConfigDict(json_schema_extra=_BOTH_OR_NEITHER)

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        if (self.input_axes is None) != (self.output_axes is None):
            names = ("input_axes", "output_axes")
            missing, other = names if self.input_axes is None else reversed(names)
            raise conflict(f"is needed with {other}: give both or neither", missing, other)
        return self

    def _fans(self, shape: Shape, fans: Fans) -> Fans:
        """Return the fans of the weight. The axes, if given, replace those that are passed."""
        if self.input_axes is None:
            return fans
        return Fans.of_shape(shape, self.input_axes, self.output_axes)

    def example_shape(self) -> Shape:
        """Return a shape that has every axis named by a parameter, counted from either end."""
        axes = (*(self.input_axes or ()), *(self.output_axes or ()))
        rank = max([2, *(axis + 1 for axis in axes), *(-axis for axis in axes)])
        return (64, 32, *[4] * (min(rank, 8) - 2))


class VarianceScaling(
    _WithAxes,
    name="variance_scaling",
    builds="keras.initializers:VarianceScaling",
    examples=(
        "variance_scaling(scale=2, mode=fan_out, distribution=untruncated_normal)",
        "variance_scaling(input_axes=[0, 1], output_axes=[2])",
    ),
    also_known_as=("jax.nn.initializers.variance_scaling",),
):
    """Draw values whose variance is scale / fan, so that signals keep their size.

    The fan is the number of inputs (fan_in), of outputs (fan_out) or the mean of both (fan_avg).
    """

    scale: Positive = Field(1.0, description="Variance of the values times the fan.")
    mode: Mode = Field("fan_in", description="The fan to divide by.")
    # An alias, because `distribution` is a method of every config.
    kind: Annotated[Kind, BeforeValidator(_as_keras_reads), WithJsonSchema(_KIND_SCHEMA)] = Field(
        "truncated_normal",
        alias="distribution",
        description='The distribution to draw from; "normal" is the truncated one, as in Keras.',
    )
    seed: Seed = Field(None, description=_SEED)
    input_axes: Axes = Field(None, description=_INPUT_AXES)
    output_axes: Axes = Field(None, description=_OUTPUT_AXES)

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return _scaled(self._fans(shape, fans), self.scale, self.mode, self.kind)


class _Rule(_WithAxes):
    """A member of the family with a fixed scale, mode and distribution."""

    rule: ClassVar[tuple[float, Mode, Kind]]

    seed: Seed = Field(None, description=_SEED)
    input_axes: Axes = Field(None, description=_INPUT_AXES)
    output_axes: Axes = Field(None, description=_OUTPUT_AXES)

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return _scaled(self._fans(shape, fans), *self.rule)


class GlorotUniform(
    _Rule,
    name="glorot_uniform",
    aliases=("xavier_uniform",),
    builds="keras.initializers:GlorotUniform",
    examples=("glorot_uniform", "glorot_uniform(seed=42)"),
    also_known_as=("jax.nn.initializers.glorot_uniform", "jax.nn.initializers.xavier_uniform"),
):
    """Draw evenly within ±√(6 / (fan_in + fan_out)); Keras's default for kernels.

    Also called Xavier uniform. Source: Glorot and Bengio 2010.
    """

    rule = (1.0, "fan_avg", "uniform")


class GlorotNormal(
    _Rule,
    name="glorot_normal",
    aliases=("xavier_normal",),
    builds="keras.initializers:GlorotNormal",
    examples=("glorot_normal(seed=42)",),
    also_known_as=("jax.nn.initializers.glorot_normal", "jax.nn.initializers.xavier_normal"),
):
    """Draw from a truncated normal distribution of variance 2 / (fan_in + fan_out).

    Also called Xavier normal. Source: Glorot and Bengio 2010.
    """

    rule = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(
    _Rule,
    name="lecun_uniform",
    builds="keras.initializers:LecunUniform",
    examples=("lecun_uniform(seed=42)",),
    also_known_as=("jax.nn.initializers.lecun_uniform",),
):
    """Draw evenly within ±√(3 / fan_in). Source: LeCun et al. 1998."""

    rule = (1.0, "fan_in", "uniform")


class LecunNormal(
    _Rule,
    name="lecun_normal",
    builds="keras.initializers:LecunNormal",
    examples=("lecun_normal(seed=42)",),
    also_known_as=("jax.nn.initializers.lecun_normal",),
):
    """Draw from a truncated normal distribution of variance 1 / fan_in; goes with SELU.

    Source: Klambauer et al. 2017, LeCun et al. 1998.
    """

    rule = (1.0, "fan_in", "truncated_normal")


class HeUniform(
    _Rule,
    name="he_uniform",
    aliases=("kaiming_uniform",),
    builds="keras.initializers:HeUniform",
    examples=("he_uniform(seed=42)",),
    also_known_as=("jax.nn.initializers.he_uniform", "jax.nn.initializers.kaiming_uniform"),
):
    """Draw evenly within ±√(6 / fan_in); goes with ReLU.

    Also called Kaiming uniform. Source: He et al. 2015.
    """

    rule = (2.0, "fan_in", "uniform")


class HeNormal(
    _Rule,
    name="he_normal",
    aliases=("kaiming_normal",),
    builds="keras.initializers:HeNormal",
    examples=("he_normal", "he_normal(seed=42)"),
    also_known_as=("jax.nn.initializers.he_normal", "jax.nn.initializers.kaiming_normal"),
):
    """Draw from a truncated normal distribution of variance 2 / fan_in; goes with ReLU.

    Also called Kaiming normal. PyTorch draws with the same variance, but from a normal
    distribution without truncation. Source: He et al. 2015.
    """

    rule = (2.0, "fan_in", "truncated_normal")


@hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [
        VarianceScaling,
        GlorotUniform,
        GlorotNormal,
        LecunUniform,
        LecunNormal,
        HeUniform,
        HeNormal,
    ]
