"""Types as a user's type checker sees them. Checked with mypy and pyright, never run."""

from typing import Any, assert_type

from pydantic import BaseModel

import initreg
from initreg import (
    Distribution,
    Fans,
    InitializerConfig,
    InitializerField,
    Normal,
    Number,
    Seed,
    Shape,
)


class Noise(InitializerConfig, name="noise", aliases=("n",), builds="acme:Noise", examples=["n"]):
    """Draw noise."""

    stddev: Number = 0.1
    seed: Seed = None

    def distribution(self, shape: Shape, fans: Fans) -> Distribution:
        return Normal(0.0, self.stddev)


class Layer(BaseModel):
    """Hold an initializer in a field."""

    kernel: InitializerField


@initreg.hookimpl
def initreg_initializers() -> list[type[InitializerConfig]]:
    return [Noise]


assert_type(initreg.parse("he_normal"), initreg.Spec)
assert_type(initreg.validate("he_normal"), InitializerConfig)
assert_type(initreg.resolve("he_normal", seed=1), Any)
assert_type(initreg.describe("he_normal"), str)
assert_type(initreg.derive_seed(1, "a", 2), int)
assert_type(initreg.sample("he_normal").statistics, dict[str, float])
assert_type(initreg.default_registry().find("he_normal"), initreg.Entry)
assert_type(Noise(stddev=0.2).stddev, float)
assert_type(Noise().seed, int | None)
assert_type(Noise().with_seed(3), Noise)
assert_type(initreg.Fault("wrong").path, tuple[str | int, ...])
