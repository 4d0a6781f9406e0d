"""Normalize every accepted form of a spec to a `Request`, and match it to a config class."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn

from initreg.config.base import InitializerConfig
from initreg.config.targets import KERAS_KEYS, SHARED_KEY
from initreg.config.validation import accepted, check
from initreg.errors import ConfigError, Fault
from initreg.near_names import did_you_mean
from initreg.spec.grammar import parse
from initreg.spec.spec import Argument, Pairs, Spec
from initreg.wording import shown


class Request(NamedTuple):
    """A spec as it was written, before its schema is known.

    In a dict, `root` is the path to the parameters, and `key` is the key of the name. `module` is
    the module in Keras's form; it is None for Keras's own classes and for the other forms.
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

    def bind(self, config_class: type[InitializerConfig]) -> "BoundRequest":
        """Match the arguments to the parameters of the config class."""
        names = list(config_class.parameter_fields)
        arguments: dict[str, Argument] = {}
        faults = []
        for index, argument in enumerate(self.arguments):
            if argument.name is None and index >= len(names):
                problem = f"{config_class.initializer_name} takes {_at_most(len(names))}"
                problem += f". {accepted(config_class)}" if names else "."
                place = (argument.column, argument.end)
                faults.append(Fault(problem, (index,), *place, "unknown-parameter"))
                continue
            written = names[index] if argument.name is None else argument.name
            name = config_class.renamed_parameters.get(written, written)
            if name in arguments:
                first = arguments[name].name
                how = "by position" if first is None else f"as {first!r}"
                problem = f"The parameter {written!r} is given twice, first {how}."
                place = (argument.column, argument.end)
                faults.append(Fault(problem, (*self.root, written), *place))
                continue
            arguments[name] = argument
        return BoundRequest(self, config_class, arguments, tuple(faults))


class BoundRequest(NamedTuple):
    """A request whose arguments are matched to the parameters of a config class.

    `arguments` has each argument under the present name of its parameter. `faults` are arguments
    that match no parameter, or one that already has a value.
    """

    request: Request
    config_class: type[InitializerConfig]
    arguments: Mapping[str, Argument]
    faults: tuple[Fault, ...]

    def validate(self, context: dict[str, Any]) -> InitializerConfig:
        """Return the config. Raises `ConfigError` with all faults, each with its place."""
        values = {name: _python(argument.value) for name, argument in self.arguments.items()}
        config = check(self.config_class, values, context)
        if isinstance(config, InitializerConfig):
            if not self.faults:
                return config
            config = []
        faults = [*self.faults, *map(self._placed, config)]
        source = self.request.source
        if source is not None:
            faults.sort(key=lambda fault: fault.column or 0)
        raise ConfigError(faults, source)

    def deprecations(self, config: InitializerConfig) -> list[str]:
        """Return a warning if the spec uses a deprecated initializer or a renamed parameter."""
        deprecated = self.config_class.initializer_deprecated
        renamed = self.config_class.renamed_parameters
        notes = [f"It is deprecated. {deprecated}"] if deprecated else []
        for new, argument in self.arguments.items() if renamed else ():
            if argument.name in renamed:
                notes.append(f"{argument.name!r} is called {new!r} now. Write {config}.")
        return [f"{self.request}: {' '.join(notes)}"] if notes else []

    def _placed(self, fault: Fault) -> Fault:
        """Return the fault with its column in the text, or its path in the dict.

        The first row that applies decides:

        ======  ============================================  ================================
        form    the fault is about                            its place is
        ======  ============================================  ================================
        a dict  anything                                      its path, below the parameters
        text    a spec in quotes, whose columns are its own   the argument's value
        text    what has a column, as in a nested spec        that column
        text    no argument: a missing parameter, a conflict  the initializer's name
        text    an argument that names no parameter           the argument's name
        text    an argument                                   the argument's value
        ======  ============================================  ================================
        """
        request = self.request
        argument = self.arguments.get(str(fault.path[0])) if fault.path else None
        name = argument.name if argument is not None else None
        is_unknown = name is not None and not self._is_parameter(name)
        if name is not None and not is_unknown:  # in a dict, the value is under the name as written
            fault = replace(fault, path=(name, *fault.path[1:]))
        if request.source is None:
            return fault.below(*request.root)
        if argument is None:
            if fault.column is not None:
                return fault
            return replace(fault, column=request.column, end=request.column + len(request.name))
        if fault.column is not None and not _is_quoted(argument.value, fault.path[1:]):
            return fault
        if name is not None and is_unknown:
            return replace(fault, column=argument.column, end=argument.column + len(name))
        return replace(fault, column=argument.value_column, end=argument.end)

    def _is_parameter(self, name: str) -> bool:
        known = self.config_class
        return name in known.parameter_fields or name in known.renamed_parameters


