"""A spec that scales with fans gets the true ones: by a rule, in a scope, and when asked for."""

import json
import math

import keras
import numpy as np
import pytest
from keras import layers

import initreg
from initreg import InitializerConfig, InitregError, Normal, RulesError

pytestmark = pytest.mark.keras


def attention():
    inputs = keras.Input((5, 96))
    return keras.Model(inputs, layers.MultiHeadAttention(4, 24, name="attention")(inputs, inputs))


def depthwise():
    return keras.Sequential([keras.Input((8, 8, 64)), layers.DepthwiseConv2D(3, name="d")])


def entries(plan):
    return {entry.path: entry for entry in plan.entries}


LECUN = [{"match": "kernel$", "init": "lecun_normal"}]
QUERY = "attention/query/kernel"


@pytest.mark.parametrize(
    "init", ["lecun_normal", "kaiming(nonlinearity=linear)", "scaled(lecun_normal, 1)"]
)
def test_attention_gets_its_true_fans_everywhere(init):
    rules = [{"match": "kernel$", "init": init}]
    model = attention()
    with initreg.scope(rules, seed=1) as scope:
        attention()
    for plan in (initreg.plan(model, rules, 1), initreg.apply(model, rules, 1), scope.plan):
        query = entries(plan)[QUERY]
        assert (query.fan_in, query.fan_out, query.keras_fans) == (96, 96, None)
        assert query.stddev == pytest.approx(1 / math.sqrt(96))
        assert query.role.kind == "kernel"


def test_keras_fans_are_said_and_can_be_asked_for():
    model = depthwise()
    entry = initreg.plan(model, LECUN, 1).entries[0]
    assert (entry.fan_in, entry.fan_out, entry.keras_fans) == (9, 9, (576, 9))
    assert entry.stddev == pytest.approx(1 / 3)
    assert entry.keras_stddev == pytest.approx(1 / 24)
    plan = initreg.plan(model, LECUN, 1)
    text = "1 weight has other fans than in Keras. To use Keras's, write fans: keras."
    assert text in plan.summary()
    assert "576 / 9" in str(plan)
    for rules, fans in ((LECUN, "keras"), ({"fans": "keras", "rules": LECUN}, None)):
        entry = initreg.plan(model, rules, 1, fans=fans).entries[0]
        assert (entry.fan_in, entry.fan_out, entry.keras_fans) == (576, 9, None)
        assert entry.stddev == pytest.approx(1 / 24)
    entry = initreg.plan(model, {"fans": "keras", "rules": LECUN}, 1, fans=True).entries[0]
    assert entry.fan_in == 9


class Narrow(InitializerConfig, name="narrow"):
    """A config that rejects large fans."""

    def distribution(self, shape, fans):
        if fans.fan_in > 100:
            raise ValueError("the fan-in is over 100")
        return Normal(0, 1 / fans.fan_in)


def test_a_config_may_reject_the_fans_that_only_keras_would_use():
    registry = initreg.Registry()
    registry.add(Narrow)
    with registry.using():
        (entry,) = initreg.plan(depthwise(), [{"match": "kernel", "init": "narrow"}], 1).entries[:1]
        assert (entry.fan_in, entry.keras_fans, entry.keras_stddev) == (9, (576, 9), None)
        with pytest.raises(initreg.ConfigError, match="the fan-in is over 100"):
            initreg.plan(depthwise(), [{"match": "kernel", "init": "narrow"}], 1, fans="keras")


def test_explicit_axes_win():
    rules = [{"match": "kernel$", "init": "lecun_normal(input_axes=[0], output_axes=[2])"}]
    assert initreg.plan(depthwise(), rules, 1).entries[0].stddev == pytest.approx(1 / math.sqrt(3))


def test_a_scope_corrects_the_layers_own_initializers_if_asked(digest):
    plain, keras_, true = (initreg.scope(seed=1, fans=fans) for fans in (None, "keras", "true"))
    digests = []
    for scope in (plain, keras_, true):
        with scope:
            digests.append(digest(depthwise()))
    assert digests[0] == digests[1] != digests[2]
    assert plain.plan.entries[0].stddev == pytest.approx(math.sqrt(2 / (576 + 9)))
    assert true.plan.entries[0].stddev == pytest.approx(1 / 3)
    assert true.plan.entries[0].keras_fans == (576, 9)


def test_an_einsum_kernel_shared_with_its_input_loses_keras_axes_if_asked():
    def build():
        layer = layers.EinsumDense("bhd,hde->bhe", (4, 16), name="heads")
        layer.build((None, 4, 8))

    with initreg.scope(seed=1) as plain:
        build()
    with initreg.scope(seed=1, fans="true") as true:
        build()
    stock, corrected = plain.plan.entries[0], true.plan.entries[0]
    assert stock.spec == "glorot_uniform(input_axes=[1], output_axes=[0, 2])"
    assert (corrected.spec, corrected.fan_in, corrected.fan_out) == ("glorot_uniform", 8, 16)
    assert corrected.stddev == pytest.approx(math.sqrt(2 / 24))


