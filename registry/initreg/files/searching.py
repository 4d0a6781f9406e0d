"""Find the initializers in a config.

A config is nested dicts and lists. The search goes through them in two modes:

- *Anywhere* in the config, only a key or the form of a dict shows an initializer.
- *Below a key of an initializer*, such as ``kernel_initializer``, each value is one, and so is
  each item of a list. Only a dict that calls something (Hydra's ``_target_``) and a dict that has
  such keys itself are not. The search goes on inside of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from typing import Any

from initreg.documents import Slot

KEYS = ("initializer", "*_initializer", "init")
"""The keys whose values are initializers, as patterns."""


def find(config: Slot, keys: Iterable[str] = ()) -> Iterator[Slot]:
    """Yield the slots of the initializers in a config, in order.

    >>> [slot.path for slot in find(Slot({"layers": [{"init": "zeros", "units": 1}]}))]
    [('layers', 0, 'init')]

    An initializer is the value of a key in `KEYS` or `keys`, alone or in a list, or a dict that
    Keras wrote for one. A container that several slots share is searched once.
    """
    yield from _Search((*KEYS, *as_patterns(keys))).anywhere(config)


def as_patterns(keys: Iterable[str]) -> tuple[str, ...]:
    """Return patterns as a tuple. Text is rejected, because its characters would be patterns."""
    if isinstance(keys, str):
        raise TypeError(f"keys must be a list of patterns, such as [{keys!r}].")
    return tuple(keys)


def is_interpolated(value: Any) -> bool:
    """Return True if OmegaConf interpolates (``${…}``) a part of the value."""
    todo, seen = [value], set[int]()
    while todo:
        part = todo.pop()
        if isinstance(part, str) and "${" in part:
            return True
        if isinstance(part, Mapping | list | tuple) and id(part) not in seen:
            seen.add(id(part))
            todo += part.values() if isinstance(part, Mapping) else part
    return False


class _Search:
    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._match = re.compile("|".join(map(translate, patterns))).match
        self._searched: set[int] = set()  # containers, by id
        self._searched_below_key: set[int] = set()

    def anywhere(self, slot: Slot) -> Iterator[Slot]:
        """Search a value that is not below a key of an initializer."""
        value = slot.value
        if _is_from_keras(value):
            yield slot
        elif isinstance(value, Mapping | list | tuple) and id(value) not in self._searched:
            self._searched.add(id(value))
            for part, item in _parts(value):
                if self._is_key(part) and not _is_another_init(value, part, item):
                    yield from self.below_key(slot.into(part))
                elif isinstance(item, Mapping | list | tuple):
                    yield from self.anywhere(slot.into(part))

    def below_key(self, slot: Slot) -> Iterator[Slot]:
        """Search the value of a key of an initializer."""
        value = slot.value
        name = value
        if isinstance(value, Mapping):
            name = value.get("class_name", value.get("type"))
        if value is None or (isinstance(name, str) and "${" in name):
            return
        is_call = isinstance(value, Mapping) and "_target_" in value
        if is_call or isinstance(value, list | tuple):
            if id(value) in self._searched_below_key:
                return
            self._searched_below_key.add(id(value))
        if isinstance(value, list | tuple):
            for index in range(len(value)):
                yield from self.below_key(slot.into(index))
        elif not isinstance(value, Mapping) or "type" in value or "class_name" in value:
            yield slot
        elif is_call and str(value["_target_"]).startswith("initreg.") and "spec" in value:
            yield from self.below_key(slot.into("spec"))
        elif is_call or any(map(self._is_key, value)):
            yield from self.anywhere(slot)
        else:
            yield slot

    def _is_key(self, key: object) -> bool:
        return isinstance(key, str) and self._match(key) is not None


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, Mapping) else enumerate(value)


def _is_from_keras(value: Any) -> bool:
    """Return True for a dict that Keras wrote for one of its initializers."""
    if not isinstance(value, Mapping) or "class_name" not in value:
        return False
    module = value.get("module")
    return isinstance(module, str) and f"{module}.".startswith("keras.initializers.")


def _is_another_init(holder: Any, key: Any, value: Any) -> bool:
    """Return True if a key named `init` holds something other than an initializer.

    It can be a switch, a count, a section of a config, or the ``keep`` of a rule.
    """
    if key != "init":
        return False
    if isinstance(value, Mapping):
        return not {"type", "class_name", "_target_"} & value.keys()
    return isinstance(value, bool | int | float) or (value == "keep" and "match" in holder)
