"""Name look-up: short and qualified names, conflicts, and explanations for unknown names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol

from initreg.config.base import InitializerConfig
from initreg.discovery.records import Plugin, PluginRecord, may_provide_it
from initreg.discovery.trust import BUILTIN, normalize
from initreg.errors import AmbiguousInitializerError, UnknownInitializerError
from initreg.near_names import did_you_mean
from initreg.public import public
from initreg.wording import fold, listed


@public
@dataclass(frozen=True, slots=True)
class Entry:
    """One initializer in a registry: its config class, and the plugin that provides it.

    `name` is what a spec should say: the short name, or the qualified one if two plugins claim it.
    """

    name: str
    config_class: type[InitializerConfig]
    plugin: PluginRecord

    @property
    def qualified_name(self) -> str:
        """The name that no other distribution can claim."""
        distribution = normalize(self.plugin.distribution)
        return f"{distribution}.{self.config_class.initializer_name}"

    def matches(self, pattern: str) -> bool:
        """Return True if the name or an alias matches.

        `pattern` is a part of a name, in any spelling, or has the wildcards ``*``, ``?`` or
        ``[…]``, which match a whole name.

        >>> from initreg import default_registry
        >>> entries = default_registry().builtin_entries()
        >>> [entry.name for entry in entries if entry.matches("Glorot")]
        ['glorot_normal', 'glorot_uniform']
        """
        names = (self.name, *self.config_class.initializer_aliases)
        if any(wildcard in pattern for wildcard in "*?["):
            return any(fnmatchcase(name, pattern.lower()) for name in names)
        return any(fold(pattern) in fold(name) for name in names)


class Names:
    """The initializers of a list of plugins, by name.

    The outcome does not depend on the order of the plugins: a name that two distributions claim
    belongs to neither. Names in `reserved` can't be claimed at all.
    """

    def __init__(self, plugins: Iterable[Plugin] = (), reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(reserved)
        self._by_key: dict[str, list[Entry]] = {}
        self._by_qualified_key: dict[tuple[str, str], Entry] = {}
        self.plugins = tuple(map(self._add, plugins))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def _add(self, plugin: Plugin) -> PluginRecord:
        """Add a plugin's initializers, and return its record with their names and the problems."""
        record, owner = plugin.record, normalize(plugin.record.distribution)
        claims: dict[str, type[InitializerConfig]] = {}
        problems = [record.error] if record.error else []
        for config_class in plugin.classes:
            name = config_class.initializer_name
            keys = {fold(known): known for known in (name, *config_class.initializer_aliases)}
            if problem := self._conflict(keys, claims, owner, record.distribution):
                problems.append(f"{name!r} is rejected: {problem}")
            else:
                claims.update(dict.fromkeys(keys, config_class))
        classes = dict.fromkeys(claims.values())
        names = tuple(config_class.initializer_name for config_class in classes)
        record = replace(record, initializers=names, error="; ".join(problems) or None)
        for key, config_class in claims.items():
            entry = Entry(config_class.initializer_name, config_class, record)
            self._by_qualified_key[owner, key] = entry
            self._by_key.setdefault(key, []).append(entry)
        return record

    def _conflict(
        self, keys: dict[str, str], claims: Iterable[str], owner: str, distribution: str
    ) -> str | None:
        """Return why a class can't have its names, or None. `keys` has each name by its key."""
        for key, name in keys.items():
            if key in self._reserved:
                return f"{name!r} is a built-in name"
            if key in claims or (owner, key) in self._by_qualified_key:
                return f"{distribution} provides {name!r} twice"
        return None

    def find(self, name: str) -> Entry | None:
        """Return the entry of a short or qualified name, or None.

        Raises `AmbiguousInitializerError` for a short name that two distributions claim.
        """
        prefix, _, last = name.rpartition(".")
        if prefix:
            return self._by_qualified_key.get((normalize(prefix), fold(last)))
        entries = self._by_key.get(fold(name), ())
        if len(entries) > 1:
            qualified = sorted(entry.qualified_name for entry in entries)
            raise AmbiguousInitializerError(
                f"{len(entries)} plugins provide {name!r}. Write {' or '.join(qualified)}.", name
            )
        return entries[0] if entries else None

    def entries(self) -> list[Entry]:
        """List the entries, sorted, each under the name that a spec should say."""
        return sorted(
            (
                replace(entry, name=entry.qualified_name)
                if len(self._by_key[fold(entry.name)]) > 1
                else entry
                for entry in set(self._by_qualified_key.values())
            ),
            key=lambda entry: entry.name,
        )


