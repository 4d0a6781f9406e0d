"""Mark the classes and functions that users import from `initreg`."""

from typing import Any, TypeVar

T = TypeVar("T", bound=Any)


def public(thing: T) -> T:
    """Name `initreg` as the module of a class or function, so that its own module can move.

    Tracebacks, pickles and the docs then show the name that users import.

    >>> from initreg import ConfigError
    >>> ConfigError.__module__
    'initreg'
    """
    thing.__module__ = "initreg"
    return thing
