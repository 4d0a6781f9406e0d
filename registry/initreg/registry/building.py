"""Keras initializers, made from configs and from what Keras itself takes for one."""

import sys
from collections.abc import Mapping
from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, Fault, InitregError, PluginError
from initreg.wording import shown


def custom_object(spec: object) -> Any:
    """Return what a person registered with Keras under the name in `spec`; None without one.

    It is made here, because Keras's own `deserialize` imports whatever module a dict names.
    """
    keras = sys.modules.get("keras")  # who has not imported it has registered nothing
    name, config = spec, None
    if isinstance(spec, Mapping):
        name, config = spec.get("registered_name") or spec.get("class_name"), spec.get("config")
    if keras is None or not isinstance(name, str):
        return None
    found: Any = keras.saving.get_registered_object(name)
    return found.from_config(config) if config and hasattr(found, "from_config") else found


def build(config: InitializerConfig) -> Any:
    """Build a config's initializer; a failure is told as the plugin's."""
    try:
        return config.build()
    except InitregError:
        raise
    except Exception as error:  # the plugin's code, or Keras's refusal of what the schema took
        problem = f"{config} could not be built: {type(error).__name__}: {error}"
        raise PluginError(problem) from error


def from_keras(value: Any, seed: int | None) -> Any:
    """Take what `keras.initializers.get` takes beside names and dicts."""
    keras = load_keras()
    try:
        found = keras.initializers.get(value)
        if type(found) is keras.initializers.Initializer:
            raise TypeError("the abstract base draws nothing")
        if isinstance(value, type) and not isinstance(found, keras.initializers.Initializer):
            raise TypeError("a class of something else")
    except (ValueError, TypeError) as error:
        raise ConfigError(
            [Fault(f"{shown(value)} is no initializer, and no spec of one.")]
        ) from error
    if seed is not None and isinstance(found, keras.initializers.Initializer):
        config = found.get_config()
        if config.get("seed", seed) is None:
            return type(found).from_config({**config, "seed": seed})
    return found