class Lookup(Protocol):
    """The methods of a registry that find initializers by their names."""

    def find(self, name: str) -> Entry:
        """Return the entry of a name."""

    def entries(self) -> list[Entry]:
        """List all initializers."""

    def builtin_entries(self) -> list[Entry]:
        """List the built-in initializers."""


# Unknown names ----------------------------------------------------------------------------------


def unknown(
    name: str, entries: list[Entry], plugins: Iterable[PluginRecord]
) -> UnknownInitializerError:
    """Return an error that explains why a name is unknown.

    It may be misspelt, not installed, or of a plugin that failed or is blocked.
    """
    prefix, _, last = name.rpartition(".")
    plugins = list(plugins)
    elsewhere = _elsewhere(name, entries)
    if prefix:
        problem = _unknown_qualified(prefix, last, plugins, elsewhere)
    elif elsewhere:
        problem = f"There is no initializer {name!r}.{elsewhere}"
    else:
        spellings = [s for e in entries for s in (e.name, *e.config_class.initializer_aliases)]
        near = did_you_mean(_snake_case(name), spellings)
        problem = f"There is no initializer {name!r}.{near} `initreg list` shows all."
        problem = "\n".join([problem, *may_provide_it(plugins)])
    return UnknownInitializerError(problem, name)


def _elsewhere(name: str, entries: list[Entry]) -> str:
    """Say what an initializer of another library, or the last part of its name, is called here."""
    names: dict[str, list[str]] = {}  # those of other libraries, by the name here
    for entry in entries:
        for known in dict.fromkeys(entry.config_class.initializer_also_known_as):
            if f".{known}".rstrip("_").endswith(f".{name}".rstrip("_")):
                names.setdefault(entry.name, []).append(known)
    hints = [f"{' and '.join(theirs)} is called {own!r} here" for own, theirs in names.items()]
    return f" {'; '.join(hints)}." if hints else ""


def _unknown_qualified(prefix: str, last: str, plugins: list[PluginRecord], elsewhere: str) -> str:
    own = [record for record in plugins if normalize(record.distribution) == normalize(prefix)]
    if not own and elsewhere:
        return f"Names are written without a module.{elsewhere}"
    if not own and prefix.partition(".")[0] in _LIBRARIES:
        return f"Names are written without a module. Write {last!r} without {prefix!r}."
    if not own:
        known = sorted({normalize(record.distribution) for record in plugins} | {BUILTIN})
        return (
            f"No plugin distribution {prefix!r} is installed.{did_you_mean(prefix, known)} "
            f"Installed: {listed(known, 12)}."
        )
    names = [name for record in own for name in record.initializers]
    near = did_you_mean(last, names)
    problem = f"{own[0].distribution} provides no initializer {last!r}.{near}"
    if names:
        problem += f" It provides {listed(names, 12)}."
    failed = "; ".join(f"{record.name} ({record.error})" for record in own if record.error)
    return f"{problem}\nNot loaded: {failed}." if failed else problem


# Libraries whose initializers people write with the module, as in code.
_LIBRARIES = ("initializers", "jax", "keras", "nn", "tensorflow", "tf", "torch")


def _snake_case(name: str) -> str:
    """Write ``RandmNormal`` as ``randm_normal``, which is nearer to the name that was meant."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
