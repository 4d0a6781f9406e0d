"""The forms a spec comes in, brought to one: a name, and parameters with their places."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn

from initreg.config.base import InitializerConfig
from initreg.config.targets import KERAS_KEYS, SHARED_KEY
from initreg.config.validation import accepted
from initreg.errors import ConfigError, Fault
from initreg.spec.grammar import parse
from initreg.spec.spec import Argument, Pairs, Spec
from initreg.wording import did_you_mean, shown


class Request(NamedTuple):
    """A spec as it was written, before any schema.

    `root` is where the parameters stand in a dict, and `key` where the name does. `module` is that
    of Keras's form, and None for the others and for Keras's own classes.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    source: str | None = None
    column: int = 0
    root: tuple[str, ...] = ()
    key: str = "type"
    module: str | None = None

    def __str__(self) -> str:
        return self.source or str(Spec(self.name, self.arguments))

    def bind(
        self, config_class: type[InitializerConfig]
    ) -> tuple[dict[str, Any], dict[str, Argument], list[Fault]]:
        """Give positional arguments their names; return values, arguments and faults."""
        names = list(config_class.parameter_fields)
        values: dict[str, Any] = {}
        arguments: dict[str, Argument] = {}
        faults = []
        for index, argument in enumerate(self.arguments):
            name = argument.name
            if name is None and index >= len(names):
                most = f"at most {len(names)} parameter{'s' * (len(names) != 1)}. " if names else ""
                problem = f"{config_class.initializer_name} takes {most}" + (
                    accepted(config_class) if names else "no parameters."
                )
                place = (argument.column, argument.end)
                faults.append(Fault(problem, (index,), *place, "unknown-parameter"))
                continue
            written = names[index] if name is None else name
            name = config_class.renamed_parameters.get(written, written)
            if name in values:
                first = arguments[name].name
                how = "by its position" if first is None else f"as {first!r}"
                problem = f"The parameter {written!r} is given twice, first {how}."
                place = (argument.column, argument.end)
                faults.append(Fault(problem, (*self.root, written), *place))
                continue
            values[name] = _python(argument.value)
            arguments[name] = argument
        return values, arguments, faults

    def place(
        self, fault: Fault, arguments: Mapping[str, Argument], known: Collection[str]
    ) -> Fault:
        """Return the fault with its column in the text, or its path in the dict."""
        argument = arguments.get(str(fault.path[0])) if fault.path else None
        if argument is not None and argument.name is not None and argument.name in known:
            # An old name is where the value is.
            fault = replace(fault, path=(argument.name, *fault.path[1:]))
        if self.source is None:
            return fault.below(*self.root)
        if argument is not None and _is_quoted(argument.value, fault.path[1:]):
            fault = replace(fault, column=None)  # it counts in the quoted spec, not in this text
        if fault.column is not None:
            return fault
        if argument is None:
            return replace(fault, column=self.column, end=self.column + len(self.name))
        if argument.name is not None and argument.name not in known:
            end = argument.column + len(argument.name)
            return replace(fault, column=argument.column, end=end)
        return replace(fault, column=argument.value_column, end=argument.end)


def read(spec: object) -> Request:
    """Read text, a `Spec`, ``{type: name, …}`` or Keras's ``{class_name, config}``."""
    if isinstance(spec, str):
        spec = parse(spec)
    if isinstance(spec, Spec):
        return Request(spec.name, spec.arguments, spec.source, spec.column)
    if not isinstance(spec, Mapping):
        _refuse(
            "An initializer is written as text, as {'type': name, …} or as Keras's "
            f"{{'class_name': …, 'config': …}}, not as {shown(spec)}."
        )
    for key in spec:
        if not isinstance(key, str):
            _refuse(f"A parameter's name is text, not {shown(key)}.")
    if "class_name" in spec:
        return _from_keras(spec)
    if "type" not in spec:
        _refuse(f"This dict does not name an initializer: it has no 'type'.{_near_type(spec)}")
    parameters = {key: value for key, value in spec.items() if key != "type"}
    return Request(_bare_name(spec["type"], "type"), _named(parameters))


def _from_keras(spec: Mapping[str, Any]) -> Request:
    for key in spec:
        if key not in (*KERAS_KEYS, SHARED_KEY):
            problem = f"Keras's form has no key {key!r}. It has {', '.join(KERAS_KEYS)}."
            _refuse(problem, key)
    config = spec.get("config")
    if not isinstance(config, Mapping | None):
        _refuse(f"config must be a dict, not {shown(config)}.", "config")
    for key in config or {}:
        if not isinstance(key, str):
            _refuse(f"A parameter's name is text, not {shown(key)}.", "config")
    module, registered = spec.get("module"), spec.get("registered_name")
    for key, value in (("module", module), ("registered_name", registered)):
        if not isinstance(value, str | None):
            _refuse(f"{key} must be text, not {shown(value)}.", key)
    # Keras writes a package before ">" for classes that a person registered, and no module.
    registered_by_person = registered is not None and ">" in registered
    stock = not registered_by_person and (module is None or module.partition(".")[0] == "keras")
    return Request(
        _bare_name(spec["class_name"], "class_name"),
        _named(config or {}),
        root=("config",),
        key="class_name",
        module=None if stock else module or "",
    )


def _is_quoted(value: object, path: Sequence[str | int]) -> bool:
    """Whether `path` leads from a value of a spec to text, perhaps on into the spec that it is."""
    for part in path:
        if isinstance(value, Pairs):
            value = dict(value).get(str(part))
        elif isinstance(value, tuple) and isinstance(part, int):
            value = value[part]
    return isinstance(value, str)


_PLAIN = (str, int, float, bytes, list, dict, type(None))


def _named(parameters: Mapping[str, Any]) -> tuple[Argument, ...]:
    return tuple(Argument(key, value) for key, value in parameters.items())


def _bare_name(name: object, key: str) -> str:
    if not isinstance(name, str):
        _refuse(f"{key} must be the name of an initializer, not {shown(name)}.", key)
    if "(" in name:
        _refuse(f"{key} is a name alone; its parameters stand beside it in the dict.", key)
    return name


def _near_type(spec: Mapping[str, Any]) -> str:
    for wrong in ("name", "class", "initializer", "_target_"):
        if wrong in spec:
            return f" Write 'type' in place of {wrong!r}."
    for key in spec:
        if near := did_you_mean(key, ["type", "class_name"]):
            return f" It has {key!r}.{near}"
    return ""


def _refuse(problem: str, *path: str) -> NoReturn:
    raise ConfigError([Fault(problem, path, code="form")])


def _python(value: Any) -> Any:
    """Turn a spec's value into what a schema reads."""
    if isinstance(value, Pairs):
        return {key: _python(item) for key, item in value}
    if isinstance(value, tuple):
        return [_python(item) for item in value]
    if isinstance(value, _PLAIN):
        return value
    # Lists and dicts of a config library, such as OmegaConf's.
    if isinstance(value, Mapping):
        return {key: _python(item) for key, item in value.items()}
    return [_python(item) for item in value] if isinstance(value, Sequence) else value