def test_axes_that_a_user_gave_are_kept():
    own = keras.initializers.LecunNormal(seed=3, input_axes=[0], output_axes=[1, 2])
    with initreg.scope(seed=1, fans="true") as scope:
        layers.EinsumDense("bhd,hde->bhe", (4, 16), kernel_initializer=own).build((None, 4, 8))
    assert scope.plan.entries[0].stddev == pytest.approx(0.5)


@pytest.mark.parametrize("fans", ["yes", 1, False])
def test_other_words_for_fans_are_rejected(fans):
    with pytest.raises(RulesError, match="fans must be true, for the true fans"):
        initreg.scope(seed=1, fans=fans)
    with pytest.raises(RulesError, match="fans must be true, for the true fans"):
        initreg.plan(depthwise(), [], 1, fans=fans)
    with pytest.raises(RulesError, match="fans must be true, for the true fans"):
        initreg.plan(depthwise(), initreg.plan(depthwise()), fans=fans)
    with pytest.raises(RulesError, match="fans must be true, for the true fans"):
        initreg.plan(depthwise(), initreg.Rules(fans=fans), 1)


def test_a_weight_of_unknown_role_gets_keras_fans_and_the_plan_says_so():
    class Own(layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(name="table", shape=(4, 6))

    layer = Own(name="own")
    layer.build((None, 4))
    plan = initreg.plan(layer, [{"match": "", "init": "lecun_normal"}], 1)
    assert plan.entries[0].role.kind == "unknown"
    assert plan.entries[0].stddev == 0.5
    assert "No role is known for these, so they have Keras's fans: own/table." in plan.summary()


def test_a_plan_is_repeated_with_its_fans(digest):
    model = keras.Sequential([keras.Input((4, 6)), layers.LSTM(3, name="a")])
    rules = [{"match": "kernel", "init": "orthogonal"}, {"match": "bias", "init": "he_normal"}]
    plan = initreg.apply(model, rules, 5)
    made = digest(model)
    for again in (plan, json.loads(plan.to_json())):
        initreg.apply(model, [{"match": "", "init": "zeros"}])
        assert initreg.apply(model, again).entries == plan.entries
        assert digest(model) == made


def test_a_weight_is_drawn_elsewhere_with_the_fans_of_its_entry(numbers):
    model = keras.Sequential([keras.Input((4, 6)), layers.LSTM(3, name="a")])
    done = initreg.apply(model, [{"match": "kernel", "init": "orthogonal"}], 5)
    for entry in done.entries[:2]:
        values = initreg.draw(
            entry.spec, entry.shape, seed=entry.seed, path=entry.path, fans=entry.fans
        )
        assert np.array_equal(values, numbers(model)[entry.path])


# What a layer adds, and what is not drawn ---------------------------------------------------------


def lstm(**options):
    return keras.Sequential([keras.Input((4, 6)), layers.LSTM(3, name="a", **options)], name="m")


BIAS = "m/a/lstm_cell/bias"


def test_a_rule_for_biases_keeps_the_forget_gate(numbers):
    rules = [{"match": "bias$", "init": "zeros"}]
    wanted = [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    with initreg.scope(rules, 1) as scope:
        assert numbers(lstm())[BIAS].tolist() == wanted
    model = lstm()
    model.layers[0].cell.bias.assign(np.full(12, 9.0))
    done = initreg.apply(model, rules, 1)
    assert numbers(model)[BIAS].tolist() == wanted
    for plan in (scope.plan, done):
        entry = entries(plan)[BIAS]
        assert entry.added == "1 in the forget gate (unit_forget_bias)"
        assert entry.mean == pytest.approx(np.mean(wanted))
        assert entry.stddev == pytest.approx(np.std(wanted))
    assert entries(done)[BIAS].realised_mean == pytest.approx(np.mean(wanted))
    assert "zeros; 1 in the forget gate (unit_forget_bias)" in str(done)


def test_a_spec_that_names_the_gates_replaces_what_the_layer_adds(numbers):
    rules = [{"match": "bias$", "init": "per_gate([constant(-1), constant(2), zeros, zeros])"}]
    model = lstm()
    initreg.apply(model, rules, 1)
    wanted = [-1.0] * 3 + [2.0] * 3 + [0.0] * 6
    assert numbers(model)[BIAS].tolist() == wanted
    with initreg.scope(rules, 1):
        assert numbers(lstm())[BIAS].tolist() == wanted
    without = lstm(unit_forget_bias=False)
    initreg.apply(without, [{"match": "bias$", "init": "zeros"}], 1)
    assert not numbers(without)[BIAS].any()


def test_the_gates_of_a_layer_that_keras_does_not_have_are_not_known(numbers):
    class Cell(layers.Layer):
        unit_forget_bias = True

        def build(self, shape):
            self.bias = self.add_weight(name="bias", shape=(8,), initializer="zeros")

    with initreg.scope(seed=1):
        layer = Cell(name="cell")
        layer.build((None, 2))
    assert not layer.get_weights()[0].any()
    initreg.apply(layer, [{"match": "bias$", "init": "constant(3)"}], 1)
    assert layer.get_weights()[0].tolist() == [3.0] * 8


def test_gates_that_a_layer_does_not_have_are_rejected(numbers):
    gates = "per_gate([zeros, constant(2), zeros])"
    gru = keras.Sequential([keras.Input((4, 6)), layers.GRU(8, name="a")], name="m")
    initreg.apply(gru, [{"match": "bias$", "init": gates}], 1)
    bias = numbers(gru)["m/a/gru_cell/bias"]
    assert bias.tolist() == [[0.0] * 8 + [2.0] * 8 + [0.0] * 8] * 2
    four = [{"match": "bias$", "init": "per_gate([zeros, constant(2), zeros, zeros])"}]
    with pytest.raises(InitregError, match="has 3 blocks, not 4 gates"):
        initreg.apply(gru, four, 1)
    with pytest.raises(InitregError, match="has 4 blocks, not 3 gates"):
        initreg.apply(lstm(), [{"match": "bias$", "init": gates}], 1)


def test_a_random_bias_of_a_memory_cell_is_restored_by_the_plan_of_its_scope(digest):
    with initreg.scope(seed=4) as scope:
        model = lstm(bias_initializer="random_normal")
    made = digest(model)
    model.layers[0].cell.bias.assign(np.full(12, 9.0))
    initreg.apply(model, scope.plan)
    assert digest(model) == made


def test_statistics_are_reached_by_name_alone(numbers):
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="n")], name="m")
    rules = [{"match": "", "init": "random_normal"}]
    entry = entries(initreg.plan(model, rules, 1, strict=True))["m/n/moving_variance"]
    assert entry.action == "skip"
    assert entry.reason == "a statistic"
    text = "A rule sets a statistic only by its whole name: moving_mean, moving_variance."
    assert text in initreg.plan(model, rules, 1).summary()
    for rule in ({"match": "moving_variance"}, {"match": "", "weight": "moving_variance"}):
        done = initreg.apply(model, [rule | {"init": "constant(2)"}, *rules], 1)
        assert entries(done)["m/n/moving_variance"].realised_mean == 2
        assert numbers(model)["m/n/moving_mean"].tolist() == [0.0] * 4
    with initreg.scope(rules, 1) as scope:
        other = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="n")], name="m")
    assert entries(scope.plan)["m/n/moving_variance"].spec == "ones"
    assert numbers(other)["m/n/moving_variance"].tolist() == [1.0] * 4


