"""Build Keras initializers: from configs, and from the other values that Keras accepts."""

import sys
from collections.abc import Mapping
from typing import Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.errors import ConfigError, Fault, InitregError, PluginError
from initreg.wording import shown


def build(config: InitializerConfig, seed: int | None = None) -> Any:
    """Build a config's initializer, with `seed` in place of seeds that it leaves open.

    An exception in the plugin's code becomes a `PluginError`.
    """
    load_keras()
    if seed is not None:
        config = config.with_seed(seed)
    try:
        return config.build()
    except InitregError:
        raise
    except Exception as error:  # the plugin's code, or Keras rejects what the schema accepted
        problem = f"{config} could not be built: {type(error).__name__}: {error}"
        raise PluginError(problem) from error


def custom_object(spec: object) -> Any:
    """Return the Keras custom object with this name, or None.

    A class in Keras's form is built here, because Keras's own `deserialize` imports any module
    that a dict names.
    """
    keras = sys.modules.get("keras")
    name, config = spec, None
    if isinstance(spec, Mapping):
        name, config = spec.get("registered_name") or spec.get("class_name"), spec.get("config")
    if keras is None or not isinstance(name, str):  # without Keras, nothing can be registered
        return None
    registered: Any = keras.saving.get_registered_object(name)
    if config and hasattr(registered, "from_config"):
        return registered.from_config(config)
    return registered


def from_keras(value: Any, seed: int | None) -> Any:
    """Accept everything else that `keras.initializers.get` accepts.

    That is initializers, classes, callables and arrays.
    """
    keras = load_keras()
    try:
        initializer = keras.initializers.get(value)
        if type(initializer) is keras.initializers.Initializer:
            raise TypeError("the abstract base class draws nothing")
        if isinstance(value, type) and not isinstance(initializer, keras.initializers.Initializer):
            raise TypeError("a class of something else")
    except (ValueError, TypeError) as error:
        problem = f"{shown(value)} is not an initializer, nor a spec."
        raise ConfigError([Fault(problem)]) from error
    if seed is not None and isinstance(initializer, keras.initializers.Initializer):
        config = initializer.get_config()
        if config.get("seed", seed) is None:
            return type(initializer).from_config({**config, "seed": seed})
    return initializer
