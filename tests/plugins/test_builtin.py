"""The built-in initializers have the names, parameters, defaults and values of Keras."""

import inspect

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src import initializers as keras_initializers
from scipy import signal

import initreg
from initreg import ConfigError, InitializerConfig, Registry, describe, resolve, validate
from initreg.discovery.loading import Discovery

pytestmark = pytest.mark.keras

ENTRIES = [
    entry
    for entry in Registry(Discovery()).builtin_entries()
    if entry.config_class.initializer_builds.startswith("keras.")
]
CLASSES = {entry.name: entry.config_class for entry in ENTRIES}

# Every name Keras gives an initializer; "initializer" is the abstract base, which draws nothing.
KERAS_NAMES = {
    name: keras_class
    for name, keras_class in keras_initializers.ALL_OBJECTS_DICT.items()
    if keras_class is not keras.initializers.Initializer
}
KERAS_CLASSES = {
    keras_class
    for keras_class in vars(keras.initializers).values()
    if isinstance(keras_class, type) and keras_class is not keras.initializers.Initializer
}


def keras_class_of(config_class):
    return initreg.config.base.import_target(config_class.initializer_builds)


# Names --------------------------------------------------------------------------------------------


def test_every_initializer_of_keras_is_here_once():
    assert {keras_class_of(config_class) for config_class in CLASSES.values()} == KERAS_CLASSES
    assert len(CLASSES) == len(KERAS_CLASSES)


@pytest.mark.parametrize("name", sorted(KERAS_NAMES))
def test_every_string_that_keras_takes_means_the_same(name):
    ours = resolve(name)
    # Keras's own get("constant") raises: its from_config needs a value.
    theirs = KERAS_NAMES[name]() if name.lower() == "constant" else keras.initializers.get(name)
    assert type(ours) is type(theirs) is KERAS_NAMES[name]
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("xavier_uniform", "GlorotUniform"),
        ("xavier_normal", "GlorotNormal"),
        ("kaiming_uniform", "HeUniform"),
        ("kaiming_normal", "HeNormal"),
        ("uniform", "RandomUniform"),
        ("normal", "RandomNormal"),
        ("constant", "Constant"),
        ("ones", "Ones"),
        ("zeros", "Zeros"),
        ("eye", "Identity"),
        ("orthogonal", "Orthogonal"),
    ],
)
def test_names_of_pytorch(name, class_name):
    assert type(resolve(name)) is getattr(keras.initializers, class_name)


# Parameters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_and_defaults_are_those_of_keras(name):
    config_class = CLASSES[name]
    signature = inspect.signature(keras_class_of(config_class))
    assert list(config_class.parameter_fields) == list(signature.parameters)
    ours = validate(name)
    theirs = keras_class_of(config_class)()
    assert resolve(name).get_config() == theirs.get_config()
    for parameter, field in config_class.parameter_fields.items():
        assert getattr(ours, field) == signature.parameters[parameter].default
        assert config_class.model_fields[field].description


@pytest.mark.parametrize("name", CLASSES)
def test_each_is_documented_with_valid_examples(name):
    config_class = CLASSES[name]
    assert config_class.summary().endswith((".", "kernels.", "biases."))
    assert config_class.initializer_examples
    for example in config_class.initializer_examples:
        config = validate(example)
        assert type(config) is config_class
        assert type(resolve(example)) is keras_class_of(config_class)


def parameterless_windows():
    for name in dir(signal.windows):
        try:
            signal.get_window(name, 8)
        except (ValueError, TypeError):
            continue
        yield name


def test_the_windows_are_those_of_scipy_without_parameters():
    window = CLASSES["stft"].model_fields["window"].annotation
    names = next(arg for arg in window.__args__ if "Literal" in str(arg)).__args__
    theirs = {signal.get_window(name, 8).tobytes() for name in parameterless_windows()}
    ours = {signal.get_window(name, 8).tobytes() for name in names}
    assert ours == theirs
    assert list(names) == sorted(names)


