"""Where the initializers are in a config."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from initreg.documents import Path

KEYS = ("initializer", "*_initializer", "init")
"""The keys whose values are initializers, as patterns."""


class Found(NamedTuple):
    """A spec in a config, and the path that leads to it."""

    path: Path
    spec: Any


def find(config: Any, keys: Iterable[str] = ()) -> Iterator[Found]:
    """Find the initializers in nested dicts and lists, in their order.

    An initializer is the value of a key in `KEYS` or `keys`, alone or in a list, or a dict that
    Keras wrote for one. What several places share is looked through once.
    """
    yield from _Search((*KEYS, *as_patterns(keys))).inside((), config)


def as_patterns(keys: Iterable[str]) -> tuple[str, ...]:
    """Return further keys as a tuple; one text is no list of them."""
    if isinstance(keys, str):
        raise TypeError(f"keys is a list of patterns, such as [{keys!r}].")
    return tuple(keys)


def is_interpolated(value: Any) -> bool:
    """Whether OmegaConf puts in some of a value from elsewhere: ``${…}``."""
    todo, seen = [value], set[int]()
    while todo:
        each = todo.pop()
        if isinstance(each, str) and "${" in each:
            return True
        if isinstance(each, Mapping | list) and id(each) not in seen:
            seen.add(id(each))
            todo += each.values() if isinstance(each, Mapping) else each
    return False


class _Search:
    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        self.seen: set[int] = set()
        self.opened: set[int] = set()  # under such a key; elsewhere, they were seen as none

    def names_one(self, key: object) -> bool:
        return isinstance(key, str) and any(fnmatchcase(key, each) for each in self.patterns)

    def inside(self, path: Path, value: Any) -> Iterator[Found]:
        """Look through a value that is no initializer by its key."""
        if not isinstance(value, Mapping | list) or id(value) in self.seen:
            return
        self.seen.add(id(value))
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.inside((*path, index), item)
        elif _of_keras(value):
            yield Found(path, value)
        else:
            for key, item in value.items():
                if not self.names_one(key) or (key == "init" and _is_another_init(value, item)):
                    yield from self.inside((*path, key), item)
                else:
                    yield from self.held((*path, key), item)

    def held(self, path: Path, value: Any) -> Iterator[Found]:
        """Find what the key of an initializer holds."""
        name = value
        if isinstance(value, Mapping):
            name = value.get("class_name", value.get("type"))
        if value is None or (isinstance(name, str) and "${" in name):
            return  # none, or one that OmegaConf puts in from elsewhere
        if isinstance(value, list) or (isinstance(value, Mapping) and "_target_" in value):
            if id(value) in self.opened:  # by an alias: each time would be looked through again
                return
            self.opened.add(id(value))
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.held((*path, index), item)
        elif not isinstance(value, Mapping) or "type" in value or "class_name" in value:
            yield Found(path, value)
        elif "_target_" in value:  # Hydra calls it
            if str(value["_target_"]).startswith("initreg.") and "spec" in value:
                yield from self.held((*path, "spec"), value["spec"])
            else:
                yield from self.inside(path, value)
        elif any(map(self.names_one, value)):  # a section of that name
            yield from self.inside(path, value)
        else:
            yield Found(path, value)


def _of_keras(value: Mapping[Any, Any]) -> bool:
    module = value.get("module")
    return (
        "class_name" in value
        and isinstance(module, str)
        and (module == "keras.initializers" or module.startswith("keras.initializers."))
    )


def _is_another_init(holder: Mapping[Any, Any], value: Any) -> bool:
    """Whether an `init` is none of ours: a switch, a count, a section, or a rule's `keep`."""
    if isinstance(value, Mapping):
        return not {"type", "class_name", "_target_"} & value.keys()
    return isinstance(value, bool | int | float) or (value == "keep" and "match" in holder)
