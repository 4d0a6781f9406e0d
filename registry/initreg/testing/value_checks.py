"""Checks of the values: seeds, shapes, dtypes, and the distribution that the config states."""

import math
from typing import TYPE_CHECKING, Any

from initreg.backend import load_keras
from initreg.config.base import InitializerConfig
from initreg.config.drawing import distribution_of, draw_config
from initreg.draws.dtypes import FLOATS
from initreg.draws.fans import Fans, Layout
from initreg.draws.shapes import Shape
from initreg.draws.streams import CHUNK
from initreg.errors import InitregError, PluginError
from initreg.testing.catalog import register
from initreg.testing.comparing import ALPHA, misfit, rounding
from initreg.testing.outcomes import Failed, Skipped, demand
from initreg.testing.subject import SEED, Subject, has_spread, unseeded
from initreg.wording import first_line

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# From a scalar to five axes; with sizes of 0 and 1, and odd ones.
SHAPES: tuple[Shape, ...] = (
    (),
    (7,),
    (0, 4),
    (3, 5),
    (3, 1, 5),
    (3, 3, 2, 5),
    (2, 1, 3, 2, 5),
)

_NO_SEED = "Keep a seed of None as None, so that Keras chooses a seed for each instance."
_STATE = "Return the right distribution from distribution(), or fix what draws the values."


@register(needs_keras=True)
def seeds(subject: Subject) -> None:
    """The same seed gives the same values, another seed or no seed gives other values."""
    config, shape = unseeded(subject.config), subject.example
    fixed = _default_seed(config)
    problem = f"The default of seed is {fixed}, so all layers will have the same values."
    demand(fixed is None, problem, _NO_SEED)
    first = subject.drawn(config, SEED, shape)
    if config.with_seed(SEED) == config:
        problem = "It has no parameter seed, but two instances of it draw different values."
        advice = "Give the config a parameter: seed: Seed = None"
        demand(_same(subject.drawn(config, SEED, shape), first), problem, advice)
        return
    advice = "Pass the seed to the Keras initializer in build(), and use it in draw()."
    again = subject.drawn(config, SEED, shape)
    demand(_same(again, first), "The same seed gives different values the second time.", advice)
    if first.size < 2 or not has_spread(config, shape) or first.min() == first.max():
        raise Skipped("All its values are equal, with any seed.")
    other = subject.drawn(config, SEED + 1, shape)
    demand(not _same(other, first), "Two seeds give the same values.", advice)
    free = [subject.fill(subject.resolve(config), shape) for _ in range(2)]
    demand(
        not _same(*free),
        "Without a seed, two instances draw the same values, and so will two layers.",
        _NO_SEED,
    )
    drawn = [
        _portable(config, shape, seed, path)
        for seed, path in ((SEED, ""), (SEED, ""), (SEED + 1, ""), (SEED, "other"))
    ]
    if drawn[0] is None:
        return
    demand(_same(drawn[0], drawn[1]), "draw() gives other values for the same seed.", advice)
    advice = "Draw random values with initreg.draw, and pass it the seed and the path."
    demand(not _same(drawn[0], drawn[2]), "draw() gives the same values for two seeds.", advice)
    demand(not _same(drawn[0], drawn[3]), "draw() gives the same values for two paths.", advice)


@register(needs_keras=True)
def shapes(subject: Subject) -> None:
    """A weight has the requested shape, from a scalar to five axes, with sizes of 0 and 1.

    The initializer may reject a shape with an error, but not that of `example_shape`, and not one
    that `distribution` accepts. Portable draws reject the same shapes.
    """
    for config in subject.tried:
        text = subject.text(config)
        example = config.example_shape()
        filled, drawn = _by_keras(subject, config, example), _by_numpy(config, example)
        _demand_no_mistake(filled, drawn, text)
        if isinstance(filled, Exception):
            problem = f"It rejects its own example_shape(), {list(example)}: {filled}"
            raise Failed(problem, "Return a shape that it accepts.", text) from filled
        problem = f"initreg.draw rejects its own example_shape(), {list(example)}: {drawn}"
        demand(not isinstance(drawn, Exception), problem, "Return a shape that it accepts.", text)
        _demand_shape(filled, example, text)
    config = subject.config
    for shape in SHAPES:
        filled, drawn = _by_keras(subject, config, shape), _by_numpy(config, shape)
        _demand_no_mistake(filled, drawn)
        if not isinstance(filled, Exception):
            _demand_shape(filled, shape)
            problem = f"Keras fills the shape {list(shape)}, but initreg.draw rejects it: {drawn}"
            advice = "Reject in distribution() or draw() only the shapes that Keras rejects."
            demand(not isinstance(drawn, Exception), problem, advice)
        elif drawn is not None:
            problem = f"initreg.draw fills the shape {list(shape)}, but Keras rejects it: {filled}"
            advice = "Raise a ValueError in distribution() or draw() for such a shape."
            demand(isinstance(drawn, Exception), problem, advice)


