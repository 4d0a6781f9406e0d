"""A scope leaves nothing behind at its end, and doesn't affect other threads or tasks."""

import asyncio
import inspect
import random
import threading

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import PlanError

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()
ADD_WEIGHT = keras.layers.Layer.add_weight
INIT = keras.Operation.__init__
ASSIGN = keras.Variable.assign


@pytest.fixture(autouse=True)
def nothing_stays():
    assert keras.layers.Layer.add_weight is ADD_WEIGHT
    yield
    assert keras.layers.Layer.add_weight is ADD_WEIGHT
    assert keras.Operation.__init__ is INIT
    assert keras.Variable.assign is ASSIGN


def head():
    layer = layers.Dense(4, name="head")
    layer.build((None, 4))
    return layer


def drawn_with(layer):
    """Return the seed that a `head` was drawn with; None where it is Keras's own."""
    kernel = layer.get_weights()[0]
    fits = [s for s in range(9) if np.array_equal(kernel, EXPECTED[s])]
    return fits[0] if fits else None


EXPECTED = [initreg.draw("glorot_uniform", (4, 4), seed=s, path="head/kernel") for s in range(9)]


# Nesting and order --------------------------------------------------------------------------------


def test_the_inner_scope_wins_and_the_outer_one_goes_on():
    with initreg.scope(seed=1) as outer:
        assert drawn_with(head()) == 1
        with initreg.scope(seed=2) as inner:
            assert drawn_with(head()) == 2
        layers.Dense(4, name="tail").build((None, 4))
    assert drawn_with(head()) is None
    assert [e.path for e in inner.plan.entries] == ["head/kernel", "head/bias"]
    assert [e.path for e in outer.plan.entries][2:] == ["tail/kernel", "tail/bias"]


def test_scopes_that_end_in_the_other_order():
    one, two = initreg.scope(seed=1), initreg.scope(seed=2)
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    assert drawn_with(head()) == 2
    two.__exit__(None, None, None)
    assert drawn_with(head()) is None
    with initreg.scope(seed=3):
        assert drawn_with(head()) == 3


def test_an_error_ends_the_scope_without_other_reports():
    rules = [{"match": "nothing", "init": "zeros"}]
    with pytest.raises(ZeroDivisionError), initreg.scope(rules, seed=1, strict=True):
        layers.Dense(4)
        _ = 1 / 0
    assert drawn_with(head()) is None


def test_a_scope_is_open_once_at_a_time():
    scope = initreg.scope(seed=1)
    with scope:
        with pytest.raises(PlanError) as caught:
            scope.__enter__()
        assert drawn_with(head()) == 1
    text = "This scope is open already. Make another one: initreg.scope(…)."
    assert str(caught.value) == text
    with scope:  # and goes on where it was
        head()
    assert [e.path for e in scope.plan.entries][2:] == ["head/kernel#1", "head/bias#1"]


def test_a_session_that_is_cleared_within_it():
    with initreg.scope(seed=1) as made:
        layers.Dense(4).build((None, 4))
        keras.backend.clear_session()
        layers.Dense(4).build((None, 4))
        assert drawn_with(head()) == 1
    assert [e.path for e in made.plan.entries if "kernel" in e.path] == [
        "dense/kernel",
        "dense_1/kernel",
        "head/kernel",
    ]


def test_another_replacement_of_the_method_is_kept():
    original = keras.layers.Layer.add_weight
    calls = []
    with initreg.scope(seed=1):
        ours = keras.layers.Layer.add_weight

        def theirs(self, *args, **given):
            calls.append(given["name"])
            return ours(self, *args, **given)

        keras.layers.Layer.add_weight = theirs
    try:
        assert keras.layers.Layer.add_weight is theirs
        assert drawn_with(head()) is None
        assert calls == ["kernel", "bias"]
    finally:
        keras.layers.Layer.add_weight = original


