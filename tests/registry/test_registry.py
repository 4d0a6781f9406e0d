"""A registry resolves specs into stock Keras, and writes initializers back; safe in threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from pydantic import Field, field_validator

import initreg
from initreg import (
    ConfigError,
    InitializerConfig,
    PluginError,
    Registry,
    UnknownInitializerError,
    default_registry,
    describe,
    hookimpl,
    parse,
    resolve,
    validate,
)
from initreg.discovery.loading import Discovery

pytestmark = pytest.mark.keras


class Failing(InitializerConfig, name="failing"):
    """Fail while it is built."""

    def build(self):
        raise RuntimeError("out of luck")


class Refused(InitializerConfig, name="refused", builds="keras.initializers:Identity"):
    """Have a parameter that Keras does not take."""

    colour: str = "red"


# Resolving ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        "random_normal(mean=0,stddev=0.05)",
        "RandomNormal",
        parse("normal(0, stddev=0.05)"),
        {"type": "random_normal"},
        {"class_name": "RandomNormal", "config": {"stddev": 0.05}},
        keras.initializers.RandomNormal().get_config() | {"type": "random_normal"},
        validate("random_normal"),
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_every_form_becomes_stock_keras(spec):
    initializer = resolve(spec)
    assert type(initializer) is keras.initializers.RandomNormal
    assert initializer.get_config() == {"mean": 0.0, "stddev": 0.05, "seed": None}
    assert resolve(spec, seed=7).get_config()["seed"] == 7


def test_the_result_is_fresh_each_time():
    assert resolve("random_normal") is not resolve("random_normal")
    config = validate("random_normal(seed=1)")
    assert resolve(config) is not resolve(config)
    first, second = (np.asarray(keras.ops.convert_to_numpy(resolve(config)((3,)))) for _ in "ab")
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("seed", "filled"), [(0, 0), (2**32 - 1, 2**32 - 1), (np.int64(4), 4), (np.uint8(4), 4)]
)
def test_an_open_seed_is_filled(seed, filled):
    for spec in ("normal", {"type": "normal"}, validate("normal"), keras.initializers.RandomNormal):
        found = resolve(spec, seed=seed).get_config()["seed"]
        assert (found, type(found)) == (filled, int)
    assert resolve("normal(seed=3)", seed=seed).get_config()["seed"] == 3
    assert resolve("zeros", seed=seed).get_config() == {}


@pytest.mark.parametrize(
    "seed", [True, False, -1, 2**32, 1.0, "3", b"", [1], pytest.param(10**5000, id="huge")]
)
def test_a_seed_is_a_whole_number_in_its_bounds(seed):
    given = "this int" if seed == 10**5000 else repr(seed)
    for spec in ("normal", keras.initializers.Zeros(), validate("zeros")):
        with pytest.raises(ConfigError) as caught:
            resolve(spec, seed=seed)
        assert str(caught.value) == (f"seed must be a whole number, 0 … 4294967295, not {given}.")


def test_none_classes_instances_and_callables_are_taken_as_keras_takes_them():
    def fill(shape, dtype=None):
        return keras.ops.ones(shape, dtype=dtype)

    assert resolve(None) is None
    assert resolve(None, seed=1) is None
    assert resolve(fill, seed=1) is fill
    assert type(resolve(keras.initializers.Ones)) is keras.initializers.Ones
    given = keras.initializers.RandomNormal(seed=3)
    assert resolve(given) is given
    assert resolve(given, seed=1) is given


def test_an_instance_with_an_open_seed_is_copied_to_fill_it():
    given = keras.initializers.RandomNormal(stddev=2.0)
    filled = resolve(given, seed=1)
    assert filled.get_config() == {"mean": 0.0, "stddev": 2.0, "seed": 1}
    assert given.get_config()["seed"] is None


@pytest.mark.parametrize("make", [np.array, keras.ops.array], ids=["numpy", "backend"])
def test_an_array_gives_its_values(make):
    initializer = resolve(make([1.0, 2.0]))
    assert np.array_equal(keras.ops.convert_to_numpy(initializer((2,))), [1.0, 2.0])


@pytest.mark.parametrize(
    "value",
    [
        *(5, 3.5, True, b"zeros", [1, 2], (1,), object()),
        keras.initializers.Initializer,
        keras.initializers.Initializer(),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_initializer_is_refused(value):
    for seed in (None, 1):
        with pytest.raises(ConfigError) as caught:
            resolve(value, seed=seed)
        shown = initreg.config.validation.shown(value)
        assert str(caught.value) == f"{shown} is no initializer, and no spec of one."


@pytest.mark.parametrize(
    "name", ["initializer", "Initializer", "print", "keras.initializers.Zeros"]
)
def test_no_name_reaches_the_abstract_base_or_a_function(name):
    with pytest.raises(UnknownInitializerError):
        resolve(name)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Failing(), "failing could not be built: RuntimeError: out of luck"),
        (
            Refused(colour="blue"),
            "refused(colour=blue) could not be built: TypeError: Identity.__init__() got an "
            "unexpected keyword argument 'colour'",
        ),
    ],
)
def test_a_plugin_that_can_not_build_is_named(config, message):
    with pytest.raises(PluginError) as caught:
        resolve(config)
    assert str(caught.value) == message


# Describing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "spec"),
    [
        (keras.initializers.RandomNormal(), "random_normal"),
        (
            keras.initializers.RandomNormal(stddev=0.02, seed=7),
            "random_normal(stddev=0.02, seed=7)",
        ),
        (keras.initializers.Constant(np.ones((2, 2))), "constant(value=[[1, 1], [1, 1]])"),
        (keras.initializers.Constant(np.float32(0.5)), "constant(value=0.5)"),
        (keras.initializers.STFT(window=None), "stft(window=None)"),
        (keras.initializers.Identity(gain=0.5), "identity(gain=0.5)"),
        (keras.initializers.get("he_normal"), "he_normal"),
        (
            keras.initializers.VarianceScaling(2.0, "fan_out", "normal"),
            "variance_scaling(scale=2, mode=fan_out)",
        ),
        (
            keras.initializers.GlorotUniform(input_axes=[0, 1], output_axes=[2]),
            "glorot_uniform(input_axes=[0, 1], output_axes=[2])",
        ),
        ("RandomNormal(0.0, 0.05)", "random_normal"),
        ({"class_name": "Zeros", "config": {}}, "zeros"),
        (validate("normal(1)"), "random_normal(mean=1)"),
    ],
)
def test_an_initializer_is_described(initializer, spec):
    assert describe(initializer) == spec


class Own(keras.initializers.RandomNormal):
    """A class of the user's own."""


