"""Checks of the values: seeds, shapes, dtypes, and the distribution that the config states."""

import math
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, draw_config
from initreg.draws.dtypes import FLOATS
from initreg.draws.shapes import Shape
from initreg.draws.streams import CHUNK
from initreg.errors import InitregError, PluginError
from initreg.testing.comparing import ALPHA, misfit, rounding
from initreg.testing.outcomes import Failed, Skipped, demand
from initreg.testing.subject import SEED, Subject, has_spread, unseeded
from initreg.wording import first_line

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# From a scalar to five axes; of sizes 0 and 1, and odd ones.
SHAPES: tuple[Shape, ...] = (
    (),
    (7,),
    (0, 4),
    (3, 5),
    (3, 1, 5),
    (3, 3, 2, 5),
    (2, 1, 3, 2, 5),
)

_SAY = "Say in distribution() what the values follow, or mend what draws them."


def seeds(subject: Subject) -> None:
    """One seed gives the same values, another one others; without one, each instance differs."""
    config, shape = unseeded(subject.config), subject.example
    fixed = _default_seed(config)
    told = f"The default of seed is {fixed}: all layers will be alike."
    demand(fixed is None, told, "Let it be None, for Keras to choose a seed for each instance.")
    first = subject.drawn(config, SEED, shape)
    if config.with_seed(SEED) == config:
        told = "It takes no seed, and two instances of it draw different values."
        advice = "Give the config a parameter: seed: Seed = None"
        demand(_same(subject.drawn(config, SEED, shape), first), told, advice)
        return
    advice = "Hand the seed on: to what builds() names, or in build() and draw()."
    again = subject.drawn(config, SEED, shape)
    demand(_same(again, first), "One seed gives different values the second time.", advice)
    if first.size < 2 or not has_spread(config, shape) or first.min() == first.max():
        raise Skipped("Its values are all equal, whatever the seed.")
    other = subject.drawn(config, SEED + 1, shape)
    demand(not _same(other, first), "Two seeds give the same values.", advice)
    free = [subject.fill(subject.resolve(config), shape) for _ in range(2)]
    demand(
        not _same(*free),
        "Without a seed, two instances draw the same values: so will two layers.",
        "Let a seed of None stay None, for Keras to choose one for each instance.",
    )
    drawn = [
        _portable(config, shape, seed, path)
        for seed, path in ((SEED, ""), (SEED, ""), (SEED + 1, ""), (SEED, "other"))
    ]
    if drawn[0] is None:
        return
    demand(_same(drawn[0], drawn[1]), "draw() gives other values for the same seed.", advice)
    advice = "Take what is random from initreg.draw, with the seed and the path."
    demand(not _same(drawn[0], drawn[2]), "draw() gives the same values for two seeds.", advice)
    demand(not _same(drawn[0], drawn[3]), "draw() gives the same values for two paths.", advice)


def shapes(subject: Subject) -> None:
    """From a scalar to five axes, with sizes of 0 and 1, a weight has the shape asked for.

    It may refuse a shape, with an error, but not that of `example_shape`, and not one for which
    `distribution` says what the values follow. Portable draws refuse the same.
    """
    for config in subject.tried:
        text = subject.text(config)
        example = config.example_shape()
        filled, drawn = _by_keras(subject, config, example), _by_numpy(config, example)
        _demand_no_mistake(filled, drawn, text)
        if isinstance(filled, Exception):
            problem = f"It refuses its own example_shape(), {list(example)}: {filled}"
            raise Failed(problem, "Return a shape that it takes.", text) from filled
        problem = f"initreg.draw refuses its own example_shape(), {list(example)}: {drawn}"
        demand(not isinstance(drawn, Exception), problem, "Return a shape that it takes.", text)
        _demand_shape(filled, example, "The Keras initializer", text)
    config = subject.config
    for shape in SHAPES:
        filled, drawn = _by_keras(subject, config, shape), _by_numpy(config, shape)
        _demand_no_mistake(filled, drawn)
        if not isinstance(filled, Exception):
            _demand_shape(filled, shape, "The Keras initializer")
            told = f"Keras fills the shape {list(shape)}, and initreg.draw refuses it: {drawn}"
            advice = "Let distribution() or draw() refuse what Keras refuses, and no more."
            demand(not isinstance(drawn, Exception), told, advice)
        elif drawn is not None:
            told = f"initreg.draw fills the shape {list(shape)}, and Keras refuses it: {filled}"
            advice = "Raise a ValueError in distribution() or draw() for such a shape."
            demand(isinstance(drawn, Exception), told, advice)