def read(spec: object) -> Request:
    """Read text, a `Spec`, ``{type: name, …}`` or Keras's ``{class_name, config}``."""
    if isinstance(spec, str):
        spec = parse(spec)
    if isinstance(spec, Spec):
        return Request(spec.name, spec.arguments, spec.source, spec.column)
    if not isinstance(spec, Mapping):
        _reject(
            "An initializer must be text, {'type': name, …} or Keras's "
            f"{{'class_name': …, 'config': …}}, not {shown(spec)}."
        )
    for key in spec:
        if not isinstance(key, str):
            _reject(f"A parameter's name must be text, not {shown(key)}.")
    if "class_name" in spec:
        return _from_keras(spec)
    if "type" not in spec:
        _reject(f"This dict does not name an initializer: it has no 'type'.{_near_type(spec)}")
    parameters = {key: value for key, value in spec.items() if key != "type"}
    return Request(_bare_name(spec["type"], "type"), _named(parameters))


def _from_keras(spec: Mapping[str, Any]) -> Request:
    for key in spec:
        if key not in (*KERAS_KEYS, SHARED_KEY):
            problem = f"Unknown key {key!r}. Keras's form has {', '.join(KERAS_KEYS)}."
            _reject(problem, key)
    config = spec.get("config")
    if not isinstance(config, Mapping | None):
        _reject(f"config must be a dict, not {shown(config)}.", "config")
    for key in config or {}:
        if not isinstance(key, str):
            _reject(f"A parameter's name must be text, not {shown(key)}.", "config")
    module, registered = spec.get("module"), spec.get("registered_name")
    for key, value in (("module", module), ("registered_name", registered)):
        if not isinstance(value, str | None):
            _reject(f"{key} must be text, not {shown(value)}.", key)
    # For a class that was registered by `register_keras_serializable`, Keras writes a package
    # before ">", and no module.
    is_registered = registered is not None and ">" in registered
    is_keras = not is_registered and (module is None or module.partition(".")[0] == "keras")
    return Request(
        _bare_name(spec["class_name"], "class_name"),
        _named(config or {}),
        root=("config",),
        key="class_name",
        module=None if is_keras else module or "",
    )


def _at_most(count: int) -> str:
    if not count:
        return "no parameters"
    return f"at most {count} parameter{'' if count == 1 else 's'}"


def _is_quoted(value: object, path: Sequence[str | int]) -> bool:
    """Return True if a spec's value has text at `path`, or `path` goes on into a spec in quotes."""
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
        _reject(f"{key} must be the name of an initializer, not {shown(name)}.", key)
    if "(" in name:
        _reject(f"{key} must be a name alone. Write the parameters next to it in the dict.", key)
    return name


def _near_type(spec: Mapping[str, Any]) -> str:
    for wrong in ("name", "class", "initializer", "_target_"):
        if wrong in spec:
            return f" Write 'type' instead of {wrong!r}."
    for key in spec:
        if near := did_you_mean(key, ["type", "class_name"]):
            return f" It has {key!r}.{near}"
    return ""


def _reject(problem: str, *path: str) -> NoReturn:
    raise ConfigError([Fault(problem, path, code="form")])


def _python(value: Any) -> Any:
    """Turn a spec's value into plain lists and dicts, which schemas read."""
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
