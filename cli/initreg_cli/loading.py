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


def complete_name(incomplete: str) -> list[tuple[str, str]]:
    """Complete the name of a built-in initializer; loads no other plugin, and no Keras."""
    with clean_stdout():
        entries = default_registry().builtin_entries()
    return [
        (name, entry.config_class.summary())
        for entry in entries
        for name in (entry.name, *entry.config_class.initializer_aliases)
        if name.startswith(incomplete)
    ]
