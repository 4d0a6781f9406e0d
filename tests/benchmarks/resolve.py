"""Compare `resolve` with Keras's own way from a dict, and with the registries of others."""

import ast
import itertools
import os
from collections.abc import Callable, Iterator

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from measure import Table, missing, rows, show, time_calls

import initreg

TEXT = "random_normal(mean=0, stddev=0.05)"
PARAMETERS = {"mean": 0, "stddev": 0.05}
KERAS_DICT = {"class_name": "RandomNormal", "config": PARAMETERS}
KERAS_GET = "keras.initializers.get(dict)"
FLOOR = "ast.parse + validation + Keras's constructor"


def _new_texts() -> Iterator[str]:
    """Yield texts that were never seen before."""
    return (f"random_normal(mean=0, stddev=0.05{count})" for count in itertools.count())


def _confection() -> Callable[[], object]:
    import confection

    class Registry(confection.registry):
        initializers = {"random_normal": keras.initializers.RandomNormal}  # noqa: RUF012

    config = {"kernel": {"@initializers": "random_normal", **PARAMETERS}}
    return lambda: Registry.resolve(config)


def _class_resolver() -> Callable[[], object]:
    from class_resolver import ClassResolver

    resolver = ClassResolver([keras.initializers.RandomNormal], base=keras.initializers.Initializer)
    return lambda: resolver.make("RandomNormal", PARAMETERS)


def _hydra() -> Callable[[], object]:
    from hydra.utils import instantiate

    config = {"_target_": "keras.initializers.RandomNormal", **PARAMETERS}
    return lambda: instantiate(config)


PEERS = {
    "class-resolver: make(name, dict)": ("class_resolver", "class-resolver", _class_resolver),
    "confection: registry.resolve(dict)": ("confection", "confection", _confection),
    "Hydra: instantiate(dict)": ("hydra", "hydra-core", _hydra),
}


def resolving() -> Table:
    config_class = type(initreg.validate(TEXT))
    texts = _new_texts()

    def floor() -> None:
        ast.parse(next(texts), mode="eval")
        config_class.model_validate(PARAMETERS)
        keras.initializers.RandomNormal(**PARAMETERS)

    candidates: dict[str, Callable[[], object]] = {
        "initreg.resolve(text seen before)": lambda: initreg.resolve(TEXT),
        "initreg.resolve(text seen before, seed=1)": lambda: initreg.resolve(TEXT, seed=1),
        "initreg.resolve(dict)": lambda: initreg.resolve(KERAS_DICT),
        KERAS_GET: lambda: keras.initializers.get(KERAS_DICT),
        "initreg.resolve(text never seen)": lambda: initreg.resolve(next(texts)),
        FLOOR: floor,
    }
    notes = []
    for name, (module, distribution, make) in PEERS.items():
        if reason := missing(module, distribution):
            notes.append(reason)
        else:
            candidates[name] = make()
    to = {
        "initreg.resolve(text seen before)": KERAS_GET,
        "initreg.resolve(text seen before, seed=1)": KERAS_GET,
        "initreg.resolve(dict)": KERAS_GET,
        "initreg.resolve(text never seen)": FLOOR,
        **dict.fromkeys(PEERS, KERAS_GET),
    }
    targets = {"initreg.resolve(text seen before)": 0.6, "initreg.resolve(text never seen)": 3.0}
    return Table(
        "Resolve into a Keras initializer", rows(time_calls(candidates), to, targets), notes
    )


def stages() -> Table:
    config_class = type(initreg.validate(TEXT))
    texts = _new_texts()
    times = time_calls(
        {
            "initreg.parse(text never seen)": lambda: initreg.parse(next(texts)),
            "ast.parse(text)": lambda: ast.parse(next(texts), mode="eval"),
            "initreg.validate(text never seen)": lambda: initreg.validate(next(texts)),
            "initreg.validate(dict)": lambda: initreg.validate(KERAS_DICT),
            "Pydantic's model_validate(dict)": lambda: config_class.model_validate(PARAMETERS),
            "Keras's constructor": lambda: keras.initializers.RandomNormal(**PARAMETERS),
        }
    )
    to = {
        "initreg.parse(text never seen)": "ast.parse(text)",
        "initreg.validate(text never seen)": "ast.parse(text)",
        "initreg.validate(dict)": "Pydantic's model_validate(dict)",
    }
    return Table("The stages of a resolve", rows(times, to))


def tables() -> list[Table]:
    return [resolving(), stages()]


if __name__ == "__main__":
    show(tables())
