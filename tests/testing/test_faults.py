"""Each check fails for an initializer that is right except for one planted fault."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import keras
import numpy as np
import pytest
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from initreg import InitializerConfig, NonNegative, Normal, Number, Seed, Uniform, draw
from initreg.testing import CHECKS, check

pytestmark = [pytest.mark.keras, pytest.mark.slow]

BACKEND = keras.config.backend()
HERE = __name__


# Without a fault ----------------------------------------------------------------------------------


class Right(InitializerConfig):
    """Draw values from a normal distribution."""

    mean: Number = Field(0.0, description="Mean of the values.")
    stddev: NonNegative = Field(0.05, description="Their standard deviation.")
    seed: Seed = Field(None, description="Seed of the draw.")

    def distribution(self, shape, fans):
        return Normal(self.mean, self.stddev)


class Sound(
    Right,
    name="planted",
    builds="keras.initializers:RandomNormal",
    examples=("planted", "planted(mean=1)"),
):
    """Draw as Keras does."""


class Portable(Right, name="planted", examples=("planted(stddev=2)",)):
    """Draw as NumPy does."""


@pytest.mark.parametrize("config_class", [Sound, Portable])
def test_an_initializer_without_a_fault_passes_all_checks(config_class):
    results = check(config_class)
    assert [result.check for result in results] == list(CHECKS)
    assert {r.check: r.message for r in results if r.status != "passed"} == {
        "light_import": f"{config_class.__name__} is defined in {HERE}, "
        "not in a module of a plugin."
    }


# The faults: each with the check that must fail, its message, and other checks that fail ----------

FAULTS = {}
KEPT = ("keras_config", "saved_model")  # the checks of copies


def fault(trips: str, says: str, *others: str, on: tuple[str, ...] = ()):
    """Add a class to the faults, on all backends or on some."""

    def keep(config_class: type[InitializerConfig]) -> type[InitializerConfig]:
        if not on or BACKEND in on:
            FAULTS[config_class.__name__] = (config_class, trips, says, {trips, *others})
        return config_class

    return keep


# Its documentation and schema


@fault("docs", "NoSummary has no summary. Give the class a docstring.")
class NoSummary(Sound, name="planted", examples=("planted",)):
    pass


@fault("docs", "No description of power, base. Write Field(…, description='…') for power, base.")
class NoDescription(Sound, name="planted", examples=("planted",)):
    """Describe no parameter."""

    power: int = Field(1, strict=True)
    base: int = Field(1, strict=True)

    def build(self):
        return keras.initializers.RandomNormal(self.mean, self.stddev, self.seed)


@fault("docs", "It has no example.")
class NoExample(Sound, name="planted"):
    """Show no example."""


@fault("docs", "The example 'planted(stdev=1)' is rejected: planted has no")
class WrongExample(Sound, name="planted", examples=("planted(stdev=1)",)):
    """Show an example that is not valid."""


@fault("docs", "The example 'zeros' is a spec of zeros.")
class OthersExample(Sound, name="planted", examples=("zeros",)):
    """Show an example of another initializer."""


class WithWord(Sound):
    """Have one more parameter, on which the values do not depend."""

    def build(self):
        return keras.initializers.RandomNormal(self.mean, self.stddev, self.seed)


@fault(
    "defaults",
    "The default word='c' is rejected: word must be 'a' or 'b', not 'c'.",
    "json_schema",
    "round_trip",
)
class WrongDefault(WithWord, name="planted", examples=("planted(word=a)",)):
    """Have a default that the parameter rejects."""

    model_config = ConfigDict(validate_default=False)
    word: Literal["a", "b"] = Field("c", description="A word.")


@fault("closed_schema", "It accepts parameters that it does not have.")
class Open(Sound, name="planted", examples=("planted",)):
    """Take any parameter."""

    model_config = ConfigDict(extra="ignore")


@fault("closed_schema", "planted can't be hashed: unhashable type: 'list'.")
class Unhashable(WithWord, name="planted", examples=("planted",)):
    """Hold a list."""

    words: list[str] = Field(["a"], description="Words.")


@fault(
    "json_schema",
    "Its JSON Schema is not valid: 'strong' is not valid under any of the given schemas",
)
class InvalidSchema(WithWord, name="planted", examples=("planted",)):
    """Have a JSON Schema that is not valid."""

    word: Annotated[str, WithJsonSchema({"type": "strong"})] = Field("a", description="A word.")


@fault("json_schema", "Its JSON Schema rejects {'type': 'planted', 'mean': 0.0")
class NarrowSchema(WithWord, name="planted", examples=("planted",)):
    """Have a JSON Schema that rejects what the class accepts."""

    word: Annotated[str, WithJsonSchema({"type": "string", "pattern": "^b$"})] = Field(
        "a", description="A word."
    )


@fault("json_schema", "It has no JSON Schema: PydanticInvalidForJsonSchema: ")
class NoSchema(WithWord, name="planted", examples=("planted",)):
    """Take a type that JSON Schema does not have."""

    key: Callable[[int], int] | None = Field(None, description="A function.")


@fault(
    "errors",
    "It accepts gain=-1 (the schema says: minimum 0). State the bounds in the type of gain",
)
class LooseBound(WithWord, name="planted", examples=("planted",)):
    """State a bound, and check none."""

    gain: Number = Field(1.0, description="A factor.", json_schema_extra={"minimum": 0})


@fault("errors", "It rejects gain=-1 (the schema says: minimum 0) without naming gain: planted: o")
class NamelessRefusal(WithWord, name="planted", examples=("planted",)):
    """Reject a value without naming its parameter."""

    gain: Number = Field(1.0, description="A factor.", json_schema_extra={"minimum": 0})

    @model_validator(mode="after")
    def _in_range(self):
        if self.gain < 0:
            raise ValueError("out of range")
        return self


@fault("errors", "PluginError: The schema of 'planted' fails: TypeError: '<' not supported between")
class CrashingValidator(WithWord, name="planted", examples=("planted",)):
    """Crash if a value is wrong."""

    gain: Annotated[Number, BeforeValidator(lambda value: value if value < 9 else 9)] = Field(
        1.0, description="A factor."
    )


def as_share(value):
    return value / 100 if isinstance(value, float) else value


@fault("round_trip", "Its text 'planted(percent=0.5)' becomes Halved(mean=0.0, stddev=0.05,")
class Halved(WithWord, name="planted", examples=("planted",)):
    """Change a value each time it is validated."""

    percent: Annotated[float, BeforeValidator(as_share)] = Field(
        50.0, description="A share.", json_schema_extra={"type": "number"}
    )


# Its Keras initializer


@cache
def shared(mean, stddev, seed):
    return keras.initializers.RandomNormal(mean, stddev, seed)


@fault("fresh_instance", "Two builds share one initializer, and so will two layers.", "seeds")
class Shared(Sound, name="planted", examples=("planted",)):
    """Build one initializer for all."""

    def build(self):
        return shared(self.mean, self.stddev, self.seed)


@fault(
    "fresh_instance",
    "It builds function, which is not a Keras initializer.",
    *KEPT,
)
class BuildsFunction(Sound, name="planted", examples=("planted",)):
    """Build a function."""

    def build(self):
        made = super().build()
        return lambda shape, dtype=None: made(shape, dtype=dtype)


@keras.saving.register_keras_serializable(package="planted")
class Forgetful(keras.initializers.RandomNormal):
    def get_config(self):
        return {"stddev": self.stddev, "seed": self._init_seed}


@fault("keras_config", "The result of from_config(get_config()) draws other values: ")
class Forgets(
    Sound, name="planted", builds=f"{HERE}:Forgetful", examples=("planted", "planted(mean=1)")
):
    """Leave the mean out of the saved config."""


class Unregistered(keras.initializers.RandomNormal):
    pass


@fault("saved_model", "A model with it can't be loaded: ", "keras_config")
class Unloadable(Sound, name="planted", examples=("planted",)):
    """Build a class that is not registered with Keras."""

    def build(self):
        return Unregistered(self.mean, self.stddev, self.seed)


@keras.saving.register_keras_serializable(package="planted")
class Counting(keras.initializers.RandomNormal):
    calls = 0

    def __call__(self, shape, dtype=None):
        self.calls += 1
        return super().__call__(shape, dtype) * self.calls


@fault(
    "purity",
    "A second call gives other values: ",
    "saved_model",
    *(["tracing"] if BACKEND in ("jax", "tensorflow") else []),
)
class Counts(Sound, name="planted", builds=f"{HERE}:Counting", examples=("planted",)):
    """Give other values in each call."""


@keras.saving.register_keras_serializable(package="planted")
class Global(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        np.random.random()
        return super().__call__(shape, dtype)


@fault("purity", "It draws from a global random generator.")
class UsesGlobal(Sound, name="planted", builds=f"{HERE}:Global", examples=("planted",)):
    """Use NumPy's global generator."""