def _demand_no_mistake(filled: object, drawn: object, spec: str = "") -> None:
    """Demand that no shape is refused by an error that only a mistake raises."""
    for each in (drawn, filled):
        advice = "Mend what raises it; refuse a shape by a ValueError."
        demand(not isinstance(each, PluginError), str(each), advice, spec)


def dtypes(subject: Subject) -> None:
    """A weight of each float is of that dtype, by Keras and portable, with finite values."""
    import numpy as np

    keras, config = load_keras(), subject.config
    shape = subject.example
    theory = distribution_of(config, shape)
    reach = 0.0 if theory is None else abs(theory.mean) + 10 * theory.stddev
    made = subject.resolve(config, SEED)
    advice = "Make the values of the dtype that __call__ is given, by keras.ops.cast at the end."
    for dtype in (None, *FLOATS):
        asked = dtype or keras.config.floatx()
        if keras.backend.standardize_dtype(keras.ops.zeros((1,), asked).dtype) != asked:
            continue  # JAX has no float64 unless JAX_ENABLE_X64=1
        try:
            tensor = made(shape) if dtype is None else made(shape, dtype=dtype)
        except Exception as error:  # the plugin's code, or the backend's refusal
            problem = f"It can't draw {dtype or 'the default dtype'}: {type(error).__name__}: "
            problem += first_line(error)
            raise Failed(problem, f"Draw in float32, and cast to {asked}.") from error
        given = keras.backend.standardize_dtype(tensor.dtype)
        demand(given == asked, f"Asked for {dtype}, it gives {given}; {asked} is right.", advice)
        values = np.asarray(keras.ops.convert_to_numpy(tensor)).astype(np.float64)
        lost = int(np.sum(~np.isfinite(values)))
        told = f"{lost} of {values.size} values are not finite in {asked}."
        demand(
            not lost or reach > FLOATS[asked].largest, told, "Keep within what the dtype can hold."
        )
    for dtype in FLOATS:
        drawn = draw_config(config, shape, dtype, SEED)
        if drawn is not None and reach <= FLOATS[dtype].largest:
            told = f"initreg.draw gives values that are not finite in {dtype}."
            demand(np.isfinite(drawn.astype(np.float64)).all(), told, _SAY)


def spread(subject: Subject) -> None:
    """The values are not all equal, nor the same many times, unless the distribution says so."""
    config, shape = unseeded(subject.config), subject.example
    values = subject.drawn(config, SEED, shape)
    theory = distribution_of(config, shape)
    if theory is None and config.with_seed(SEED) == config:
        raise Skipped("It draws nothing at random, and states no distribution.")
    if not has_spread(config, shape):
        raise Skipped("Its distribution says that all values are equal.")
    if not math.isfinite(values.sum(dtype="float64")):
        raise Skipped("Not all of its values are finite: the check of dtypes tells.")
    advice = "Draw each value by itself; return Constant(…) from distribution() if they are equal."
    told = f"All {values.size} values are {values.max(initial=0):g}."
    demand(values.size < 2 or values.min() < values.max(), told, advice)
    if theory is None:
        return
    near = [theory.ppf(0.5 + step * 2.0**-10) for step in (-1, 0, 1)]
    if min(near[1] - near[0], near[2] - near[1]) < 16 * rounding(theory):
        return  # it has steps, or lies too far out for float32 to tell its values apart
    for draws in subject.draws:
        demand(draws.apart > 0.5, f"Of {draws}, {draws.apart:.0%} are different ones.", advice)


