"""Checks of the Keras initializer: it is new, pure and traceable, and can be saved."""

import importlib
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.draws.shapes import Shape
from initreg.errors import PluginError
from initreg.models.loading import custom_objects, load_model
from initreg.testing.catalog import register
from initreg.testing.outcomes import Failed, demand
from initreg.testing.subject import SEED, Subject
from initreg.wording import first_line, one_line

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_IN_CONFIG = "Return everything that the values depend on from get_config(), as __init__ names it."
_REGISTER = (
    "Name its class in builds=…, or register it with Keras: "
    "@keras.saving.register_keras_serializable(package=…)"
)
_PURE = "Let the values depend only on the seed, the shape and the dtype; keep no state."
_CLOSE = 1e-5  # a compiler may round differently


@register(needs_keras=True)
def fresh_instance(subject: Subject) -> None:
    """Each build returns a new Keras initializer, and so do the initializers nested in it."""
    keras = load_keras()
    advice = "Make a new keras.initializers.Initializer in each call of build()."
    for config in subject.tried:
        text = subject.text(config)
        first, second = subject.resolve(config), subject.resolve(config)
        problem = f"It builds {type(first).__name__}, which is not a Keras initializer."
        demand(isinstance(first, keras.initializers.Initializer), problem, advice, text)
        shared = {id(part) for part in _within(first)} & {id(part) for part in _within(second)}
        problem = "Two builds share one initializer, and so will two layers."
        demand(not shared, problem, advice, text)


@register(needs_keras=True)
def purity(subject: Subject) -> None:
    """Calling it again, or for a weight that Keras fills later, gives the same values.

    It does not use the global random generators.
    """
    import numpy as np

    keras, shape = load_keras(), subject.example
    made = subject.resolve(subject.config, SEED)
    before = (random.getstate(), repr(np.random.get_state()))
    values = subject.fill(made, shape)
    after = (random.getstate(), repr(np.random.get_state()))
    demand(before == after, "It draws from a global random generator.", _PURE)
    for _ in range(2):
        again = subject.fill(made, shape)
        _demand_same(again, values, "A second call gives other values", _PURE)
    with keras.StatelessScope():  # inside it, Keras fills a weight later
        variable = keras.Variable(made, shape=shape, dtype="float32")
    later = keras.ops.convert_to_numpy(variable.value)
    _demand_same(later, values, "A weight that Keras fills later has other values", _PURE)


@register(needs_keras=True)
def keras_config(subject: Subject) -> None:
    """Copies that Keras makes from its config, or by cloning it, draw the same values."""
    saving, initializers = load_keras().saving, load_keras().initializers
    known = custom_objects(registry=subject.registry)  # as load_model hands them to Keras
    for config in subject.tried:
        text, shape = subject.text(config), subject.example_of(config)
        made = subject.resolve(config, SEED)
        values = subject.fill(made, shape)
        written = _as_json(initializers.serialize(made), "keras.initializers.serialize()")
        copies: dict[str, tuple[Callable[..., Any], Any]] = {
            "from_config(get_config())": (type(made).from_config, made.get_config()),
            "deserialize(serialize())": (initializers.deserialize, written),
            "clone()": (type(made).clone, made),
        }
        if (own := _own_form(config.with_seed(SEED))) is not None:
            form = _as_json(own, "serialize()")
            copies["serialize() of the config"] = (initializers.deserialize, form)
        for how, (copy, original) in copies.items():
            problem = f"The result of {how} draws other values"
            try:
                with saving.custom_object_scope(known):
                    again = subject.fill(copy(original), shape)
            except Exception as error:  # raised by the plugin's code, or by Keras
                failure = f"{how} fails: {_first_line(error)}"
                raise Failed(failure, f"{_IN_CONFIG} {_REGISTER}", text) from error
            _demand_same(again, values, problem, _IN_CONFIG, text)


@register(needs_keras=True)
def saved_model(subject: Subject) -> None:
    """A model with it can be saved as a .keras file and loaded, with its initializer."""
    keras, config = load_keras(), subject.config
    shape = subject.example
    layer = _holder()(shape, subject.resolve(config, SEED))
    model = keras.Sequential([keras.Input((1,)), layer])
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.keras")
        model.save(path)
        known = {"Holder": type(layer)}
        try:
            again = load_model(path, custom_objects=known, registry=subject.registry)
        except Exception as error:  # raised by initreg, by Keras or by the plugin's code
            problem = f"A model with it can't be loaded: {one_line(error)}"
            raise Failed(problem, _REGISTER) from error
        loaded = again.layers[-1]
    [before], [after] = layer.get_weights(), loaded.get_weights()
    _demand_same(after, before, "The loaded model has other weights", _IN_CONFIG)
    problem = "The initializer of the loaded model draws other values"
    _demand_same(subject.fill(loaded.initializer, shape), before, problem, _IN_CONFIG)