@pytest.mark.parametrize(
    ("initializer", "kind", "message"),
    [
        (None, ConfigError, "None is no Keras initializer, so it has no spec."),
        (5, ConfigError, "5 is no Keras initializer, so it has no spec."),
        (
            keras.initializers.RandomNormal(stddev=-1),
            ConfigError,
            "$.stddev: stddev must be 0 or more, not -1.",
        ),
        (
            keras.initializers.RandomNormal(seed=keras.random.SeedGenerator(1)),
            ConfigError,
            "$.seed: seed must be a whole number, not {'module': 'keras.random', ",
        ),
        (keras.initializers.STFT(window=np.ones), ConfigError, "$.window: window must be "),
        (
            keras.initializers.Constant("a"),
            ConfigError,
            "$.value: value must be a finite number, or a nested list of them, not 'a'.",
        ),
        (
            keras.initializers.Initializer(),
            UnknownInitializerError,
            "No installed plugin builds keras.",
        ),
        (Own(), UnknownInitializerError, f"No installed plugin builds {__name__}.Own."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_no_spec_can_say_is_explained(initializer, kind, message):
    with pytest.raises(kind) as caught:
        describe(initializer)
    assert str(caught.value).startswith(message)


# Filling a registry -------------------------------------------------------------------------------


class Plugin:
    @staticmethod
    @hookimpl
    def initreg_initializers():
        return [Failing]


class Misspelt:
    @staticmethod
    @hookimpl
    def initreg_initializer():
        return [Failing]


def test_a_plugin_can_be_registered_by_hand():
    registry = Registry()
    record = registry.register(Plugin, "acme")
    assert (record.name, record.distribution, record.initializers) == ("acme", "acme", ("failing",))
    assert [entry.qualified_name for entry in registry.entries()] == ["acme.failing"]
    assert registry.plugins() == [record]


def test_a_plugin_that_fails_leaves_the_registry_as_it_was():
    registry = Registry()
    for broken in (Misspelt, object()):
        with pytest.raises(PluginError, match="acme: "):
            registry.register(broken, "acme")
    assert registry.entries() == registry.plugins() == []
    registry.register(Plugin, "acme")
    assert registry.find("failing").config_class is Failing


def test_what_a_text_means_is_not_remembered_past_a_new_class(registry):
    class Late(InitializerConfig, name="late"):
        """Come late."""

    with pytest.raises(UnknownInitializerError):
        registry.validate("late")
    registry.add(Late)
    assert registry.validate("late") == Late()
    registry.add(type(InitializerConfig)("L", (InitializerConfig,), {}, name="late"), "other")
    with pytest.raises(LookupError):
        registry.validate("late")


def test_built_ins_are_known_without_the_others(registry):
    assert "wrap" in [entry.name for entry in registry.entries()]
    names = [entry.name for entry in registry.builtin_entries()]
    assert names == sorted(names)
    assert "wrap" not in names
    assert "random_normal" in names
    assert {entry.plugin.distribution for entry in registry.builtin_entries()} == {"initreg"}


# Threads ------------------------------------------------------------------------------------------


def at_once(count, work):
    """Run `work(i)` in `count` threads that start together."""
    gate = threading.Barrier(count)

    def wait_and_work(i):
        gate.wait()
        return work(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_work, range(count)))


@pytest.mark.parametrize("attempt", range(5))
def test_many_threads_fill_a_registry_at_once(attempt):
    registry = Registry(Discovery())
    uses = [
        lambda: registry.validate("he_normal(seed=1)"),
        lambda: registry.resolve("orthogonal", seed=1).get_config()["gain"],
        lambda: len(registry.entries()) > 15,
        lambda: registry.find("xavier_normal").name,
    ]
    expected = [validate("he_normal(seed=1)"), 1.0, True, "glorot_normal"]
    found = at_once(16, lambda i: uses[i % 4]())
    assert found == expected * 4


def test_classes_can_be_added_while_others_read():
    registry = Registry(Discovery())
    classes = [
        type(InitializerConfig)(f"C{i}", (InitializerConfig,), {}, name=f"c{i}") for i in range(60)
    ]
    done = threading.Event()

    def add_or_read(i):
        if i == 0:
            for config_class in classes:
                registry.add(config_class)
            done.set()
            return 0
        reads = 0
        while not done.is_set():
            with pytest.raises(UnknownInitializerError):
                registry.find("nothing")
            assert registry.entries()
            reads += 1
        return reads

    at_once(4, add_or_read)
    assert [name for name in map(str, range(60)) if registry.find(f"c{name}") is None] == []


def test_the_default_registry_is_one():
    assert len({id(registry) for registry in at_once(8, lambda i: default_registry())}) == 1


# What others brought ------------------------------------------------------------------------------


class Mine(keras.initializers.Initializer):
    """Fill with twos."""

    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return 2 * keras.ops.ones(shape, dtype)

    def get_config(self):
        return {"seed": self.seed}


def test_a_custom_object_of_keras_is_taken_by_its_name():
    with keras.saving.custom_object_scope({"Mine": Mine}):
        assert type(resolve("Mine")) is Mine
        assert resolve("Mine", seed=3).seed == 3
        assert type(resolve({"class_name": "Mine", "config": {"seed": 4}})) is Mine
    with pytest.raises(UnknownInitializerError):
        resolve("Mine")


class Twice(InitializerConfig, name="twice", builds="keras.initializers:Constant"):
    """Be claimed by two distributions."""

    value: float = 0.0


def test_a_contested_name_is_described_by_its_qualified_one():
    registry = Registry()
    registry.add(Twice, "acme")
    assert registry.describe("twice(1)") == "twice(value=1)"
    registry.add(type("Other", (Twice,), {}, name="twice"), "bolt")
    assert registry.describe("acme.twice(1)") == "acme.twice(value=1)"
    assert registry.validate(registry.describe("bolt.twice(2)")).value == 2


class Unbuildable(InitializerConfig, name="unbuildable"):
    """Have a parameter whose type leads nowhere."""

    value: "Nowhere" = 0  # noqa: F821


class Raising(InitializerConfig, name="raising"):
    """Fail while a parameter is checked."""

    value: float = 0.0

    @field_validator("value")
    @classmethod
    def _check(cls, value):
        return 1 / value


def test_a_schema_that_fails_is_the_fault_of_its_plugin(registry):
    for kind, spec in ((Unbuildable, "unbuildable"), (Raising, "raising(0)")):
        registry.add(kind)
        message = f"^The schema of '{kind.initializer_name}' fails: [A-Z]"
        with pytest.raises(PluginError, match=message):
            registry.validate(spec)


def test_a_class_that_a_person_registered_is_not_taken_for_keras_s_own():
    class HeNormal(Mine):
        """Bear the name of one of Keras's."""

    written = {
        "module": None,
        "class_name": "HeNormal",
        "config": {"seed": 1},
        "registered_name": "mine>HeNormal",
    }
    with pytest.raises(UnknownInitializerError, match=r"No installed plugin builds HeNormal\."):
        resolve(written)
    with keras.saving.custom_object_scope({"mine>HeNormal": HeNormal}):
        assert type(resolve(written)) is HeNormal


@pytest.mark.parametrize("kind", [list, keras.layers.Flatten, dict])
def test_a_class_of_something_else_is_refused(kind):
    with pytest.raises(ConfigError, match="is no initializer"):
        resolve(kind)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_config_is_not_filled_with_a_seed_out_of_bounds(seed):
    with pytest.raises(ConfigError, match="seed must be a whole number, 0 … 4294967295"):
        validate("normal").with_seed(seed)


def test_a_default_that_fails_is_the_plugin_s_fault_alone():
    class Broken(InitializerConfig, name="broken"):
        """Fail to say what the default is."""

        value: float = Field(default_factory=lambda: 1 / 0)

    class Plugin:
        @hookimpl
        def initreg_initializers(self):
            return [Broken]

    with pytest.raises(PluginError, match="ZeroDivisionError: division by zero"):
        Registry().register(Plugin(), "acme")
