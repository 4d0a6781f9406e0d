"""The registry, loaded with stdout kept clean of what plugins print."""

import contextlib
import sys
from collections.abc import Iterator

from initreg import Registry, default_registry


@contextlib.contextmanager
def clean_stdout() -> Iterator[None]:
    """Send to stderr what a plugin, or Keras, prints: stdout is for data."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def loaded_registry() -> Registry:
    """Return the default registry with all plugins loaded."""
    with clean_stdout():
        registry = default_registry()
        registry.plugins()
    return registry