def support(subject: Subject) -> None:
    """No value lies outside of the distribution's support."""
    for draws in subject.draws:
        low, high = draws.distribution.support
        room = rounding(draws.distribution)
        values = draws.values
        outside = values[~((values >= low - room) & (values <= high + room))]
        told = f"Of {draws}, {outside.size} of {values.size} lie outside of {low:.6g} … {high:.6g}"
        worst = f", such as {outside[0]:.6g}." if outside.size else "."
        demand(not outside.size, told + worst, _SAY)


def distribution(subject: Subject) -> None:
    """The values follow the stated distribution: their mean, their spread and their shares."""
    alpha = ALPHA / len(subject.draws)
    for draws in subject.draws:
        if not draws.values.size:
            raise Skipped("Its example_shape() has no values.")
        found = misfit(draws.values, draws.distribution, alpha)
        told = str(draws)
        demand(found is None, f"{told[0].upper()}{told[1:]} {found}.", _SAY)


def threads_and_shards(subject: Subject) -> None:
    """Portable draws are the same for any number of threads, and for each part of a weight."""
    config = unseeded(subject.config)
    shape = example = subject.example
    size: int = math.prod(example)
    if distribution_of(config, example) is not None and size:
        # More than two chunks, so that threads share them.
        times = 2 * CHUNK // size + 1
        grown = tuple(n * times if axis == 0 else n for axis, n in enumerate(example))
        if not isinstance(_by_numpy(config, grown), Exception):
            shape = grown
    whole = draw_config(config, shape, "float32", SEED, threads=1)
    if whole is None:
        raise Skipped("Only Keras can make its values.")
    advice = "Let fill() give each word its value by itself; let draw() depend on its arguments."
    many = draw_config(config, shape, "float32", SEED, threads=4)
    told = "Drawn in four threads, a weight has other values than in one."
    demand(many is not None and _same(whole, many), told, advice)
    for parts in _quarters(shape):
        part = draw_config(config, shape, "float32", SEED, region=list(parts))
        told = "A part that is drawn by itself has other values than in the whole weight."
        demand(part is not None and _same(whole[parts], part), told, advice)


def _quarters(shape: Shape) -> list[tuple[slice, ...]]:
    """Cut the first axis and the last in two, not in the middle."""
    parts: list[tuple[slice, ...]] = [()]
    for axis, size in enumerate(shape):
        cuts = [slice(0, size)]
        if axis in (0, len(shape) - 1):
            cuts = [slice(0, size // 3), slice(size // 3, size)]
        parts = [(*before, cut) for before in parts for cut in cuts]
    return parts


def _default_seed(config: InitializerConfig) -> Any:
    field = config.parameter_fields.get("seed")
    info = None if field is None else type(config).model_fields[field]
    return None if info is None or info.is_required() else info.default


def _same(one: "Array", other: "Array") -> bool:
    import numpy as np

    return np.array_equal(one, other, equal_nan=True)


def _portable(config: InitializerConfig, shape: Shape, seed: int, path: str) -> "Any":
    return draw_config(config, shape, "float32", seed, path)


def _by_keras(subject: Subject, config: InitializerConfig, shape: Shape) -> Any:
    """Return what Keras fills, or the error by which it refuses."""
    made = subject.resolve(config, SEED)
    try:
        return subject.fill(made, shape)
    except Exception as error:  # the plugin's code, or the backend's refusal
        return error


def _by_numpy(config: InitializerConfig, shape: Shape) -> Any:
    """Return a portable draw, None where there is none, or the error by which it refuses."""
    try:
        return draw_config(config, shape, "float32", SEED)
    except InitregError as error:
        return error


def _demand_shape(values: "Array", shape: Shape, who: str, spec: str = "") -> None:
    told = f"{who} gives the shape {list(values.shape)} where {list(shape)} is asked for."
    advice = "Raise a ValueError for a shape that can't be, and give all others as they are."
    demand(values.shape == shape, told, advice, spec)
