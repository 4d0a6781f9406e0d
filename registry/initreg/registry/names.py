"""Names to entries: what reaches which initializer, what is contested, and why one is unknown."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from initreg.config.base import InitializerConfig
from initreg.discovery.loading import Plugin, PluginRecord
from initreg.discovery.trust import BUILTIN, normalize
from initreg.errors import AmbiguousInitializerError, UnknownInitializerError
from initreg.public import public
from initreg.wording import did_you_mean


@public
@dataclass(frozen=True, slots=True)
class Entry:
    """One initializer in a registry: its config class, and the plugin that brought it.

    `name` reaches it: the short name, or the qualified one where two plugins claim the short one.
    """

    name: str
    config_class: type[InitializerConfig]
    plugin: PluginRecord

    @property
    def qualified_name(self) -> str:
        """The name that no other distribution can claim."""
        distribution = normalize(self.plugin.distribution)
        return f"{distribution}.{self.config_class.initializer_name}"


def fold(name: str) -> str:
    """Reduce a name to what look-up compares: no case, no ``-`` and no ``_``."""
    if not name.isascii():  # lower case would turn the sign of Kelvin into a k
        return name
    return name.lower().replace("_", "").replace("-", "")


class Names:
    """What a list of plugins brings, by name.

    The outcome does not depend on the order of the plugins: a name that two distributions claim
    belongs to neither. Names in `reserved` can't be claimed at all.
    """

    def __init__(self, plugins: Iterable[Plugin] = (), reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(reserved)
        self._by_key: dict[str, list[Entry]] = {}
        self._by_qualified_key: dict[tuple[str, str], Entry] = {}
        self.plugins = tuple(map(self._take, plugins))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def _take(self, plugin: Plugin) -> PluginRecord:
        record, owner = plugin.record, normalize(plugin.record.distribution)
        claims: dict[str, type[InitializerConfig]] = {}
        problems = [record.error] if record.error else []
        for config_class in plugin.classes:
            name = config_class.initializer_name
            spelt = {fold(each): each for each in (name, *config_class.initializer_aliases)}
            for key, each in spelt.items():
                if key in self._reserved:
                    problems.append(f"{name!r} is refused: {each!r} is a built-in name")
                    break
                if key in claims or (owner, key) in self._by_qualified_key:
                    whose = record.distribution
                    problems.append(f"{name!r} is refused: {whose} brings {each!r} twice")
                    break
            else:
                claims.update(dict.fromkeys(spelt, config_class))
        names = tuple(each.initializer_name for each in dict.fromkeys(claims.values()))
        record = replace(record, initializers=names, error="; ".join(problems) or None)
        for key, config_class in claims.items():
            entry = Entry(config_class.initializer_name, config_class, record)
            self._by_qualified_key[owner, key] = entry
            self._by_key.setdefault(key, []).append(entry)
        return record

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
                f"{len(entries)} plugins bring {name!r}. Say which: {' or '.join(qualified)}.",
                name,
            )
        return entries[0] if entries else None

    def entries(self) -> list[Entry]:
        """List the entries, sorted, each under the name that reaches it."""
        return sorted(
            (
                replace(entry, name=entry.qualified_name)
                if len(self._by_key[fold(entry.name)]) > 1
                else entry
                for entry in set(self._by_qualified_key.values())
            ),
            key=lambda entry: entry.name,
        )


def unknown(name: str, entries: list[Entry], plugins: Iterable[PluginRecord]) -> Exception:
    """Explain a name that leads to nothing: misspelt, not installed, failed or blocked."""
    prefix, _, last = name.rpartition(".")
    plugins = list(plugins)
    elsewhere = _elsewhere(name, entries)
    if prefix:
        problem = _unknown_qualified(prefix, last, plugins, elsewhere)
    elif elsewhere:
        problem = f"There is no initializer {name!r}.{elsewhere}"
    else:
        spellings = [s for e in entries for s in (e.name, *e.config_class.initializer_aliases)]
        problem = (
            f"There is no initializer {name!r}.{did_you_mean(_snake_case(name), spellings)} "
            "`initreg list` shows all."
        )
        for state, blocked in (("failed", False), ("are blocked", True)):
            hidden = [p for p in plugins if p.error and p.blocked == blocked]
            if hidden:
                named = "; ".join(f"{p.name} ({p.error})" for p in hidden[:3])
                more = f" and {len(hidden) - 3} more" if len(hidden) > 3 else ""
                problem += f"\nThese plugins {state}, and may bring it: {named}{more}."
    return UnknownInitializerError(problem, name)


def _elsewhere(name: str, entries: list[Entry]) -> str:
    """Say what is called here as `name` is in another library, whole or in its last part."""
    here: dict[str, dict[str, None]] = {}  # by the name here, those elsewhere
    for entry in entries:
        for known in entry.config_class.initializer_also_known_as:
            if f".{known}".rstrip("_").endswith(f".{name}".rstrip("_")):
                here.setdefault(entry.name, {})[known] = None
    told = [f"{' and '.join(theirs)} is called {own!r} here" for own, theirs in here.items()]
    return f" {'; '.join(told)}." if told else ""


def _unknown_qualified(prefix: str, last: str, plugins: list[PluginRecord], elsewhere: str) -> str:
    own = [p for p in plugins if normalize(p.distribution) == normalize(prefix)]
    if not own and (elsewhere or prefix.partition(".")[0] in _LIBRARIES):
        without = f"Write {last!r} without {prefix!r}: no module stands before a name here."
        return f"No module stands before a name here.{elsewhere}" if elsewhere else without
    if not own:
        known = sorted({normalize(p.distribution) for p in plugins} | {BUILTIN})
        return (
            f"No plugin distribution {prefix!r} is installed.{did_you_mean(prefix, known)} "
            f"Installed: {_some(known)}."
        )
    brought = [name for p in own for name in p.initializers]
    problem = f"{own[0].distribution} brings no initializer {last!r}.{did_you_mean(last, brought)}"
    if brought:
        problem += f" It brings {_some(brought)}."
    absent = "; ".join(f"{p.name} ({p.error})" for p in own if p.error)
    return f"{problem}\nNot loaded: {absent}." if absent else problem


# Whose initializers people write with their module, as in code.
_LIBRARIES = ("initializers", "jax", "keras", "nn", "tensorflow", "tf", "torch")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


def _snake_case(name: str) -> str:
    """``RandmNormal`` to ``randm_normal``, which is nearer to what was meant."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
