"""A registry resolves specs into Keras's own classes, describes them, and is safe in threads."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from pydantic import BaseModel, Field, field_validator

from initreg import (
    ConfigError,
    InitializerConfig,
    InitializerField,
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
from initreg.registry import describing
from initreg.wording import shown

pytestmark = pytest.mark.keras


class Failing(InitializerConfig, name="failing"):
    """Fail while it is built."""

    def build(self):
        raise RuntimeError("out of luck")


class Rejected(InitializerConfig, name="rejected", builds="keras.initializers:Identity"):
    """Have a parameter that Keras does not accept."""

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
def test_every_form_becomes_a_class_of_keras(spec):
    initializer = resolve(spec)
    assert type(initializer) is keras.initializers.RandomNormal
    assert initializer.get_config() == {"mean": 0.0, "stddev": 0.05, "seed": None}
    assert resolve(spec, seed=7).get_config()["seed"] == 7


def test_each_call_makes_a_new_initializer():
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
        result = resolve(spec, seed=seed).get_config()["seed"]
        assert (result, type(result)) == (filled, int)
    assert resolve("normal(seed=3)", seed=seed).get_config()["seed"] == 3
    assert resolve("zeros", seed=seed).get_config() == {}


@pytest.mark.parametrize(
    "seed", [True, False, -1, 2**32, 1.0, "3", b"", [1], pytest.param(10**5000, id="huge")]
)
def test_a_seed_that_is_not_a_whole_number_in_range_is_an_error(seed):
    text = "this int" if seed == 10**5000 else repr(seed)
    for spec in ("normal", keras.initializers.Zeros(), validate("zeros")):
        with pytest.raises(ConfigError) as caught:
            resolve(spec, seed=seed)
        assert str(caught.value) == (f"seed must be a whole number, 0 … 4294967295, not {text}.")


def test_none_classes_instances_and_callables_are_accepted_as_in_keras():
    def fill(shape, dtype=None):
        return keras.ops.ones(shape, dtype=dtype)

    assert resolve(None) is None
    assert resolve(None, seed=1) is None
    assert resolve(fill, seed=1) is fill
    assert type(resolve(keras.initializers.Ones)) is keras.initializers.Ones
    seeded = keras.initializers.RandomNormal(seed=3)
    assert resolve(seeded) is seeded
    assert resolve(seeded, seed=1) is seeded


def test_an_instance_with_an_open_seed_is_copied_to_fill_it():
    unseeded = keras.initializers.RandomNormal(stddev=2.0)
    filled = resolve(unseeded, seed=1)
    assert filled.get_config() == {"mean": 0.0, "stddev": 2.0, "seed": 1}
    assert unseeded.get_config()["seed"] is None


@pytest.mark.parametrize("make", [np.array, keras.ops.array], ids=["numpy", "backend"])
def test_an_array_becomes_an_initializer_with_its_values(make):
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
def test_a_value_that_is_not_an_initializer_is_rejected(value):
    for seed in (None, 1):
        with pytest.raises(ConfigError) as caught:
            resolve(value, seed=seed)
        assert str(caught.value) == f"{shown(value)} is not an initializer, nor a spec."


@pytest.mark.parametrize(
    "name", ["initializer", "Initializer", "print", "keras.initializers.Zeros"]
)
def test_no_name_finds_the_abstract_base_class_or_a_function(name):
    with pytest.raises(UnknownInitializerError):
        resolve(name)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Failing(), "failing could not be built: RuntimeError: out of luck"),
        (
            Rejected(colour="blue"),
            "rejected(colour=blue) could not be built: TypeError: Identity.__init__() got an "
            "unexpected keyword argument 'colour'",
        ),
    ],
)
def test_an_error_names_the_config_that_could_not_be_built(config, message):
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
    ("initializer", "error", "message"),
    [
        (None, ConfigError, "None is not a Keras initializer, so it has no spec."),
        (5, ConfigError, "5 is not a Keras initializer, so it has no spec."),
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
def test_an_initializer_without_a_spec_is_an_error(initializer, error, message):
    with pytest.raises(error) as caught:
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


def test_a_new_class_can_change_what_a_text_means(registry):
    class Late(InitializerConfig, name="late"):
        """Be added late."""

    with pytest.raises(UnknownInitializerError):
        registry.validate("late")
    registry.add(Late)
    assert registry.validate("late") == Late()
    registry.add(type(InitializerConfig)("L", (InitializerConfig,), {}, name="late"), "other")
    with pytest.raises(LookupError):
        registry.validate("late")


def test_built_in_initializers_can_be_listed_without_the_others(registry):
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
    results = at_once(16, lambda i: uses[i % 4]())
    assert results == expected * 4


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


# Another default ----------------------------------------------------------------------------------


@pytest.fixture
def own():
    """A registry with a class of its own, and nothing else."""
    registry = Registry()
    registry.add(Failing)
    return registry


def test_a_registry_can_be_the_default_one_in_a_block(own):
    class Layer(BaseModel):
        kernel: InitializerField

    with own.using() as registry:
        assert registry is own is default_registry()
        assert validate("failing") == Failing() == Layer(kernel="failing").kernel
        assert describe("failing") == "failing"
        with pytest.raises(UnknownInitializerError):
            validate("zeros")
    assert str(validate("zeros")) == "zeros"
    with pytest.raises(UnknownInitializerError):
        validate("failing")


def test_the_innermost_block_decides_and_an_error_ends_it(own):
    before, inner = default_registry(), Registry()
    with own.using():
        with pytest.raises(RuntimeError), inner.using():
            assert default_registry() is inner
            raise RuntimeError
        assert default_registry() is own
    assert default_registry() is before


def test_each_thread_has_its_own_default(own):
    registries = [own, Registry(), None, default_registry()]
    gate = threading.Barrier(len(registries))

    def use(i):
        before = default_registry()
        if registries[i] is None:
            gate.wait()
            return default_registry() is before
        with registries[i].using():
            gate.wait()  # all are open at once
            return default_registry() is registries[i]

    with own.using():
        assert at_once(len(registries), use) == [True] * len(registries)
        assert default_registry() is own


def test_a_new_thread_has_the_installed_plugins_unless_it_gets_the_context(own):
    installed = default_registry()
    with own.using(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(default_registry).result() is installed
        assert pool.submit(contextvars.copy_context().run, default_registry).result() is own


def test_each_asyncio_task_has_its_own_default(own):
    installed, other = default_registry(), Registry()

    async def use(registry, gate):
        with registry.using():
            await gate.wait()
            child = await asyncio.create_task(current())
            assert await asyncio.to_thread(default_registry) is registry
            return child is default_registry() is registry

    async def current():
        return default_registry()

    async def main():
        gate = asyncio.Barrier(3)
        tasks = [asyncio.create_task(use(registry, gate)) for registry in (own, other)]
        await gate.wait()
        assert default_registry() is installed  # while both tasks are inside of their blocks
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [True, True]


# Classes of users and plugins --------------------------------------------------------------------


class Mine(keras.initializers.Initializer):
    """Fill with twos."""

    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return 2 * keras.ops.ones(shape, dtype)

    def get_config(self):
        return {"seed": self.seed}


def test_a_custom_object_of_keras_is_found_by_its_name():
    with keras.saving.custom_object_scope({"Mine": Mine}):
        assert type(resolve("Mine")) is Mine
        assert resolve("Mine", seed=3).seed == 3
        assert type(resolve({"class_name": "Mine", "config": {"seed": 4}})) is Mine
    with pytest.raises(UnknownInitializerError):
        resolve("Mine")


class Twice(InitializerConfig, name="twice", builds="keras.initializers:Constant"):
    """Be claimed by two distributions."""

    value: float = 0.0


def test_an_ambiguous_name_is_described_by_the_qualified_name():
    registry = Registry()
    registry.add(Twice, "acme")
    assert registry.describe("twice(1)") == "twice(value=1)"
    registry.add(type("Other", (Twice,), {}, name="twice"), "bolt")
    assert registry.describe("acme.twice(1)") == "acme.twice(value=1)"
    assert registry.validate(registry.describe("bolt.twice(2)")).value == 2


class Unbuildable(InitializerConfig, name="unbuildable"):
    """Have a parameter whose type does not exist."""

    value: "Nowhere" = 0  # noqa: F821


class Raising(InitializerConfig, name="raising"):
    """Fail while a parameter is checked."""

    value: float = 0.0

    @field_validator("value")
    @classmethod
    def _check(cls, value):
        return 1 / value


def test_an_exception_in_a_schema_is_an_error_of_its_plugin(registry):
    for config_class, spec in ((Unbuildable, "unbuildable"), (Raising, "raising(0)")):
        registry.add(config_class)
        message = f"^The schema of '{config_class.initializer_name}' fails: [A-Z]"
        with pytest.raises(PluginError, match=message):
            registry.validate(spec)


def test_a_registered_class_is_not_mistaken_for_keras_s_own():
    class HeNormal(Mine):
        """Have the name of a class of Keras's."""

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