def _demand_no_mistake(filled: object, drawn: object, spec: str = "") -> None:
    """Fail if a shape is rejected with an error that only a mistake in the plugin raises."""
    for result in (drawn, filled):
        advice = "Fix what raises it. To reject a shape, raise a ValueError."
        demand(not isinstance(result, PluginError), str(result), advice, spec)


@register(needs_keras=True)
def dtypes(subject: Subject) -> None:
    """A weight has the requested dtype and finite values, whether Keras draws it or initreg."""
    import numpy as np

    keras, config = load_keras(), subject.config
    shape = subject.example
    theory = distribution_of(config, shape)
    reach = 0.0 if theory is None else abs(theory.mean) + 10 * theory.stddev
    made = subject.resolve(config, SEED)
    advice = "Convert the values to the dtype given to __call__, with keras.ops.cast at the end."
    for dtype in (None, *FLOATS):
        expected = dtype or keras.config.floatx()
        if keras.backend.standardize_dtype(keras.ops.zeros((1,), expected).dtype) != expected:
            continue  # JAX has no float64 unless JAX_ENABLE_X64=1
        try:
            tensor = made(shape) if dtype is None else made(shape, dtype=dtype)
        except Exception as error:  # raised by the plugin's code, or by the backend
            problem = f"It can't draw {dtype or 'the default dtype'}: {type(error).__name__}: "
            problem += first_line(error)
            raise Failed(problem, f"Draw in float32, and cast to {expected}.") from error
        actual = keras.backend.standardize_dtype(tensor.dtype)
        problem = f"For the dtype {dtype}, it returns {actual}, not {expected}."
        demand(actual == expected, problem, advice)
        values = np.asarray(keras.ops.convert_to_numpy(tensor)).astype(np.float64)
        lost = int(np.sum(~np.isfinite(values)))
        problem = f"{lost} of {values.size} values are not finite in {expected}."
        demand(
            not lost or reach > FLOATS[expected].largest,
            problem,
            "Keep within the range of the dtype.",
        )
    for dtype in FLOATS:
        drawn = draw_config(config, shape, dtype, SEED)
        if drawn is not None and reach <= FLOATS[dtype].largest:
            problem = f"initreg.draw returns values that are not finite in {dtype}."
            demand(np.isfinite(drawn.astype(np.float64)).all(), problem, _STATE)


@register(needs_keras=True)
def spread(subject: Subject) -> None:
    """The values are not all equal, and few of them repeat, unless the distribution says so."""
    config, shape = unseeded(subject.config), subject.example
    values = subject.drawn(config, SEED, shape)
    theory = distribution_of(config, shape)
    if theory is None and config.with_seed(SEED) == config:
        raise Skipped("It draws nothing at random and states no distribution.")
    if not has_spread(config, shape):
        raise Skipped("Its distribution says that all values are equal.")
    if not math.isfinite(values.sum(dtype="float64")):
        raise Skipped("Some of its values are not finite: see the check dtypes.")
    advice = "Draw each value separately. If all are equal, return Constant(…) from distribution()."
    problem = f"All {values.size} values are {values.max(initial=0):g}."
    demand(values.size < 2 or values.min() < values.max(), problem, advice)
    if theory is None:
        return
    near = [theory.ppf(0.5 + step * 2.0**-10) for step in (-1, 0, 1)]
    if min(near[1] - near[0], near[2] - near[1]) < 16 * rounding(theory):
        return  # it has steps, or values so large that float32 rounds them to the same numbers
    for draws in subject.draws:
        demand(draws.distinct > 0.5, f"Of {draws}, only {draws.distinct:.0%} are distinct.", advice)


