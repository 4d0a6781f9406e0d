"""Decide which plugins may be loaded, from the environment and the user's pyproject.toml.

The lists are read lazily, when a third-party plugin is first needed.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from initreg.errors import Fault, UnreadableError
from initreg.near_names import did_you_mean
from initreg.wording import shown

BUILTIN = "initreg"  # the distribution whose plugins are the built-in ones
ALLOW = "INITREG_PLUGINS"
BLOCK = "INITREG_BLOCK"

_KEYS = ("plugins", "block")
# How a file that isn't valid TOML may still configure initreg: [tool.initreg],
# tool."initreg".block, or [tool] with initreg below it.
_MENTION = re.compile(r"\btool\W{1,5}initreg\b")


def normalize(distribution: str) -> str:
    """Write a distribution's name as in a qualified name.

    >>> normalize("Acme-Inits")
    'acme_inits'
    """
    return re.sub(r"[-_.]+", "_", distribution).lower()


@dataclass(frozen=True, slots=True)
class Listed:
    """Names of plugins or distributions, and the source of the list."""

    source: str
    names: tuple[str, ...]

    def has(self, plugin: str, distribution: str) -> bool:
        """Return True if the list has the plugin's name or its distribution's."""
        listed = set(map(normalize, self.names))
        return not listed.isdisjoint((normalize(plugin), normalize(distribution)))


@dataclass(frozen=True, slots=True)
class Trust:
    """The allow list and the block lists. Without `allow`, every plugin may load if not blocked.

    >>> trust = Trust(allow=Listed(ALLOW, ("acme-inits",)))
    >>> trust.block_reason("residual", "Acme-Inits")
    >>> trust.block_reason("other", "other-inits")
    'blocked: INITREG_PLUGINS does not name it'
    """

    allow: Listed | None = None
    block: tuple[Listed, ...] = ()

    def block_reason(self, plugin: str, distribution: str) -> str | None:
        """Return the reason why a plugin may not be loaded, or None if it may."""
        if normalize(distribution) == BUILTIN:
            return None
        for listed in self.block:
            if listed.has(plugin, distribution):
                return f"blocked: {listed.source} names it"
        if self.allow is not None and not self.allow.has(plugin, distribution):
            return f"blocked: {self.allow.source} does not name it"
        return None

    def unknown(self, plugins: Iterable[tuple[str, str]]) -> list[str]:
        """Report listed names that match no installed plugin.

        `plugins` are pairs of a plugin's name and its distribution's.
        """
        builtin, others = set[str](), set[str]()
        for plugin, distribution in plugins:
            known = builtin if normalize(distribution) == BUILTIN else others
            known |= {normalize(plugin), normalize(distribution)}
        problems = []
        for listed in filter(None, (self.allow, *self.block)):
            for name in dict.fromkeys(listed.names):
                if normalize(name) in others:
                    continue
                if normalize(name) not in builtin:
                    near = did_you_mean(normalize(name), sorted(others))
                    problems.append(f"{listed.source} names {name!r}, which isn't installed.{near}")
                elif listed is not self.allow:
                    problems.append(
                        f"{listed.source} names {name!r}, which is built in and can't be blocked."
                    )
        return problems


def read_trust() -> Trust:
    """Read the environment and the nearest pyproject.toml.

    If set, `INITREG_PLUGINS` replaces the file's `plugins`. The two block lists are combined.

    Raises `UnreadableError` if the file has a ``[tool.initreg]`` that can't be read: ignoring it
    could load plugins that it was meant to block.
    """
    path, settings = _from_pyproject()
    in_file = {
        key: Listed(f"[tool.initreg] {key} in {path}", tuple(settings[key]))
        for key in _KEYS
        if key in settings
    }
    block = (_from_environment(BLOCK), in_file.get("block"))
    return Trust(_from_environment(ALLOW) or in_file.get("plugins"), tuple(filter(None, block)))


def _from_environment(variable: str) -> Listed | None:
    value = os.environ.get(variable)
    if value is None:
        return None
    return Listed(variable, tuple(filter(None, map(str.strip, value.split(",")))))


def _from_pyproject() -> tuple[Path, dict[str, list[str]]]:
    path, data = _nearest()
    if b"initreg" not in data.replace(b"\0", b""):  # UTF-16 has zeros between the letters
        return path, {}
    import tomllib  # not at the top, because few files get here, and it takes milliseconds

    try:
        table = tomllib.loads(data.decode("utf-8-sig")).get("tool", {})
        table = table.get(BUILTIN, {}) if isinstance(table, dict) else {}
    except (ValueError, RecursionError):  # invalid TOML or UTF-8, or tables nested too deep
        if not _MENTION.search(data.replace(b"\0", b"").decode("utf-8", "replace")):
            return path, {}
        from initreg.documents import read

        read(data, "toml", str(path))  # raises an error with line and column
        raise UnreadableError("It can't be read as TOML. Save it as UTF-8.", str(path)) from None
    if fault := _check(table):
        raise UnreadableError(fault.message, str(path), *_place(data, path, fault.path))
    return path, table


def _nearest() -> tuple[Path, bytes]:
    """Return the nearest pyproject.toml, from the working directory upwards, and its contents."""
    try:
        here = Path.cwd()
    except OSError:  # the working directory was removed
        return Path(), b""
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        try:
            return path, path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            if not os.access(folder, os.X_OK):  # it can't be known if the folder has such a file
                continue
            problem = f"{error.strerror or error}. It may block plugins, so none is loaded."
            raise UnreadableError(problem, str(path)) from error
    return Path(), b""


def _check(table: Any) -> Fault | None:
    """Return the first fault of ``[tool.initreg]``, with the path to it inside of the table."""
    if not isinstance(table, dict):
        return Fault(f"tool.initreg must be a table, not {shown(table)}.")
    for key, value in table.items():
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            problem = f"Unknown key {key!r}.{near} [tool.initreg] takes plugins and block."
            return Fault(problem, (key,))
        if not isinstance(value, list) or not all(isinstance(n, str) and n.strip() for n in value):
            expected = "a list of names of plugins or distributions"
            return Fault(f"{key} must be {expected}, not {shown(value)}.", (key,))
    return None


def _place(data: bytes, path: Path, within: tuple[str | int, ...]) -> tuple[int, int]:
    """Return the line and column of a key, by its path within ``[tool.initreg]``."""
    from initreg.documents import read

    source = read(data, "toml", str(path))
    slot = source.documents[0].follow(("tool", BUILTIN, *within))
    return source.position((slot.key_node or slot.node).start)