@pytest.mark.parametrize("other_class", [list, keras.layers.Flatten, dict])
def test_a_class_that_is_not_an_initializer_is_rejected(other_class):
    with pytest.raises(ConfigError, match="is not an initializer"):
        resolve(other_class)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_config_is_not_filled_with_a_seed_out_of_range(seed):
    with pytest.raises(ConfigError, match="seed must be a whole number, 0 … 4294967295"):
        validate("normal").with_seed(seed)


def test_an_exception_in_a_default_is_an_error_of_its_plugin():
    class Broken(InitializerConfig, name="broken"):
        """Fail while the default is computed."""

        value: float = Field(default_factory=lambda: 1 / 0)

    class Plugin:
        @hookimpl
        def initreg_initializers(self):
            return [Broken]

    with pytest.raises(PluginError, match="ZeroDivisionError: division by zero"):
        Registry().register(Plugin(), "acme")


# What is kept -------------------------------------------------------------------------------------


def test_equal_keras_initializers_have_one_config_and_one_text(monkeypatch):
    checks = []
    check = describing.check
    monkeypatch.setattr(describing, "check", lambda *args: checks.append(1) or check(*args))
    registry = Registry(Discovery())
    made = [keras.initializers.RandomNormal(stddev=0.1) for _ in range(5)]
    assert len({id(registry.config_of(initializer)) for initializer in made}) == len(checks) == 1
    assert {registry.write(registry.config_of(initializer)) for initializer in made} == {
        "random_normal(stddev=0.1)"
    }


def test_values_that_only_look_equal_have_their_own_configs():
    registry = Registry(Discovery())
    values = [0.0, -0.0, 1.0, 1, [1.0, 2.0], [1, 2]]
    for value in [*values, *reversed(values)]:
        initializer = keras.initializers.Constant(value)
        again = Registry(Discovery()).config_of(keras.initializers.Constant(value))
        assert repr(registry.config_of(initializer)) == repr(again)
    for _ in range(2):
        array = keras.initializers.Constant([float(number) for number in range(2000)])
        assert len(registry.config_of(array).value) == 2000


def test_few_configs_are_kept(monkeypatch):
    monkeypatch.setattr(describing, "_KEPT", 3)
    registry = Registry(Discovery())
    for _ in range(2):
        for number in range(10):
            config = registry.validate(f"constant({number})")
            assert registry.write(config) == registry.write(config) == str(config)
    assert len(registry._describer._texts) <= 3
