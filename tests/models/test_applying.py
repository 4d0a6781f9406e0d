"""Rules are applied to a built model: all of them, or nothing is changed."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import InitregWarning, PlanError
from initreg.models import applying
from tests.support.processes import python

pytestmark = pytest.mark.keras

BACKEND = keras.config.backend()
COVERING = {
    "one rule": [{"match": "", "init": "random_normal"}],
    "several": [
        {"match": "gamma|moving_variance|scale|variable", "init": "ones"},
        {"match": "bias|beta|moving_mean", "init": "constant(0.5)"},
        {"match": "^.*head/", "init": "orthogonal(seed=3)"},
        {"match": "", "init": "he_normal"},
    ],
}
trains = pytest.mark.skipif(BACKEND == "numpy", reason="Keras can't train on its numpy backend")


def bits(model):
    return [values.tobytes() for values in model.get_weights()]


def wide():
    return keras.Sequential(
        [keras.Input((4,)), *(layers.Dense(4, name=name) for name in "abc")], name="m"
    )


# Laws ---------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Rule . is never applied")
@pytest.mark.parametrize("rules", COVERING.values(), ids=COVERING)
def test_rules_that_cover_all_give_in_a_scope_what_they_give_afterwards(rules, make, digest):
    with initreg.scope(rules, seed=3) as made:
        model = make()
    built = digest(model)
    applied = initreg.apply(model, rules, seed=4)
    assert applied.uncovered == ()
    assert digest(model) != built
    again = initreg.apply(model, rules, seed=3)
    assert digest(model) == built
    seeds = {entry.path: entry.derived_seed for entry in made.plan.entries}
    drawn = {e.path: e.derived_seed for e in again.entries if e.action == "draw"}
    assert drawn.items() <= seeds.items()
    assert all("moving_" in path for path in seeds.keys() - drawn.keys())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["functional", "sequential", "subclassed"])
def test_a_model_that_was_built_outside_gets_what_a_scope_gives(name, make_named, digest):
    rules = COVERING["one rule"]
    for _ in range(2):
        with initreg.scope(rules, seed=3):
            inside = make_named(name)
        outside = make_named(name)
        initreg.apply(outside, rules, seed=3)
        assert digest(outside) == digest(inside)


@pytest.mark.slow
def test_each_weight_is_what_draw_gives(functional_model, numbers):
    model = functional_model()
    rules = [{"match": "kernel", "init": "he_normal"}]
    done = initreg.apply(model, rules, seed=3)
    found = numbers(model)
    drawn = [entry for entry in done.entries if entry.action == "draw"]
    assert [entry.path for entry in drawn] == ["dense/kernel", "middle/kernel", "dense_1/kernel"]
    for entry in drawn:
        values = initreg.draw("he_normal", entry.shape, seed=3, path=entry.path)
        assert np.array_equal(found[entry.path], values)


def test_weights_without_a_rule_and_with_keep_are_unchanged(functional_model, numbers):
    model = functional_model()
    before = numbers(model)
    rules = [{"match": "middle", "init": "keep"}, {"match": "kernel|bias", "init": "ones"}]
    initreg.apply(model, rules, seed=3)
    after = numbers(model)
    changed = [path for path in before if not np.array_equal(before[path], after[path])]
    assert changed == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]


def test_the_realised_moments_are_those_of_numpy(functional_model, numbers):
    model = functional_model()
    done = initreg.apply(model, COVERING["one rule"], seed=3)
    found = numbers(model)
    for entry in done.entries:
        if entry.action == "skip":
            assert "moving_" in entry.path
            continue
        values = found[entry.path].astype("float64")
        assert entry.realised_mean == pytest.approx(values.mean(), abs=1e-6)
        assert entry.realised_stddev == pytest.approx(values.std(), abs=1e-6)
    heads, rows = done.table()
    assert heads[-2:] == ["realised mean", "realised stddev"]
    assert rows[0][-2:] == [
        f"{done.entries[0].realised_mean:.4g}",
        f"{found['dense/kernel'].std():.4g}",
    ]


@pytest.mark.slow
def test_a_model_of_many_weights():
    blocks = [layers.Dense(3) for _ in range(160)]
    model = keras.Sequential([keras.Input((3,)), *blocks], name="m")
    done = initreg.apply(model, COVERING["one rule"], seed=3, strict=True)
    assert len({entry.derived_seed for entry in done.entries}) == len(done.entries) == 320
    assert [entry.path for entry in done.entries[::2]] == [
        f"m/dense_{n}/kernel" if n else "m/dense/kernel" for n in range(160)
    ]
    assert len({values.tobytes() for values in model.get_weights()[::2]}) == 160


def test_half_precision_weights_are_those_of_float32_cast():
    layer = layers.Dense(4, name="a", dtype="float16")
    layer.build((None, 4))
    initreg.apply(layer, COVERING["one rule"], seed=3)
    values = initreg.draw("random_normal", (4, 4), seed=3, path="a/kernel")
    assert layer.kernel.dtype == "float16"
    assert np.array_equal(layer.get_weights()[0], values.astype("float16"))


def test_what_only_keras_draws_is_seeded_by_the_path():
    found = []
    for _ in range(2):
        layer = layers.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4, name="s")
        layer.build((None, 8, 1))
        done = initreg.apply(layer, [{"match": "", "init": "stft"}], seed=3)
        assert [entry.portable for entry in done.entries] == [False, False]
        found.append(bits(layer))
    assert found[0] == found[1]


# All or nothing -----------------------------------------------------------------------------------


def test_a_spec_that_does_not_fit_a_later_weight_changes_nothing():
    model = wide()
    before = bits(model)
    rules = [
        {"match": "c/kernel", "init": "he_normal(input_axes=[4], output_axes=[0])"},
        {"match": "", "init": "random_normal"},
    ]
    with pytest.raises(initreg.ConfigError) as caught:
        initreg.apply(model, rules, seed=3)
    assert str(caught.value).startswith("m/c/kernel: he_normal(")
    assert bits(model) == before


def test_an_error_of_keras_changes_nothing():
    model = wide()
    before = bits(model)
    rules = [{"match": "c/kernel", "init": "stft"}, {"match": "", "init": "random_normal"}]
    with pytest.raises(PlanError) as caught:
        initreg.apply(model, rules, seed=3)
    assert str(caught.value).startswith("m/c/kernel (rule 1): stft can't fill [4, 4] of float32: ")
    assert bits(model) == before


def test_a_warning_that_is_an_error_changes_nothing():
    model = wide()
    before = bits(model)
    rules = [{"match": "", "init": "random_normal"}, {"match": "nowhere", "init": "ones"}]
    with warnings.catch_warnings(), pytest.raises(initreg.InitregWarning):
        warnings.simplefilter("error")
        initreg.apply(model, rules, seed=3)
    assert bits(model) == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_while_drawing_changes_nothing(error, monkeypatch):
    model = wide()
    before = bits(model)
    draw = applying.make_tensor

    def failing(fitted, dtype, seed, path, **options):
        if path == "m/c/bias":
            raise error("no")
        return draw(fitted, dtype, seed, path, **options)

    monkeypatch.setattr(applying, "make_tensor", failing)
    expected = error if error is KeyboardInterrupt else PlanError
    with pytest.raises(expected) as caught:
        initreg.apply(model, COVERING["one rule"], seed=3)
    if expected is PlanError:
        text = "m/c/bias [4] of float32: random_normal: no\nNo weight was changed."
        assert str(caught.value) == text
    assert bits(model) == before


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_failure_while_writing_changes_nothing(error, after, monkeypatch):
    model = wide()
    before = bits(model)
    calls = []
    write = applying.write

    def failing(variable, tensor):
        calls.append(variable)
        if len(calls) == 3 and not after:
            raise error("no")
        write(variable, tensor)
        if len(calls) == 3:
            raise error("no")

    monkeypatch.setattr(applying, "write", failing)
    with pytest.raises(error):
        initreg.apply(model, COVERING["one rule"], seed=3)
    assert len(calls) > 3
    assert bits(model) == before
    monkeypatch.undo()
    initreg.apply(model, COVERING["one rule"], seed=3)
    assert not set(bits(model)) & set(before)


def test_strict_changes_nothing_if_there_is_a_gap():
    model = wide()
    before = bits(model)
    rules = [{"match": "d/", "init": "zeros"}, {"match": "[ab]/|c/bias", "init": "zeros"}]
    with pytest.raises(PlanError) as caught:
        initreg.apply(model, rules, seed=3, strict=True)
    assert str(caught.value).splitlines() == [
        "Rule 1 is never applied: match 'd/'.",
        "No rule matches m/c/kernel.",
    ]
    assert bits(model) == before


def test_a_rule_that_is_never_applied_is_reported_at_the_line_of_apply():
    rules = [{"match": "d/", "init": "zeros"}, {"match": "", "init": "zeros"}]
    with pytest.warns(InitregWarning) as caught:
        initreg.apply(wide(), rules, seed=3)
    warned = [(str(each.message), each.filename) for each in caught]
    assert warned == [("Rule 1 is never applied: match 'd/'.", __file__)]


# What isn't a weight, and training ----------------------------------------------------------------


@pytest.mark.slow
@trains
@pytest.mark.filterwarnings("ignore:Rule 1 is never applied")
def test_only_weights_change_and_training_goes_on(make, digest):
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    inputs = np.random.default_rng(1).normal(size=(8, 5)).astype("float32")
    model.fit(inputs, inputs[:, :2], batch_size=4, verbose=0)
    rules = [{"match": "moving_mean|moving_variance", "init": "ones"}, *COVERING["one rule"]]
    initreg.apply(model, rules, seed=3)
    drawn = digest(model)
    others = [*model.optimizer.variables, *model.metrics_variables]
    before = [keras.ops.convert_to_numpy(each.value) for each in others]
    initreg.apply(model, rules, seed=3)
    assert digest(model) == drawn
    after = [keras.ops.convert_to_numpy(each.value) for each in others]
    assert all(map(np.array_equal, before, after))
    losses = model.fit(inputs, inputs[:, :2], epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert digest(model) != drawn
    initreg.apply(model, rules, seed=3)
    assert digest(model) == drawn


@pytest.mark.slow
@trains
def test_a_step_of_training_is_that_of_a_model_made_so(digest):
    inputs = np.random.default_rng(1).normal(size=(8, 4)).astype("float32")
    found = []
    for way in ("scope", "apply"):
        if way == "scope":
            with initreg.scope(COVERING["one rule"], seed=3):
                model = wide()
        else:
            model = wide()
            initreg.apply(model, COVERING["one rule"], seed=3)
        model.compile("sgd", "mse")
        model.train_on_batch(inputs, inputs)
        found.append(digest(model))
    assert found[0] == found[1]


def test_a_seed_generator_is_not_a_weight():
    model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(2)])
    state = model.layers[0].seed_generator.state
    before = keras.ops.convert_to_numpy(state.value)
    done = initreg.apply(model, COVERING["one rule"], seed=3, strict=True)
    assert [entry.layer for entry in done.entries] == ["Dense", "Dense"]
    assert np.array_equal(keras.ops.convert_to_numpy(state.value), before)


def test_frozen_layers_stay_frozen_and_are_drawn():
    model = wide()
    model.get_layer("a").trainable = False
    initreg.apply(model, [{"match": "", "init": "ones"}], seed=3)
    assert all((values == 1).all() for values in model.get_weights())
    assert len(model.trainable_weights) == 4


# Progress -----------------------------------------------------------------------------------------


def test_progress_is_reported_in_values():
    reports = []
    initreg.apply(wide(), COVERING["one rule"], 3, progress=lambda *report: reports.append(report))
    assert reports == [(16, 60), (20, 60), (36, 60), (40, 60), (56, 60), (60, 60)]


def test_an_error_of_the_progress_changes_nothing():
    model = wide()
    before = bits(model)

    def stop(done, total):
        if done > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        initreg.apply(model, COVERING["one rule"], seed=3, progress=stop)
    assert bits(model) == before


APPLY = """
import keras, initreg, sys
layer = keras.layers.Dense(4, name="a")
layer.build((None, 4))
initreg.apply(layer, sys.argv[1])
print(layer.get_weights()[0].tolist())
"""


@pytest.mark.slow
def test_a_plan_gives_the_same_weights_in_another_process(tmp_path):
    layer = layers.Dense(4, name="a")
    layer.build((None, 4))
    done = initreg.apply(layer, COVERING["one rule"])
    file = tmp_path / "plan.json"
    file.write_text(done.to_json())
    assert python(APPLY, file).json == layer.get_weights()[0].tolist()


@pytest.mark.skipif(keras.config.backend() != "jax", reason="JAX alone commits to a device")
def test_jax_may_move_the_weights_as_before():
    model = wide()
    assert not model.weights[0].value.committed
    initreg.apply(model, [{"match": "", "init": "random_normal"}], seed=3)
    assert not model.weights[0].value.committed


@pytest.mark.skipif(keras.config.backend() != "torch", reason="torch alone shares memory so")
def test_weights_that_processes_share_stay_shared():
    model = wide()
    held = model.weights[0].value
    held.share_memory_()
    initreg.apply(model, [{"match": "", "init": "random_normal"}], seed=3)
    assert model.weights[0].value.is_shared()
    assert model.weights[0].value.data_ptr() == held.data_ptr()
