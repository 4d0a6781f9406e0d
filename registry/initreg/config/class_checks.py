"""Checks of the class statement of a config class: its names, its fields, what it builds.

Each raises `PluginError` with the name of the class, because the mistake is in the plugin's code.
"""

import inspect
import keyword
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NoReturn

from initreg.errors import PluginError
from initreg.spec.spec import RESERVED

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_METHODS = {
    "distribution": ("shape", "fans"),
    "draw": ("shape", "fans", "seed", "path"),
}
_TARGET = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


def check_name(owner: str, name: str) -> None:
    """Raise if a spec can't start with this name."""
    if not _NAME.fullmatch(name):
        _reject(
            owner,
            f"{name!r} is not a valid name for an initializer. "
            "Use lower-case letters, digits and underscores, a letter first.",
        )
    if keyword.iskeyword(name) or name in RESERVED:
        _reject(owner, f"{name!r} means something else in a spec.")


def check_lists(owner: str, **lists: Iterable[str]) -> None:
    """Raise if one of these is a text, whose items would be its letters."""
    if any(isinstance(items, str) for items in lists.values()):
        *first, last = lists
        _reject(owner, f"{', '.join(first)} and {last} must be lists, not text.")


def check_aliases(owner: str, aliases: Iterable[object]) -> None:
    """Raise if a spec can't start with one of these names."""
    for alias in aliases:
        if not (isinstance(alias, str) and _ALIAS.fullmatch(alias)):
            _reject(
                owner,
                f"{alias!r} is not a valid alias for an initializer. "
                "Use letters, digits and underscores, a letter first.",
            )


def check_builds(owner: str, target: str) -> None:
    """Raise if this can't be the name of a class in a module."""
    if not _TARGET.fullmatch(target):
        _reject(owner, f"builds must be 'module:Class', not {target!r}.")


def check_deprecated(owner: str, sentence: object) -> None:
    """Raise if this isn't a sentence."""
    if not isinstance(sentence, str):
        _reject(owner, f"deprecated must be a sentence that says what to use, not {sentence!r}.")


def check_fields(owner: str, fields: Iterable[str], taken: Collection[str]) -> None:
    """Raise if a field hides an attribute that every config has."""
    for field in fields:
        if field in taken:
            _reject(
                owner,
                f"a field can't be called {field!r}, because every config has that attribute. "
                f'Rename the field, and give it an alias for specs: Field(…, alias="{field}").',
            )


def check_parameters(owner: str, parameters: Iterable[str]) -> None:
    """Raise if a spec can't name one of these parameters."""
    for name in parameters:
        if name in ("type", "class_name"):
            _reject(
                owner,
                f"a parameter can't be called {name!r}, "
                "because that key holds the name of the initializer.",
            )
        if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
            _reject(owner, f"a spec can't contain a parameter called {name!r}.")


def check_renamed(owner: str, renamed: Mapping[str, str], parameters: Collection[str]) -> None:
    """Raise if an old name is still a parameter, or a new name isn't one."""
    for old, new in renamed.items():
        if old in parameters or new not in parameters:
            _reject(
                owner,
                f"renamed={{{old!r}: {new!r}}} must map a name that is no longer a parameter "
                "to one that is.",
            )


def check_methods(config_class: type) -> None:
    """Raise if a method that draws doesn't take what initreg passes to it."""
    for name, parameters in _METHODS.items():
        try:
            inspect.signature(getattr(config_class, name)).bind(None, *parameters)
        except TypeError:
            _reject(
                config_class.__name__,
                f"define {name}(self, {', '.join(parameters)}); "
                "fans has the fan_in and the fan_out of the weight.",
            )


def _reject(owner: str, problem: str) -> NoReturn:
    raise PluginError(f"{owner}: {problem}")
