"""Which plugins may be loaded: what the environment and the user's pyproject.toml say.

Nothing is read before a plugin that is not built in is looked for.
"""

import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from initreg.documents import read
from initreg.errors import UnreadableError
from initreg.wording import did_you_mean, shown

BUILTIN = "initreg"  # the distribution whose plugins are the built-in ones
ALLOW = "INITREG_PLUGINS"
BLOCK = "INITREG_BLOCK"

_KEYS = ("plugins", "block")
# In a text that is no TOML: [tool.initreg], tool."initreg".block, or [tool] with initreg below it.
_MENTION = re.compile(r"\btool\W{1,5}initreg\b")


def normalize(distribution: str) -> str:
    """Write a distribution's name as in a qualified name: ``Acme-Inits`` is ``acme_inits``."""
    return re.sub(r"[-_.]+", "_", distribution).lower()


@dataclass(frozen=True, slots=True)
class Listed:
    """Names of plugins or distributions, and where they are listed."""

    source: str
    names: tuple[str, ...]

    def has(self, plugin: str, distribution: str) -> bool:
        """Whether it names the plugin, by itself or by its distribution."""
        listed = set(map(normalize, self.names))
        return not listed.isdisjoint((normalize(plugin), normalize(distribution)))


@dataclass(frozen=True, slots=True)
class Trust:
    """The lists that decide; without `allow`, all plugins may load that are not blocked.

    >>> trust = Trust(allow=Listed(ALLOW, ("acme-inits",)))
    >>> trust.refusal("residual", "Acme-Inits")
    >>> trust.refusal("other", "other-inits")
    'blocked: INITREG_PLUGINS does not name it'
    """

    allow: Listed | None = None
    block: tuple[Listed, ...] = ()

    def refusal(self, plugin: str, distribution: str) -> str | None:
        """Say why a plugin may not be loaded, or return None."""
        if normalize(distribution) == BUILTIN:
            return None
        for listed in self.block:
            if listed.has(plugin, distribution):
                return f"blocked: {listed.source} names it"
        if self.allow is not None and not self.allow.has(plugin, distribution):
            return f"blocked: {self.allow.source} does not name it"
        return None

    def unknown(self, plugins: Iterable[tuple[str, str]]) -> list[str]:
        """Say which listed names lead to none of `plugins`, pairs of plugin and distribution."""
        builtin, others = set[str](), set[str]()
        for plugin, distribution in plugins:
            known = builtin if normalize(distribution) == BUILTIN else others
            known |= {normalize(plugin), normalize(distribution)}
        told = []
        for listed in filter(None, (self.allow, *self.block)):
            for name in dict.fromkeys(listed.names):
                if normalize(name) in others:
                    continue
                if normalize(name) not in builtin:
                    near = did_you_mean(normalize(name), sorted(others))
                    told.append(f"{listed.source} names {name!r}, which is not installed.{near}")
                elif listed is not self.allow:
                    told.append(
                        f"{listed.source} names {name!r}, which is built in and can't be blocked."
                    )
        return told


def read_trust() -> Trust:
    """Read the environment and the nearest pyproject.toml.

    `INITREG_PLUGINS`, where it is set, stands in for the file's `plugins`; the two lists of what is
    blocked add up. Raises `UnreadableError` where the file has a ``[tool.initreg]`` that can't be
    read: to go on without its list would load what it blocks.
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
    if b"initreg" not in data.replace(b"\0", b""):  # which UTF-16 has between its letters
        return path, {}
    try:
        table = tomllib.loads(data.decode("utf-8-sig")).get("tool", {})
        table = table.get(BUILTIN, {}) if isinstance(table, dict) else {}
    except (ValueError, RecursionError):  # all that the standard library raises for such a text
        if not _MENTION.search(data.replace(b"\0", b"").decode("utf-8", "replace")):
            return path, {}
        read(data, "toml", str(path))  # raises, with line and column
        raise UnreadableError("It can't be read as TOML. Save it as UTF-8.", str(path)) from None
    wrong = _wrong(table)
    if wrong is not None:
        key, problem = wrong
        raise UnreadableError(problem, str(path), *_place(data, path, key))
    return path, table


def _nearest() -> tuple[Path, bytes]:
    """Return the nearest pyproject.toml, from the working directory upwards, and what is in it."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed
        return Path(), b""
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        try:
            return path, path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            if not os.access(folder, os.X_OK):  # whether there is such a file, nobody can tell
                continue
            problem = f"{error.strerror or error}. Whether it blocks plugins can't be told."
            raise UnreadableError(problem, str(path)) from error
    return Path(), b""


def _wrong(table: Any) -> tuple[tuple[str, ...], str] | None:
    """Return the key of what is wrong in ``[tool.initreg]``, and what that is."""
    if not isinstance(table, dict):
        return (), f"tool.initreg must be a table, not {shown(table)}."
    for key, value in table.items():
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            return (key,), f"[tool.initreg] has no key {key!r}.{near} It takes plugins and block."
        if not isinstance(value, list) or not all(isinstance(n, str) and n.strip() for n in value):
            return (key,), (
                f"{key} must be a list of names of plugins or distributions, not {shown(value)}."
            )
    return None


def _place(data: bytes, path: Path, key: tuple[str, ...]) -> tuple[int, int]:
    source = read(data, "toml", str(path))
    slot = source.documents[0].follow(("tool", BUILTIN, *key))
    return source.position((slot.key_node or slot.node).start)