@register(needs_keras=True)
def support(subject: Subject) -> None:
    """No value lies outside the distribution's support."""
    for draws in subject.draws:
        low, high = draws.distribution.support
        room = rounding(draws.distribution)
        values = draws.values
        outside = values[~((values >= low - room) & (values <= high + room))]
        problem = f"{draws}: {outside.size} of {values.size} lie outside {low:.6g} … {high:.6g}"
        example = f", such as {outside[0]:.6g}." if outside.size else "."
        demand(not outside.size, problem + example, _STATE)


@register(needs_keras=True)
def distribution(subject: Subject) -> None:
    """The values follow the stated distribution: its mean, standard deviation and quantiles."""
    alpha = ALPHA / len(subject.draws)
    for draws in subject.draws:
        if not draws.values.size:
            raise Skipped("Its example_shape() has no values.")
        difference = misfit(draws.values, draws.distribution, alpha)
        demand(difference is None, f"{draws} {difference}.", _STATE)


@register(needs_keras=False)
def fans(subject: Subject) -> None:
    """Portable draws accept the fans of any layer: small ones, fractions, and with a layout."""
    import numpy as np

    for config in subject.tried:
        shape = config.example_shape()
        counted = _by_numpy(config, shape)
        if counted is None or isinstance(counted, Exception):
            raise Skipped("It has no portable draw: see the check shapes.")
        axes = tuple(range(len(shape)))
        layout = Layout(shape, axes[:-1], axes[-1:]) if len(shape) > 1 else None
        for given in (Fans(1, 1), Fans(2.25, 0.75, layout)):
            try:
                values: Any = draw_config(config, shape, "float32", SEED, fans=given)
            except InitregError as error:
                advice = "Use fans.fan_in and fans.fan_out as numbers, not as the sizes of axes."
                raise Failed(f"For {given}: {error}", advice, subject.text(config)) from error
            problem = f"For {given}, values are not finite."
            is_right = np.isfinite(values).all() or not np.isfinite(counted).all()
            demand(is_right, problem, "Divide by the fans of the weight.", subject.text(config))


@register(needs_keras=True)
def threads_and_shards(subject: Subject) -> None:
    """Portable draws do not depend on the number of threads, nor on how a weight is divided."""
    config = unseeded(subject.config)
    shape = example = subject.example
    size: int = math.prod(example)
    if distribution_of(config, example) is not None and size:
        # More than two chunks, so that several threads draw them.
        times = 2 * CHUNK // size + 1
        grown = tuple(n * times if axis == 0 else n for axis, n in enumerate(example))
        if not isinstance(_by_numpy(config, grown), Exception):
            shape = grown
    whole = draw_config(config, shape, "float32", SEED, threads=1)
    if whole is None:
        raise Skipped("Only Keras can draw its values.")
    advice = "Compute each value in fill() from its own word; use only the arguments in draw()."
    many = draw_config(config, shape, "float32", SEED, threads=4)
    problem = "A weight drawn in four threads has other values than in one."
    demand(many is not None and _same(whole, many), problem, advice)
    for parts in _quarters(shape):
        part = draw_config(config, shape, "float32", SEED, region=list(parts))
        problem = "A part drawn separately has other values than in the whole weight."
        demand(part is not None and _same(whole[parts], part), problem, advice)


def _quarters(shape: Shape) -> list[tuple[slice, ...]]:
    """Return the parts of a shape whose first and last axis are cut in two unequal pieces."""
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
    """Return the values that Keras draws, or the error that it raises."""
    made = subject.resolve(config, SEED)
    try:
        return subject.fill(made, shape)
    except Exception as error:  # raised by the plugin's code, or by the backend
        return error


def _by_numpy(config: InitializerConfig, shape: Shape) -> Any:
    """Return a portable draw, or its error. Return None if the config isn't portable."""
    try:
        return draw_config(config, shape, "float32", SEED)
    except InitregError as error:
        return error


def _demand_shape(values: "Array", shape: Shape, spec: str = "") -> None:
    problem = f"The Keras initializer returns the shape {list(values.shape)}, not {list(shape)}."
    advice = "Return the requested shape, or raise a ValueError if it is not supported."
    demand(values.shape == shape, problem, advice, spec)
