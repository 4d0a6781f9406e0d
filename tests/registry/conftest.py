"""A registry of its own for each test: the built-in initializers, and two that nest others."""

import pytest

from initreg import InitializerConfig, InitializerField, Positive, Registry, Seed
from initreg.discovery import Discovery


class Need(InitializerConfig, name="need", builds="keras.initializers:Constant"):
    """Need a parameter."""

    value: Positive


class Wrap(InitializerConfig, name="wrap", builds="builtins:dict"):
    """Hold other initializers."""

    inner: InitializerField
    other: InitializerField | None = None
    many: tuple[InitializerField, ...] = ()
    seed: Seed = None


@pytest.fixture
def registry():
    registry = Registry(Discovery())
    registry.add(Need)
    registry.add(Wrap)
    return registry