def test_the_signatures_are_those_of_keras():
    plain = inspect.signature(ADD_WEIGHT), inspect.signature(INIT)
    with initreg.scope(seed=1):
        layer, operation = keras.layers.Layer, keras.Operation
        assert layer.add_weight is not ADD_WEIGHT
        found = inspect.signature(layer.add_weight), inspect.signature(operation.__init__)
        assert (layer.add_weight.__name__, operation.__init__.__name__) == (
            "add_weight",
            "__init__",
        )
    assert found == plain


# Threads and tasks --------------------------------------------------------------------------------


def in_threads(*works):
    found = [None] * len(works)

    def run(at):
        found[at] = works[at]()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_thread_that_builds_at_the_same_time_is_not_reached():
    barrier = threading.Barrier(2, timeout=30)

    def inside():
        with initreg.scope(seed=1):
            barrier.wait()
            found = {drawn_with(head()) for _ in range(1)}
            barrier.wait()
        return found

    def outside():
        barrier.wait()
        found = {drawn_with(head()) for _ in range(3)}
        barrier.wait()
        return found

    assert in_threads(inside, outside) == [{1}, {None}]


def test_scopes_of_two_threads_end_in_any_order():
    """The one that was opened first is closed first, while the other goes on."""
    barrier = threading.Barrier(2, timeout=30)

    def first():
        with initreg.scope(seed=1):
            barrier.wait()
            found = drawn_with(head())
        barrier.wait()
        return found, drawn_with(head())

    def second():
        barrier.wait()
        with initreg.scope(seed=2):
            barrier.wait()
            return drawn_with(head()), None

    assert in_threads(first, second) == [(1, None), (2, None)]


def test_tasks_do_not_see_each_others_scopes():
    async def build(seed, order):
        order.append(seed)
        with initreg.scope(seed=seed):
            await asyncio.sleep(0)
            found = drawn_with(head())
            await asyncio.sleep(0)
        return found

    async def plain():
        await asyncio.sleep(0)
        return drawn_with(head())

    async def run():
        order = []
        return await asyncio.gather(build(1, order), plain(), build(2, order), plain())

    assert asyncio.run(run()) == [1, None, 2, None]


def test_a_task_that_is_started_within_it_is_in_it():
    async def inside():
        return drawn_with(head())

    async def run():
        with initreg.scope(seed=1):
            return await asyncio.create_task(inside()), await asyncio.to_thread(head)

    found, layer = asyncio.run(run())
    assert found == 1
    expected = initreg.draw("glorot_uniform", (4, 4), seed=1, path="head/kernel#1")
    assert np.array_equal(layer.get_weights()[0], expected)


def test_a_task_that_outlives_the_scope_it_came_from_is_free_of_it():
    async def late(opened):
        await opened.wait()
        return drawn_with(head())

    async def run():
        closed = asyncio.Event()
        with initreg.scope(seed=1):
            task = asyncio.create_task(late(closed))
            await asyncio.sleep(0)
        with initreg.scope(seed=2):  # so that the hooks are there
            closed.set()
            return await task

    assert asyncio.run(run()) is None


def test_a_scope_can_be_closed_by_another_task():
    async def run():
        scope = initreg.scope(seed=1)

        async def enter():
            scope.__enter__()
            return drawn_with(head())

        async def leave():
            scope.__exit__(None, None, None)

        found = await asyncio.create_task(enter())
        await asyncio.create_task(leave())
        return found, drawn_with(head())

    assert asyncio.run(run()) == (1, None)


# What comes after ---------------------------------------------------------------------------------


def randomness():
    """Return the states of all generators that Keras draws from."""
    kept = keras.src.random.seed_generator.global_seed_generator()
    state = keras.ops.convert_to_numpy(kept.state.value).tolist()
    return random.getstate(), np.random.get_state()[1].tolist(), state


def test_the_generators_of_the_process_are_where_keras_alone_would_leave_them(make):
    keras.utils.set_random_seed(3)
    make()
    plain = randomness()
    keras.utils.set_random_seed(3)
    with initreg.scope([{"match": "bias", "init": "random_normal"}], seed=1):
        make()
    assert randomness() == plain


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "numpy", reason="Keras can't train on its numpy backend")
def test_a_model_trains_and_its_twin_is_not_touched(make, digest):
    """JAX gives the weights' memory away in training, and may hold that of NumPy's arrays."""
    models = []
    for _ in range(2):
        with initreg.scope(seed=1):
            models.append(make())
    first, second = models
    before = digest(second)
    assert digest(first) == before
    first.compile("adam", "mse")
    inputs = np.random.default_rng(1).normal(size=(8, 5)).astype("float32")
    first.fit(inputs, inputs[:, :2], epochs=2, batch_size=4, verbose=0)
    assert digest(first) != before
    assert digest(second) == before
    with initreg.scope(seed=1):
        assert digest(make()) == before