@register(needs_keras=True)
def tracing(subject: Subject) -> None:
    """Keras and a compiler can trace it, and it then gives the same values."""
    keras, shape = load_keras(), subject.example
    made = subject.resolve(subject.config, SEED)
    values = subject.fill(made, shape)
    advice = "Compute only with keras.ops and keras.random, and read no value of a tensor."
    try:
        symbol = _drawing()(made, shape)(keras.Input((1,)))
    except Exception as error:  # raised by the plugin's code, or by Keras
        raise Failed(f"Keras can't trace it: {_first_line(error)}", advice) from error
    problem = f"If Keras traces it, its shape is {list(symbol.shape)}, not {list(shape)}."
    demand(tuple(symbol.shape) == shape, problem, advice)
    compiled = _compiled(lambda: made(shape, dtype="float32"))
    if compiled is None:
        return
    try:
        drawn = keras.ops.convert_to_numpy(compiled())
    except Exception as error:
        name = keras.config.backend()
        raise Failed(f"{name} can't compile it: {_first_line(error)}", advice) from error
    _demand_same(drawn, values, "If it is compiled, it gives other values", advice, close=_CLOSE)


def _compiled(draw: Any) -> Any:
    """Return a function compiled by the backend; None if the backend has no compiler.

    torch is left out: its compiler takes longer than all checks together, and silently falls back
    to the plain function if it can't trace.
    """
    match load_keras().config.backend():
        case "jax":
            return importlib.import_module("jax").jit(draw)
        case "tensorflow":
            tensorflow = importlib.import_module("tensorflow")
            return tensorflow.function(draw, autograph=False).get_concrete_function()
    return None


def _within(made: Any) -> Iterator[Any]:
    """Yield an initializer and those nested in it."""
    yield made
    for value in vars(made).values() if hasattr(made, "__dict__") else ():
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, load_keras().initializers.Initializer):
                yield from _within(item)


def _own_form(config: InitializerConfig) -> Any:
    try:
        return config.serialize()
    except PluginError:  # only Keras can serialize it
        return None


def _as_json(written: Any, how: str) -> Any:
    try:
        return json.loads(json.dumps(written))
    except (TypeError, ValueError) as error:
        advice = "Return only numbers, texts, lists and dicts from get_config()."
        raise Failed(f"{how} returns a value that JSON can't hold: {error}.", advice) from error


def _demand_same(
    got: "Array", expected: "Array", problem: str, advice: str, spec: str = "", close: float = 0.0
) -> None:
    import numpy as np

    same = got.shape == expected.shape and np.allclose(
        got.astype(np.float64), expected.astype(np.float64), close, close, equal_nan=True
    )
    demand(same, f"{problem}: {_shown(got)}, not {_shown(expected)}.", advice, spec)


def _shown(values: "Array") -> str:
    if not values.size:
        return f"shape {list(values.shape)}"
    first = [f"{value:g}" for value in values.ravel()[:3].tolist()]
    return ", ".join([*first, "…"] if values.size > 3 else first)


def _first_line(error: BaseException) -> str:
    first = first_line(error)  # some of Keras's errors contain a whole config
    return f"{type(error).__name__}: {first if len(first) <= 200 else first[:199] + '…'}"


@cache
def _holder() -> Any:
    """Make the class of a layer that holds one weight."""
    keras = load_keras()

    class Holder(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, shape: Shape, initializer: Any, **options: Any) -> None:
            super().__init__(**options)
            self.sizes = tuple(shape)
            self.initializer = keras.initializers.get(initializer)

        def build(self, _: Any) -> None:
            self.held = self.add_weight(shape=self.sizes, initializer=self.initializer)

        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            base: dict[str, Any] = super().get_config()
            initializer = keras.initializers.serialize(self.initializer)
            return base | {"shape": list(self.sizes), "initializer": initializer}

    return Holder


@cache
def _drawing() -> Any:
    """Make the class of a layer that draws while it is called."""
    keras = load_keras()

    class Drawing(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, initializer: Any, shape: Shape) -> None:
            super().__init__()
            self.initializer, self.sizes = initializer, shape

        def call(self, _: Any) -> Any:
            return self.initializer(self.sizes, dtype="float32")

    return Drawing
