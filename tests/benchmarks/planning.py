"""Measure how the time of a plan grows with the number of weights and of rules."""

import time
from functools import partial

import keras
from measure import Table, rows, show, time_calls

import initreg

WEIGHTS, RULES = 2000, 200


def _model(weights: int) -> keras.Model:
    inputs = keras.Input((2,))
    layers = [keras.layers.Dense(2, name=f"block_{n}_dense") for n in range(weights // 2)]
    with initreg.scope(seed=1):
        return keras.Model(inputs, [layer(inputs) for layer in layers])


def _rules(count: int) -> initreg.Rules:
    """Return rules of which only the last two match many weights, so that all are searched."""
    rules = [{"match": rf"block_{n}00\d_.*/kernel$", "init": "zeros"} for n in range(count - 2)]
    return initreg.read_rules(
        [*rules, {"match": "kernel$", "init": "he_normal"}, {"match": "bias$", "init": "zeros"}]
    )


def tables(rounds: int = 15) -> list[Table]:
    models = {count: _model(count) for count in (WEIGHTS // 2, WEIGHTS)}
    sizes = [(WEIGHTS, RULES), (WEIGHTS, RULES // 2), (WEIGHTS // 2, RULES), (WEIGHTS, 2)]
    names = {size: f"{size[0]:,} weights, {size[1]} rules" for size in sizes}
    calls = {}
    for weights, rules in sizes:
        model, read = models[weights], _rules(rules)
        calls[names[weights, rules]] = partial(initreg.plan, model, read, seed=1)
    whole = names[WEIGHTS, RULES]
    times = time_calls(calls, rounds, clock=time.process_time)
    to = {name: whole for name in names.values() if name != whole}
    note = "A plan of 2,000 weights and 200 rules is to take less than 0.5 s."
    return [Table("initreg.plan, processor time", rows(times, to), [note])]


if __name__ == "__main__":
    show(tables())
