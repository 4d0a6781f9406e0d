"""Specs in a config to Keras's own dicts, and back; needs no Keras."""

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from typing import Any, NoReturn

from initreg.config.base import InitializerConfig
from initreg.config.targets import KERAS_KEYS, is_portable_form
from initreg.documents import Path
from initreg.errors import (
    ConfigError,
    Fault,
    InitregError,
    PluginError,
    UnknownInitializerError,
)
from initreg.files.searching import Found, find, is_interpolated
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.spec.spec import Spec

MAX_DEPTH = 200  # levels of a config

Rewrite = Callable[[Any, Registry], Any]


@public
def expand(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every spec in a nested config by the dict that Keras itself writes.

    >>> expanded = expand({"units": 8, "kernel_initializer": "he_normal(seed=1)"})
    >>> expanded["kernel_initializer"]["class_name"]
    'HeNormal'

    The result is for any loader of Keras 3.15 or later, on a machine without initreg:
    ``keras.models.model_from_json``, ``Layer.from_config``. Initializers that are not Keras's own
    need their plugin there, and those that initreg draws need initreg. Specs are found as
    `check_file` finds them; a spec alone is expanded, too. All else stays as it is, and the config
    itself is not changed. What Keras wrote stays, and so do dicts of Keras's form whose class no
    plugin knows.

    Mappings of other kinds, such as OmegaConf's, become dicts and lists. Raises `ConfigError` with
    all that is wrong, each with its path.
    """
    return _rewritten(config, expanded, keys, registry)


@public
def collapse(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every dict that Keras wrote for an initializer by the shortest text: undo `expand`.

    >>> collapse({"kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 1}}})
    {'kernel_initializer': 'he_normal(seed=1)'}

    What the text could not give back stays as it is, and so does all else.
    """
    return _rewritten(config, collapsed, keys, registry)


# One spec -----------------------------------------------------------------------------------------


def expanded(spec: Any, registry: Registry) -> Any:
    """Return the dict that Keras writes for one spec; the spec itself where it stays."""
    of_keras = isinstance(spec, Mapping) and "class_name" in spec
    if isinstance(spec, Mapping) and is_interpolated(spec):
        return spec
    if of_keras and (spec.get("module") or spec.get("registered_name")):
        return spec  # Keras wrote it, for a class of its own or of someone else's
    try:
        return _serialized(registry.validate(spec))
    except UnknownInitializerError:
        if of_keras:  # a class of someone's own
            return spec
        raise


def collapsed(spec: Any, registry: Registry) -> Any:
    """Return the text of what Keras wrote for one initializer; the dict itself where it stays."""
    if not isinstance(spec, Mapping) or "class_name" not in spec:
        return spec
    if spec.keys() - KERAS_KEYS:  # such as the number of what several layers share
        return spec
    try:
        config = registry.validate(spec)
        whole = _serialized(config)
        text = registry.write(config)
        if not isinstance(text, str) or registry.validate(text) != config:
            return spec
        given = json.loads(json.dumps(spec.get("config") or {}))
    except (InitregError, TypeError, ValueError):  # someone's class, what only Keras takes, arrays
        return spec
    for key in ("module", "registered_name"):
        if spec.get(key) is not None and spec[key] != whole[key]:
            return spec  # such as a name under which someone registered the class
    if any(whole["config"].get(name, value) != value for name, value in given.items()):
        return spec  # such as an array that Keras wrote
    return text


def _serialized(config: InitializerConfig) -> dict[str, Any]:
    """Serialize a config to what JSON can say; a failure is told as the plugin's."""
    try:
        whole: dict[str, Any] = json.loads(json.dumps(config.serialize()))
        if not whole.keys() >= set(KERAS_KEYS):
            raise TypeError("it lacks a key of Keras's form")
        if not isinstance(whole["config"], dict):
            raise TypeError("its config is no dict")
    except InitregError:
        raise
    except Exception as error:  # the plugin's code
        problem = f"{config} could not be serialized: {type(error).__name__}: {error}"
        raise PluginError(problem) from error
    return whole


# A config -----------------------------------------------------------------------------------------


def _rewritten(
    config: Any, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> Any:
    registry = registry or default_registry()
    copied = Copy().of(config)
    found = [*find(copied, keys)]
    by_keras = isinstance(copied, Mapping) and "class_name" in copied  # it may hold others
    if (by_keras or not found) and _is_spec(copied, registry):
        found = [Found((), copied)]
    edits, faults = replacements(found, rewrite, registry)
    if faults:
        raise ConfigError(faults)
    return _thawed(replaced(copied, edits), {})


def _is_spec(config: Any, registry: Registry) -> bool:
    """Whether the whole config is a spec; a dict that names something else is none."""
    if not isinstance(config, Mapping):
        return isinstance(config, str | Spec | InitializerConfig)
    if "class_name" in config and not config.keys() <= set(KERAS_KEYS):
        return False
    name = config.get("class_name", config.get("type"))
    if is_portable_form(config.get("module"), name):
        return True
    try:
        return isinstance(name, str) and bool(registry.find(name))
    except InitregError:
        return False


def replacements(
    found: Iterable[Found], rewrite: Rewrite, registry: Registry
) -> tuple[list[Found], list[Fault]]:
    """Return what is to be replaced, by what, and all that is wrong."""
    edits, faults = [], []
    for path, spec in found:
        try:
            new = rewrite(spec, registry)
        except InitregError as error:
            faults += [fault.below(*path) for fault in error.faults]
            continue
        if new is not spec:
            edits.append(Found(path, new))
    return edits, faults


def replaced(data: Any, edits: Iterable[Found]) -> Any:
    """Put new values into the data, in place."""
    holder = [data]  # so that the config itself can be an initializer
    for path, new in edits:
        *parents, last = (0, *path)
        target: Any = holder
        for part in parents:
            target = target[part]
        target[last] = new
    return holder[0]


class _TupleAsList(list[Any]):
    """A tuple, as long as what is in it can be replaced."""

    original: tuple[Any, ...] = ()


class Copy:
    """Copies dicts, lists and tuples; what is shared stays shared."""

    def __init__(self) -> None:
        self.made: dict[int, tuple[Any, Any]] = {}  # holds what it has seen: an id is used again
        self.open: set[int] = set()

    def of(self, value: Any, *path: str | int) -> Any:
        """Return the copy of a value at `path`."""
        copied: Any
        if not isinstance(value, Mapping | MutableSequence | tuple):
            return value
        if isinstance(value, array | bytearray):  # numbers alone
            return value
        if id(value) in self.made:
            copied = self.made[id(value)][1]
            # Each place of what Keras wrote is replaced by itself.
            of_keras = isinstance(copied, dict) and {"module", "class_name"} <= copied.keys()
            return dict(copied) if of_keras else copied
        if id(value) in self.open:
            _refuse("This holds itself. A config ends somewhere.", path)
        if len(path) > MAX_DEPTH:
            _refuse(f"The config nests deeper than {MAX_DEPTH} levels.", path[:3])
        self.open.add(id(value))
        if isinstance(value, Mapping):
            copied = {key: self.of(item, *path, key) for key, item in value.items()}
        else:
            copied = _TupleAsList() if isinstance(value, tuple) else []
            copied += [self.of(item, *path, index) for index, item in enumerate(value)]
            if isinstance(value, tuple):
                copied.original = value
        self.open.discard(id(value))
        self.made[id(value)] = value, copied
        return copied


def _refuse(problem: str, path: Path) -> NoReturn:
    raise ConfigError([Fault(problem, path, code="form")])


def _thawed(value: Any, made: dict[int, Any]) -> Any:
    """Turn what was a tuple into one again, in place."""
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, dict):
        made[id(value)] = value
        for key, item in value.items():
            value[key] = _thawed(item, made)
    elif isinstance(value, list):
        made[id(value)] = value
        value[:] = [_thawed(item, made) for item in value]
        if isinstance(value, _TupleAsList):
            made[id(value)] = value = _as_tuple(value)
    return value


def _as_tuple(items: _TupleAsList) -> tuple[Any, ...]:
    original = items.original
    if all(one is other for one, other in zip(items, original, strict=True)):
        return original
    make: Callable[[list[Any]], tuple[Any, ...]] = getattr(original, "_make", type(original))
    return make(items)
