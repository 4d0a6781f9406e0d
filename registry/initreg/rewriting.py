"""Specs in a config to Keras's own dicts, and back; needs no Keras."""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from initreg.documents import Document, Source, read, read_file
from initreg.documents.node import Node
from initreg.errors import (
    ConfigError,
    Fault,
    InitregError,
    UnknownInitializerError,
    UnreadableError,
)
from initreg.registry import Registry, default_registry
from initreg.searching import find

Rewrite = Callable[[Any, Registry], Any]


def expand(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every spec in a nested config by the dict that Keras itself writes.

    >>> expanded = expand({"units": 8, "kernel_initializer": "he_normal(seed=1)"})
    >>> expanded["kernel_initializer"]["class_name"]
    'HeNormal'

    The result is for any loader of Keras, on a machine without initreg:
    ``keras.models.model_from_json``, ``Layer.from_config``. Specs are found as `check_file` finds
    them; all else stays as it is, and the config itself is not changed. Dicts of Keras's form whose
    class no plugin knows stay, too.

    Raises `ConfigError` with all that is wrong, each with its path.
    """
    return _rewritten(config, _expanded, keys, registry)


def collapse(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every dict that Keras wrote for an initializer by the shortest text: undo `expand`.

    >>> collapse({"kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 1}}})
    {'kernel_initializer': 'he_normal(seed=1)'}

    What the text could not give back stays as it is, and so does all else.
    """
    return _rewritten(config, _collapsed, keys, registry)


def expand_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its specs expanded; all else stays, to the byte.

    Comments, order and layout are those of the file, which is not changed. In TOML, which has no
    null, parameters that are None are left out. Raises `UnreadableError` and `ConfigError`.
    """
    return _rewritten_text(read_file(path), _expanded, keys, registry)


def collapse_file(
    path: str | os.PathLike[str], *, keys: Iterable[str] = (), registry: Registry | None = None
) -> str:
    """Return the text of a config file with its initializers collapsed; all else stays."""
    return _rewritten_text(read_file(path), _collapsed, keys, registry)


def _expanded(spec: Any, registry: Registry) -> Any:
    try:
        return registry.validate(spec).serialize()
    except UnknownInitializerError:
        if isinstance(spec, Mapping) and "class_name" in spec:  # a class of someone's own
            return spec
        raise


def _collapsed(spec: Any, registry: Registry) -> Any:
    if not isinstance(spec, Mapping) or "class_name" not in spec:
        return spec
    try:
        config = registry.validate(spec)
        whole = config.serialize()
    except InitregError:  # a class of someone's own, or a value that only Keras takes
        return spec
    given = spec.get("config") or {}
    if any(whole["config"].get(name) != _lists(value) for name, value in given.items()):
        return spec  # such as an array
    text = registry.write(config)
    return text if isinstance(text, str) else spec


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value


def _rewritten(
    config: Any, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> Any:
    registry = registry or default_registry()
    copied = _copied(config, {})
    holder = [copied]  # so that the config itself can be an initializer
    faults: list[Fault] = []
    for path, spec in find(config, keys):
        try:
            new = rewrite(spec, registry)
        except InitregError as error:
            faults += [fault.below(*path) for fault in _faults(error)]
            continue
        *parents, last = (0, *path)
        target: Any = holder
        for part in parents:
            target = target[part]
        target[last] = new
    if faults:
        raise ConfigError(faults)
    return holder[0]


def _faults(error: InitregError) -> tuple[Fault, ...]:
    return error.faults or (Fault(str(error), code="plugin"),)


def _copied(value: Any, made: dict[int, Any]) -> Any:
    """Copy dicts and lists; what is shared stays shared."""
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, Mapping):
        copied: dict[Any, Any] = {}
        made[id(value)] = copied
        copied.update((key, _copied(item, made)) for key, item in value.items())
        return copied
    if isinstance(value, list):
        items: list[Any] = []
        made[id(value)] = items
        items.extend(_copied(item, made) for item in value)
        return items
    return value


# Files --------------------------------------------------------------------------------------------


def _rewritten_text(
    source: Source, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> str:
    if source.language == "keras":
        raise UnreadableError("An archive of Keras is read, but not rewritten.", source.file)
    registry, patterns = registry or default_registry(), tuple(keys)
    wanted = [
        _rewritten(document.data, rewrite, patterns, registry) for document in source.documents
    ]
    edits: dict[int, tuple[Node, str]] = {}
    for document in source.documents:
        for path, spec in find(document.data, patterns):
            new = rewrite(spec, registry)
            if new is not spec:
                node = _node(document, path)
                edits[id(node)] = node, _write(new, source.language)
    text = source.text
    for node, new in sorted(edits.values(), key=lambda edit: -edit[0].start):
        text = text[: node.start] + new + text[node.end :]
    _compare(source, text, wanted)
    return text


def _node(document: Document, path: Iterable[str | int]) -> Node:
    return [*document.follow(tuple(path))][-1][1]


def _compare(source: Source, text: str, wanted: list[Any]) -> None:
    """Make sure that the text says what it should: not every layout can be rewritten in place."""
    try:
        found = [document.data for document in read(text, source.language, source.file).documents]
    except UnreadableError:
        found = []
    if source.language == "toml":
        wanted = [_without_none(data) for data in wanted]
    if _comparable(found) != _comparable(wanted):
        problem = (
            "One of its initializers can't be replaced in its place: it is shared by an alias with "
            "what is none, or is a table of its own. Write it there as text."
        )
        raise UnreadableError(problem, source.file)


def _comparable(data: Any) -> str:
    return json.dumps(data, default=repr, sort_keys=False)


def _without_none(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _without_none(item) for key, item in data.items() if item is not None}
    return [_without_none(item) for item in data] if isinstance(data, list) else data


def _write(value: Any, language: str) -> str:
    """Write a value in one line. JSON is YAML, too."""
    if language == "yaml" and isinstance(value, str) and value.isidentifier():
        return value
    if language != "toml":
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        pairs = (
            f"{_key(key)} = {_write(item, language)}"
            for key, item in value.items()
            if item is not None
        )
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_write(item, language) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