# Any valid parameters -----------------------------------------------------------------------------

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)
non_negative = st.floats(0, allow_infinity=False)
positive = st.floats(0, exclude_min=True, allow_infinity=False)
seeds = st.none() | st.integers(0, 2**32 - 1)
grids = st.lists(st.integers(1, 3), max_size=3).flatmap(
    lambda shape: (
        numbers
        if not shape
        else st.lists(numbers, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(
            lambda flat: np.array(flat, dtype=float).reshape(shape).tolist()
        )
    )
)


@st.composite
def both_axes(draw):
    axes = st.lists(st.integers(-4, 4), unique=True, max_size=4)
    return draw(st.sampled_from([{}, {"input_axes": draw(axes), "output_axes": draw(axes)}]))


def some_of(**parameters):
    return st.fixed_dictionaries({}, optional=parameters)


def with_axes(parameters):
    return st.builds(lambda others, axes: others | axes, parameters, both_axes())


kinds = st.sampled_from(
    ["truncated_normal", "untruncated_normal", "uniform", "normal", "Uniform", "NORMAL"]
)
PARAMETERS = {
    "random_normal": some_of(mean=numbers, stddev=non_negative, seed=seeds),
    "truncated_normal": some_of(mean=numbers, stddev=non_negative, seed=seeds),
    "random_uniform": st.builds(
        lambda bounds, seed: {"minval": min(bounds), "maxval": max(bounds), "seed": seed},
        st.tuples(numbers, numbers),
        seeds,
    ),
    "variance_scaling": with_axes(
        some_of(
            scale=positive,
            mode=st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
            distribution=kinds,
            seed=seeds,
        )
    ),
    "orthogonal": some_of(gain=numbers, seed=seeds),
    "constant": some_of(value=grids),
    "zeros": st.just({}),
    "ones": st.just({}),
    "identity": some_of(gain=numbers),
    "stft": some_of(
        side=st.sampled_from(["real", "imag"]),
        window=st.none()
        | st.sampled_from(["hann", "tukey"])
        | st.lists(numbers, min_size=1, max_size=4),
        scaling=st.sampled_from([None, "density", "spectrum"]),
        periodic=st.booleans(),
    ),
} | {
    f"{rule}_{values}": with_axes(some_of(seed=seeds))
    for rule in ("glorot", "lecun", "he")
    for values in ("uniform", "normal")
}
configs = st.sampled_from(sorted(PARAMETERS)).flatmap(
    lambda name: PARAMETERS[name].map(lambda values: validate({"type": name, **values}))
)


def test_the_strategies_cover_all():
    assert PARAMETERS.keys() == CLASSES.keys()


@settings(max_examples=200)
@given(configs)
def test_the_text_of_a_config_is_a_spec_for_it(config):
    again = validate(str(config))
    assert again == config
    assert hash(again) == hash(config)
    assert str(again) == str(config)


@given(configs)
def test_named_positional_and_keras_forms_agree(config):
    name, fields = config.initializer_name, config.parameter_fields
    values = {parameter: getattr(config, field) for parameter, field in fields.items()}
    assert validate({"type": name, **values}) == config
    assert validate({"class_name": name, "config": values}) == config
    assert type(config)(**values) == config
    positional = initreg.Spec(name, tuple(initreg.Argument(None, v) for v in values.values()))
    assert validate(positional) == config
    assert validate(str(positional)) == config


@given(configs)
def test_keras_and_back(config):
    initializer = resolve(config)
    assert type(initializer) is keras_class_of(type(config))
    assert resolve(config) is not initializer
    assert describe(initializer) == str(config)
    theirs = keras.initializers.serialize(initializer)
    assert validate(theirs) == config
    clone = type(initializer).from_config(initializer.get_config())
    assert describe(clone) == str(config)


@given(configs, st.integers(0, 2**32 - 1))
def test_a_seed_fills_open_seeds_and_nothing_else(config, seed):
    filled = resolve(config, seed).get_config()
    expected = resolve(config).get_config()
    if expected.get("seed", 0) is None:
        expected["seed"] = seed
    assert filled == expected


# Values that Keras accepts silently ---------------------------------------------------------------

BAD_NUMBERS = ["nan", "inf", "'-inf'", "a", "True", "False", "None", "[1]", "{a: 1}", "zeros()"]


@pytest.mark.parametrize(
    "text",
    [
        *(f"random_normal(mean={bad})" for bad in BAD_NUMBERS),
        *(f"random_normal(stddev={bad})" for bad in (*BAD_NUMBERS, -1, "-1e-300")),
        *(f"truncated_normal(stddev={bad})" for bad in (*BAD_NUMBERS, -1)),
        *(f"random_uniform(minval={bad})" for bad in (*BAD_NUMBERS, 1)),
        *(f"random_uniform(maxval={bad})" for bad in (*BAD_NUMBERS, -1)),
        "random_uniform(1, -1)",
        *(f"variance_scaling(scale={bad})" for bad in (*BAD_NUMBERS, 0, -1)),
        *(f"variance_scaling(mode={bad})" for bad in ("fan", "FAN_IN", 1, "None")),
        *(f"variance_scaling(distribution={bad})" for bad in ("gauss", 1, "None", "[normal]")),
        *(f"orthogonal(gain={bad})" for bad in BAD_NUMBERS),
        *(f"identity(gain={bad})" for bad in BAD_NUMBERS),
        *(f"constant({bad})" for bad in ("nan", "a", "True", "None", "{a: 1}", "zeros()")),
        *(f"constant({bad})" for bad in ("[]", "[[]]", "[1, nan]", "[1, True]", "[[1], [1, 2]]")),
        *(
            f"{name}(seed={bad})"
            for name in ("random_normal", "orthogonal", "he_normal")
            for bad in (-1, 2**32, 2**40, 1.5, "True", "a", "[1]")
        ),
        *(
            f"{name}({axes})"
            for name in ("variance_scaling", "glorot_uniform")
            for axes in (
                "input_axes=[0]",
                "output_axes=[0]",
                "input_axes=[0, 0], output_axes=[1]",
                "input_axes=0, output_axes=1",
                "input_axes=[True], output_axes=[2]",
            )
        ),
        "stft(side=both)",
        "stft(window=hanning)",
        "stft(window=kaiser)",  # a window with a parameter
        "stft(window=1)",
        "stft(scaling=half)",
        "stft(periodic=1)",
        "zeros(1)",
        "ones(value=1)",
    ],
)
def test_values_that_keras_accepts_silently_are_rejected(text):
    with pytest.raises(ConfigError) as caught:
        validate(text)
    assert caught.value.faults
    assert f"{text}\n" in str(caught.value)


loop = []
loop.append(loop)
deep = [1.0]
for _ in range(16):
    deep = [deep]


@pytest.mark.parametrize(
    "value",
    [
        np.array([]),
        np.array(["a"]),
        np.array([True]),
        np.array([1j]),
        np.bool_(True),
        loop,
        deep,
        {"class_name": "__numpy__", "config": None},
        {"class_name": "__numpy__", "config": [1]},
        {"class_name": "__numpy__"},
        {1, 2},
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_invalid_constants(value):
    with pytest.raises(ConfigError) as caught:
        validate({"type": "constant", "value": value})
    assert str(caught.value).startswith("$.value: value must ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.5), "constant(value=0.5)"),
        (np.arange(3), "constant(value=[0, 1, 2])"),
        (np.ones((1, 2), "float16"), "constant(value=[[1, 1]])"),
        (keras.ops.ones((2,)), "constant(value=[1, 1])"),
        (((1, 2), [3, "4"]), "constant(value=[[1, 2], [3, 4]])"),
        (keras.initializers.Constant(np.ones(2)).get_config()["value"], "constant(value=[1, 1])"),
        (
            keras.initializers.serialize(keras.initializers.Constant(np.ones(2)))["config"][
                "value"
            ],
            "constant(value=[1, 1])",
        ),
        (0.0, "constant"),
        (-0.0, "constant"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_constant_accepts_numbers_and_arrays(value, text):
    assert str(validate({"type": "constant", "value": value})) == text


def test_every_config_class_is_an_initializer_config():
    assert all(issubclass(config_class, InitializerConfig) for config_class in CLASSES.values())


@pytest.mark.parametrize("name", ["variance_scaling", "glorot_uniform"])
def test_an_axis_may_be_an_input_and_an_output(name):
    spec = f"{name}(input_axes=[0, 1, 3], output_axes=[0, 1, 2])"
    initializer = resolve(spec)
    assert (initializer.input_axes, initializer.output_axes) == ([0, 1, 3], [0, 1, 2])
    assert describe(initializer) == spec