@keras.saving.register_keras_serializable(package="planted")
class Looking(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        values = super().__call__(shape, dtype)
        return values if not values.shape or float(keras.ops.sum(values)) < 1e9 else None


@fault("tracing", "Keras can't trace it: ", on=("jax", "tensorflow"))
class Looks(Sound, name="planted", builds=f"{HERE}:Looking", examples=("planted",)):
    """Read the values while they are drawn."""


# Its values


@fault("seeds", "Two seeds give the same values. Pass the seed")
class IgnoresSeed(Sound, name="planted", examples=("planted",)):
    """Draw with a seed of its own."""

    def build(self):
        return keras.initializers.RandomNormal(self.mean, self.stddev, seed=1)


@fault(
    "seeds",
    "The default of seed is 0, so all layers will have the same values. Keep a",
)
class DefaultSeed(Sound, name="planted", examples=("planted",)):
    """Have a seed by default."""

    seed: Seed = Field(0, description="Seed of the draw.")


@fault("seeds", "Without a seed, two instances draw the same values")
class FixesSeed(Sound, name="planted", examples=("planted",)):
    """Use a fixed seed if none is given."""

    def build(self):
        return keras.initializers.RandomNormal(self.mean, self.stddev, seed=self.seed or 0)


@fault("seeds", "It has no parameter seed, but two instances of it draw different values.", *KEPT)
class NoSeed(InitializerConfig, name="planted", examples=("planted",)):
    """Take no seed."""

    def draw(self, shape, fans, seed, path=""):
        return draw(Normal(), shape, seed=seed, path=path, dtype="float64")


@fault("seeds", "draw() gives the same values for two seeds.")
class DrawsAlike(
    InitializerConfig,
    name="planted",
    builds="keras.initializers:RandomNormal",
    examples=("planted",),
):
    """Draw without the seed."""

    seed: Seed = Field(None, description="Seed of the draw.")

    def draw(self, shape, fans, seed, path=""):
        return draw(Normal(), shape, seed=1, path=path, dtype="float64")


@keras.saving.register_keras_serializable(package="planted")
class Flat(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        return super().__call__(shape[:2], dtype)


@fault("shapes", "The Keras initializer returns the shape [3, 1], not [3, 1, 5].")
class Flattens(Sound, name="planted", builds=f"{HERE}:Flat", examples=("planted",)):
    """Drop all axes after the second."""


@keras.saving.register_keras_serializable(package="planted")
class NoScalar(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        if not shape:
            raise ValueError("one axis at least")
        return super().__call__(shape, dtype)


@fault("shapes", "initreg.draw fills the shape [], but Keras rejects it: one axis at least")
class RefusesScalar(Sound, name="planted", builds=f"{HERE}:NoScalar", examples=("planted",)):
    """Reject a scalar, for which distribution() returns one."""


@fault("shapes", "Keras fills the shape [], but initreg.draw rejects it: planted does not fit the")
class StatesNoScalar(Sound, name="planted", examples=("planted",)):
    """Accept a scalar, but reject it in distribution()."""

    def distribution(self, shape, fans):
        if not shape:
            raise ValueError("one axis at least")
        return super().distribution(shape, fans)


@fault("shapes", "planted fails for the shape []: IndexError: tuple index out of range (")
class TakesAxesForGranted(Sound, name="planted", examples=("planted",)):
    """Use an axis that a scalar does not have."""

    def distribution(self, shape, fans):
        _ = shape[0]
        return super().distribution(shape, fans)


@fault("shapes", "It rejects its own example_shape(), [3]: two axes at least")
class RefusesExample(
    InitializerConfig, name="planted", builds=f"{HERE}:Matrix", examples=("planted",)
):
    """Have an example shape that it rejects; the checks that draw are skipped."""

    seed: Seed = Field(None, description="Seed of the draw.")

    def example_shape(self):
        return (3,)


@keras.saving.register_keras_serializable(package="planted")
class Matrix(keras.initializers.Initializer):
    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        raise ValueError("two axes at least")


@keras.saving.register_keras_serializable(package="planted")
class Single(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        return super().__call__(shape, "float32")


@fault(
    "dtypes",
    "For the dtype float16, it returns float32, not float16. Convert the values to the dtype",
)
class OneDtype(Sound, name="planted", builds=f"{HERE}:Single", examples=("planted",)):
    """Draw float32 for any dtype."""


@keras.saving.register_keras_serializable(package="planted")
class Overflowing(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        large = keras.ops.cast(super().__call__(shape, "float32") * 1e20, dtype)
        return large / keras.ops.cast(1e20, dtype)


@fault("dtypes", "2048 of 2048 values are not finite in float16.")
class Overflows(Sound, name="planted", builds=f"{HERE}:Overflowing", examples=("planted",)):
    """Compute with numbers that overflow in float16."""


# thinc's normal_init passes its mean as the scale, so its default draws zeros:
# https://github.com/explosion/thinc, thinc/initializers.py
class MeanAsScale(Sound):
    """Pass the mean as the scale."""

    def build(self):
        return keras.initializers.RandomNormal(mean=0.0, stddev=self.mean, seed=self.seed)


@fault("spread", "All 2048 values are 0. Draw each value separately", "distribution")
class ThincZeros(MeanAsScale, name="planted", examples=("planted",)):
    """Pass the mean as the scale; it is 0, as in thinc."""


@fault("distribution", "draws for the shape [64, 32] have the mean ")
class ThincOnes(MeanAsScale, name="planted", examples=("planted",)):
    """Pass the mean as the scale; it is 1."""

    mean: Number = Field(1.0, description="Mean of the values.")


@fault("distribution", "have the standard deviation 0.05")
class ThincTwice(MeanAsScale, name="planted", examples=("planted",)):
    """Pass the mean as the scale; nothing else is wrong."""

    def distribution(self, shape, fans):
        return Normal(0.0, self.stddev)

    mean: Number = Field(0.053, description="Mean of the values.")


@keras.saving.register_keras_serializable(package="planted")
class Repeating(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        return super().__call__(shape[-1:], dtype) + keras.ops.zeros(shape, dtype)


@fault("spread", "draws for the shape [64, 32], only 2% are distinct.", "distribution")
class Repeats(Sound, name="planted", builds=f"{HERE}:Repeating", examples=("planted",)):
    """Give each row the same values."""


@keras.saving.register_keras_serializable(package="planted")
class Leaving(keras.initializers.RandomUniform):
    def __call__(self, shape, dtype=None):
        values = super().__call__(shape, dtype)
        first = keras.ops.max(values) if 0 not in shape else 0.0
        return keras.ops.cast(keras.ops.where(values == first, 0.08, values), dtype)


@fault(
    "support", "32 of 65536 lie outside -0.05 … 0.05, such as 0.08. Return the right distribution"
)
class Leaves(InitializerConfig, name="planted", builds=f"{HERE}:Leaving", examples=("planted",)):
    """Put one value of each weight outside of the bounds."""

    seed: Seed = Field(None, description="Seed of the draw.")

    def distribution(self, shape, fans):
        return Uniform(-0.05, 0.05)


@fault("distribution", "have the standard deviation 0.002")
class Variance(Sound, name="planted", examples=("planted",)):
    """Pass the variance as the standard deviation."""

    def build(self):
        return keras.initializers.RandomNormal(self.mean, self.stddev**2, self.seed)


@fault("distribution", "draws for the shape [64, 32] lie below ")
class OtherForm(Sound, name="planted", examples=("planted",)):
    """Draw from another distribution of the same mean and spread."""

    def build(self):
        half = 3**0.5 * self.stddev
        return keras.initializers.RandomUniform(self.mean - half, self.mean + half, self.seed)


@fault("distribution", "draws for the shape [32, 64] have the standard deviation ")
class WrongFan(
    Sound, name="planted", builds="keras.initializers:RandomNormal", examples=("planted",)
):
    """State a spread that depends on the wrong fan."""

    def distribution(self, shape, fans):
        return Normal(self.mean, self.stddev * (1 if shape[:1] != (32,) else 2**0.5))


@dataclass(frozen=True)
class Centered(Normal):
    """Subtract the mean of the values that are filled at once."""

    def fill(self, words, out):
        super().fill(words, out)
        out -= out.mean() if len(out) > 9 else 0


@fault("fans", "For Fans(fan_in=2.25, fan_out=0.75")
class CountsWhole(Right, name="planted", examples=("planted",)):
    """Take the fan-in for a whole number."""

    def distribution(self, shape, fans):
        return Normal(self.mean, self.stddev if range(fans.fan_in) else 0)


@fault("threads_and_shards", "A part drawn separately has other values")
class Centers(Right, name="planted", examples=("planted",)):
    """Draw values that depend on the part."""

    def distribution(self, shape, fans):
        return Centered(self.mean, self.stddev)


@dataclass(frozen=True)
class ByThread(Normal):
    """Draw other values in threads other than the first."""

    def fill(self, words, out):
        super().fill(words, out)
        if threading.current_thread().name == "initreg-draw":
            out += 1


@fault("threads_and_shards", "A weight drawn in four threads has other values than in one.")
class Threads(Right, name="planted", examples=("planted",)):
    """Draw values that depend on the thread."""

    def distribution(self, shape, fans):
        return ByThread(self.mean, self.stddev)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_fails_its_check(name):
    config_class, trips, says, expected = FAULTS[name]
    failed = {result.check: result for result in check(config_class) if result.status == "failed"}
    assert {check: str(result) for check, result in failed.items()}.keys() == expected, failed
    result = failed[trips]
    assert says in f"{result.message} {result.advice}"


def test_each_check_has_a_fault():
    tripped = {trips for _, trips, _, _ in FAULTS.values()} | {"light_import"}  # in test_import.py
    on_this_backend = set(CHECKS) - ({"tracing"} if BACKEND in ("torch", "numpy") else set())
    assert tripped == on_this_backend