class Late(keras.Model):
    def __init__(self):
        super().__init__(name="late")
        self.head = layers.Dense(4, name="head")

    def call(self, inputs):
        return self.head(inputs)


LATE = initreg.draw("glorot_uniform", (4, 4), seed=1, path="late/head/kernel")


def symbolic(model):
    keras.Model(inputs := keras.Input((4,)), model(inputs))


def shapes_alone(model):
    outputs = keras.src.backend.compute_output_spec(model, keras.KerasTensor((2, 4)))
    assert outputs.shape == (2, 4)


def traced(model):
    if BACKEND == "jax":
        import jax

        jax.jit(lambda x: model.stateless_call([], [], x) if model.weights else x)(np.ones((2, 4)))
        model(np.ones((2, 4), "float32"))
    elif BACKEND == "tensorflow":
        import tensorflow as tf

        tf.function(model)(tf.ones((2, 4)))
    else:
        model(keras.ops.ones((2, 4)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # Keras on NumPy calls it on empty arrays
@pytest.mark.parametrize("call", [symbolic, shapes_alone, traced])
def test_a_model_is_built_in_a_symbolic_or_a_traced_call(call):
    with initreg.scope(seed=1) as made:
        model = Late()
        call(model)
    assert [entry.path for entry in made.plan.entries] == ["late/head/kernel", "late/head/bias"]
    assert np.array_equal(model.get_weights()[0], LATE)


@pytest.mark.skipif(BACKEND != "jax", reason="JAX alone traces what makes arrays")
def test_jax_compiles_what_makes_a_model():
    import jax

    @jax.jit
    def values():
        with initreg.scope(seed=1):
            return head().kernel.value

    assert np.array_equal(values(), EXPECTED[1])


def test_layers_whose_creation_failed_or_without_weights_are_not_reported():
    with initreg.scope(seed=1, strict=True):
        with pytest.raises(ValueError, match="foo") as kept:
            layers.Dense(4, foo=1)
        held = [layers.Add(), layers.Concatenate(), layers.TimeDistributed(layers.ReLU())]
    assert held
    assert kept.value.__traceback__ is not None  # which holds the layer


def test_a_wrapper_that_somebody_left_on_the_method_counts_no_weight_twice():
    original = layers.Layer.add_weight
    try:
        with initreg.scope(seed=1):
            ours = layers.Layer.add_weight

            def theirs(self, *args, **given):
                return ours(self, *args, **given)

            layers.Layer.add_weight = theirs
        with initreg.scope(seed=1) as made:
            layers.Dense(2).build((None, 3))
        assert [entry.path for entry in made.plan.entries] == ["dense/kernel", "dense/bias"]
    finally:
        layers.Layer.add_weight = original


def test_a_wrapper_that_somebody_left_on_the_creation_counts_no_layer_twice():
    try:
        with initreg.scope(seed=1):
            ours = keras.Operation.__init__

            def theirs(self, name=None):
                ours(self, name)

            keras.Operation.__init__ = theirs
        with initreg.scope(seed=1) as made:
            layers.Dense(2).build((None, 3))
        assert [entry.path for entry in made.plan.entries] == ["dense/kernel", "dense/bias"]
    finally:
        keras.Operation.__init__ = INIT


def test_a_plan_is_not_for_a_scope():
    with initreg.scope(seed=1) as made:
        layers.Dense(2).build((None, 3))
    with pytest.raises(initreg.PlanError) as caught:
        initreg.scope(made.plan)
    text = "A plan is for a model that exists: initreg.apply(model, plan). A scope takes rules."
    assert str(caught.value) == text