def test_values_that_a_layer_assigns_are_said():
    with initreg.scope([{"match": "", "init": "he_normal"}], 1) as scope:
        layer = layers.Embedding(3, 2, weights=[np.ones((3, 2))], name="words")
        layer.build((None, 4))
    (entry,) = scope.plan.entries
    assert entry.action == "assigned"
    text = "Drawn, and then replaced by other values: words/embeddings."
    assert text in scope.plan.summary()
    layer.embeddings.assign(np.full((3, 2), 5.0))
    again = initreg.apply(layer, scope.plan)
    assert again.entries[0].action == "assigned"
    assert keras.ops.convert_to_numpy(layer.embeddings).tolist() == [[5.0, 5.0]] * 3


def test_a_value_that_is_assigned_in_an_inner_scope_is_said_by_the_outer_one():
    with initreg.scope(seed=1) as outer:
        layer = layers.Dense(2, name="d")
        layer.build((None, 3))
        with initreg.scope(seed=2) as inner:
            layer.kernel.assign(np.ones((3, 2)))
    assert [entry.action for entry in outer.plan.entries] == ["assigned", "draw"]
    assert not inner.plan.entries


def test_values_that_apply_assigns_in_a_scope_are_said():
    with initreg.scope(seed=1) as scope:
        layer = layers.Dense(2, name="d")
        layer.build((None, 3))
        initreg.apply(layer, [{"match": "kernel", "init": "ones"}], seed=1)
    assert [entry.action for entry in scope.plan.entries] == ["assigned", "draw"]


def test_a_name_with_a_sharp_is_not_cut():
    class Own(layers.Layer):
        def build(self, shape):
            for _ in range(2):
                self.add_weight(name="w#a", shape=(2,))

    layer = Own(name="own")
    layer.build((None, 2))
    plan = initreg.plan(layer, None, 1)
    assert [entry.path for entry in plan.entries] == ["own/w#a", "own/w#a#1"]
    assert {entry.variable for entry in plan.entries} == {"w#a"}
    assert all("nobody has described w#a of Own" in entry.role.why for entry in plan.entries)
    assert not any("Paths differ" in line for line in plan.summary())
