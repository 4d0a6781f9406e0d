"""Rewrite the specs in a config as Keras's dicts, and back. No Keras is needed."""

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from typing import Any, NamedTuple, NoReturn

from initreg.config.base import InitializerConfig
from initreg.config.targets import KERAS_KEYS, is_portable_form
from initreg.documents import Path, Slot
from initreg.errors import (
    ConfigError,
    Fault,
    InitregError,
    PluginError,
    UnknownInitializerError,
)
from initreg.files.computing import error_in_rule
from initreg.files.searching import find, is_interpolated
from initreg.public import public
from initreg.registry.registry import Registry, default_registry
from initreg.spec.spec import Spec

MAX_DEPTH = 200  # levels of a config

Rewrite = Callable[[Any, Registry], Any]


class Edit(NamedTuple):
    """A slot, and the new value for it."""

    slot: Slot
    value: Any


@public
def expand(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every spec in a nested config by the dict that Keras itself writes.

    >>> expanded = expand({"units": 8, "kernel_initializer": "he_normal(seed=1)"})
    >>> expanded["kernel_initializer"]["class_name"]
    'HeNormal'

    Any loader of Keras 3.15 or later can read the result, on a machine without initreg:
    ``keras.models.model_from_json``, ``Layer.from_config``. But initializers that are not Keras's
    own need their plugin there, and those that draw with NumPy need initreg.

    Specs are found as `check_file` finds them. A spec alone is expanded, too. Everything else is
    unchanged, including dicts that Keras wrote, and dicts of Keras's form whose class no plugin
    knows. The config itself is not changed.

    Mappings of other types, such as OmegaConf's, become dicts and lists. Raises `ConfigError` with
    all that is wrong, each with its path.
    """
    return _rewritten(config, expanded, keys, registry)


@public
def collapse(config: Any, *, keys: Iterable[str] = (), registry: Registry | None = None) -> Any:
    """Replace every dict that Keras wrote for an initializer by the shortest text: undo `expand`.

    >>> collapse({"kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 1}}})
    {'kernel_initializer': 'he_normal(seed=1)'}

    Dicts that have no lossless text form are unchanged, like everything else.
    """
    return _rewritten(config, collapsed, keys, registry)


# One spec -----------------------------------------------------------------------------------------


def expanded(spec: Any, registry: Registry) -> Any:
    """Return the dict that Keras writes for a spec, or the spec itself if it is unchanged."""
    has_class = isinstance(spec, Mapping) and "class_name" in spec
    if isinstance(spec, Mapping) and is_interpolated(spec):
        return spec
    if has_class and (spec.get("module") or spec.get("registered_name")):
        return spec  # Keras wrote it, for its own class or for another one
    try:
        return _serialized(registry.validate(spec))
    except UnknownInitializerError:
        if has_class:  # not a class of Keras or of a plugin
            return spec
        raise


def collapsed(spec: Any, registry: Registry) -> Any:
    """Return the text for a dict that Keras wrote, or the dict if text would lose information.

    So the text is read again and compared with the dict.
    """
    if not isinstance(spec, Mapping) or "class_name" not in spec:
        return spec
    if spec.keys() - set(KERAS_KEYS):  # such as the number of an instance that layers share
        return spec
    try:
        config = registry.validate(spec)
        serialized = _serialized(config)
        text = registry.write(config)
        if not isinstance(text, str) or registry.validate(text) != config:
            return spec
        parameters = json.loads(json.dumps(spec.get("config") or {}))
    except (InitregError, TypeError, ValueError):  # unknown classes, values only for Keras, arrays
        return spec
    for key in ("module", "registered_name"):
        if spec.get(key) is not None and spec[key] != serialized[key]:
            return spec  # such as a custom object of another name
    if any(serialized["config"].get(name, value) != value for name, value in parameters.items()):
        return spec  # such as an array that Keras wrote
    return text


def _serialized(config: InitializerConfig) -> dict[str, Any]:
    """Serialize a config to values that JSON has. A failure is reported as the plugin's."""
    try:
        serialized: dict[str, Any] = json.loads(json.dumps(config.serialize()))
        if not serialized.keys() >= set(KERAS_KEYS):
            raise TypeError("a key of Keras's form is missing")
        if not isinstance(serialized["config"], dict):
            raise TypeError("its config must be a dict")
    except InitregError:
        raise
    except Exception as error:  # the plugin's code can raise anything
        problem = f"{config} can't be serialized: {type(error).__name__}: {error}"
        raise PluginError(problem) from error
    return serialized


# A config -----------------------------------------------------------------------------------------


def _rewritten(
    config: Any, rewrite: Rewrite, keys: Iterable[str], registry: Registry | None
) -> Any:
    registry = registry or default_registry()
    root = Slot(plain_copy(config))
    slots = [*find(root, keys)]
    is_from_keras = isinstance(root.value, Mapping) and "class_name" in root.value
    # A dict from Keras may be an initializer that holds those found.
    if (is_from_keras or not slots) and _is_spec(root.value, registry):
        slots = [root]
    edits, faults = edits_of(slots, rewrite, registry)
    if faults:
        raise ConfigError(faults)
    return plain_copy(root.value, edits)


def _is_spec(config: Any, registry: Registry) -> bool:
    """Return True if a whole config is a spec. A dict must have the name of an initializer."""
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


def edits_of(
    slots: Iterable[Slot], rewrite: Rewrite, registry: Registry
) -> tuple[list[Edit], list[Fault]]:
    """Return an edit for each slot whose value changes, and all that is wrong."""
    edits, faults = [], []
    for slot in slots:
        try:
            value = rewrite(slot.value, registry)
        except InitregError as error:
            if problem := error_in_rule(slot, error, registry):
                faults += [fault.below(*slot.path) for fault in problem.faults]
            continue
        if value is not slot.value:
            edits.append(Edit(slot, value))
    return edits, faults


def plain_copy(config: Any, edits: Iterable[Edit] = ()) -> Any:
    """Return a copy in dicts, lists and tuples, with the new values of `edits`.

    What is shared stays shared. Tuples keep their type. Raises `ConfigError` for a config that
    contains itself or is nested too deeply.
    """
    new_values: dict[tuple[int, Any], Any] = {}
    for slot, new in edits:
        if slot.holder is None:
            return new
        new_values[id(slot.holder.value), slot.part] = new
    copies: dict[int, tuple[Any, Any]] = {}  # with the originals, so that no id is used again
    holders: set[int] = set()

    def copy_of(value: Any, path: Path) -> Any:
        if not isinstance(value, Mapping | MutableSequence | tuple):
            return value
        if isinstance(value, array | bytearray):  # they hold only numbers
            return value
        if id(value) in copies:
            return copies[id(value)][1]
        if id(value) in holders:
            _reject("This contains itself. A config must end somewhere.", path)
        if len(path) > MAX_DEPTH:
            _reject(f"The config is nested deeper than {MAX_DEPTH} levels.", path[:3])
        holders.add(id(value))
        copy: Any
        if isinstance(value, Mapping):
            copy = {key: part_of(value, key, item, path) for key, item in value.items()}
        else:
            copy = [part_of(value, index, item, path) for index, item in enumerate(value)]
            if isinstance(value, tuple):
                copy = _like(value, copy)
        holders.discard(id(value))
        copies[id(value)] = value, copy
        return copy

    def part_of(holder: Any, part: Any, value: Any, path: Path) -> Any:
        slot = (id(holder), part)
        return new_values[slot] if slot in new_values else copy_of(value, (*path, part))

    return copy_of(config, ())


def _reject(problem: str, path: Path) -> NoReturn:
    raise ConfigError([Fault(problem, path, code="form")])


def _like(original: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """Return items as a tuple of the same type; the original itself if they are its own.

    Some types, such as that of `sys.version_info`, can't be made again.
    """
    if all(item is other for item, other in zip(items, original, strict=True)):
        return original
    make: Callable[[list[Any]], tuple[Any, ...]] = getattr(original, "_make", type(original))
    return make(items)
