"""Plugins give roles to the weights of their own layers."""

from types import SimpleNamespace

import pytest
from keras import layers

from initreg import (
    Layout,
    PluginError,
    PluginRecord,
    Registry,
    Role,
    hookimpl,
    plan,
    role_of,
    scope,
)
from initreg.discovery.loading import Discovery, ask

pytestmark = pytest.mark.keras


class Experts(layers.Dense):
    def build(self, input_shape):
        self.bank = self.add_weight(name="bank", shape=(4, input_shape[-1], self.units))
        self.other = self.add_weight(name="other", shape=(3,))
        super().build(input_shape)


NAME = f"{Experts.__module__}:Experts"


def bank(layer, name, shape):
    return Role("kernel", shape[1], shape[2], blocks=shape[0]) if name == "bank" else None


class Plugin:
    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def initreg_roles(self):
        return self.answer


@pytest.fixture
def layer():
    layer = Experts(6)
    layer.build((None, 5))
    return layer


def registry(*answers):
    registry = Registry()
    for number, answer in enumerate(answers):
        registry.register(Plugin(answer), f"acme-{number}")
    return registry


def test_a_plugin_describes_its_layers_and_their_subclasses(layer):
    assert role_of(layer, "bank").kind == "unknown"

    class More(Experts):
        pass

    more = More(6)
    more.build((None, 5))
    with registry({NAME: bank}).using():
        assert role_of(layer, "bank") == role_of(more, "bank") == Role("kernel", 5, 6, 4)
        assert role_of(layer, "kernel").fan_in == 5  # of Dense, which the plugin leaves alone
        assert role_of(layer, "other").kind == "unknown"


def test_a_plugin_goes_before_the_class_that_its_layer_extends(layer):
    with registry({NAME: lambda *_: Role("other", 1, 1)}).using():
        assert role_of(layer, "kernel").kind == "other"


class Unnamed(layers.Layer):
    def build(self, input_shape):
        for units in (2, 3):
            self.add_weight(shape=(input_shape[-1], units))


def test_a_plugin_goes_before_the_names_that_are_known_of_keras_hub():
    hub = type("Own", (layers.Layer,), {"__module__": "keras_hub.own"})
    layer = hub()
    layer.add_weight(name="rel_embedding", shape=(3, 2))
    assert role_of(layer, "rel_embedding").kind == "position"
    with registry({"keras_hub.own:Own": lambda *_: Role("other", 1, 1)}).using():
        assert role_of(layer, "rel_embedding").kind == "other"


def test_weights_without_names_have_the_same_ones_everywhere():
    seen = set()
    hook = {f"{Unnamed.__module__}:Unnamed": lambda layer, name, shape: seen.add((name, shape[1]))}
    with registry(hook).using():
        for _ in range(2):  # Keras counts the names over the process
            layer = Unnamed()
            layer.build((None, 5))
        plan(layer)
        for weight in layer.weights:
            role_of(layer, weight)
        with scope(seed=1):
            Unnamed().build((None, 5))
    assert seen == {("variable", 2), ("variable_1", 3)}


def test_nothing_is_imported_for_a_class_that_nobody_uses(layer):
    with registry({"no_such_module:Layer": bank, NAME: bank}).using():
        assert role_of(layer, "bank").blocks == 4


def test_the_layers_of_keras_can_not_be_described(layer):
    plugin = Plugin({"keras.layers:Dense": bank, NAME: bank})
    with pytest.raises(PluginError, match=r"'keras.layers:Dense' is rejected: the roles of Keras"):
        Registry().register(plugin, "acme")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([bank], "must return a dict from 'module:Class' to a function, not list"),
        ({"Experts": bank}, "initreg_roles: 'Experts' is not a class, as 'module:Class'"),
        ({Experts: bank}, "is not a class, as 'module:Class'"),
        ({NAME: 3}, f"{NAME} has 3, which is not a function"),
    ],
)
def test_an_answer_of_another_form_is_rejected(answer, message):
    with pytest.raises(PluginError, match=message):
        registry(answer)


def test_a_function_that_fails_is_named_with_its_layer(layer):
    layer.name = "experts"

    def fails(layer, name, shape):
        raise KeyError(name)

    problem = rf"^initreg_roles of acme-0:acme-0, for the weight 'bank' of experts \({NAME}\), "
    with (
        registry({NAME: fails}).using(),
        pytest.raises(PluginError, match=rf"{problem}failed: KeyError: 'bank'$"),
    ):
        role_of(layer, "bank")
    with (
        registry({NAME: lambda *_: (1, 2)}).using(),
        pytest.raises(PluginError, match=rf"{problem}returned \(1, 2\), not an initreg.Role or"),
    ):
        role_of(layer, "bank")


def layout(shape, inputs=(1,), outputs=(2,), blocks=(0,)):
    return Role("kernel", 5, 6, 4, layout=Layout(shape, inputs, outputs, blocks))


AXES = "layout must have each axis of its shape [4, 5, 6] once, in input_axes, output_axes or "
WRONG = {
    "a kind": (Role("kernal", 5, 6), "kind must be one of kernel, ", "Did you mean 'kernel'?."),
    "no kind": (Role(None, 5, 6), "kind must be one of kernel, ", "not None."),
    "a fan of 0": (Role("kernel", 0, 6), "fan_in must be a finite int or float above 0, not 0."),
    "a fan below 0": (Role("kernel", -9, 6), "fan_in must be a finite int or float above 0, "),
    "True": (Role("kernel", 5, True), "fan_out must be a finite int or float above 0, not True."),
    "text": (Role("kernel", 5, "6"), "fan_out must be a finite int or float above 0, not '6'."),
    "nan": (Role("kernel", float("nan"), 6), "fan_in must be a finite int or float above 0"),
    "inf": (Role("kernel", float("inf"), 6), "fan_in must be a finite int or float above 0"),
    "too large": (Role("kernel", 10**400, 6), "fan_in must be a finite int or float above 0"),
    "no blocks": (Role("kernel", 5, 6, 0), "blocks must be a whole number from 1, not 0."),
    "half a block": (Role("kernel", 5, 6, 0.5), "blocks must be a whole number from 1, not 0.5."),
    "why": (Role("kernel", 5, 6, 4, None), "why must be text, not None."),
    "no layout": (Role("kernel", 5, 6, 4, "", (4, 5)), "layout must be a Layout or None, not (4,"),
    "a size": (layout((10**9, 5, 6)), "layout.shape is [1000000000, 5, 6], which has another size"),
    "a size below 0": (layout((4, -5, -6)), "layout.shape must be a tuple of whole numbers from 0"),
    "a list": (layout([4, 5, 6]), "layout.shape must be a tuple of whole numbers from 0, not [4,"),
    "an axis below 0": (layout((4, 5, 6), (-2,)), "layout.input_axes must be a tuple of whole"),
    "an axis beyond": (layout((4, 5, 6), (3,)), f"{AXES}block_axes, not [3, 2, 0]."),
    "an axis twice": (layout((4, 5, 6), (1, 2)), f"{AXES}block_axes, not [1, 2, 2, 0]."),
    "an axis left out": (layout((4, 5, 6), blocks=()), f"{AXES}block_axes, not [1, 2]."),
    "two": (Role("kernel", 0, 0), "fan_in must be a finite int or float above 0, not 0; fan_out "),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_role_with_wrong_values_is_named_with_its_plugin(layer, wrong):
    role, *texts = wrong
    layer.name = "experts"
    with registry({NAME: lambda *_: role}).using(), pytest.raises(PluginError) as caught:
        role_of(layer, "bank")
    what = f"initreg_roles of acme-0:acme-0, for the weight 'bank' of experts ({NAME}), "
    assert str(caught.value).startswith(f"{what}returned a wrong Role: {texts[0]}")
    assert str(caught.value).endswith(texts[-1]) or len(texts) == 1


def test_a_weight_without_values_may_have_fans_of_0():
    layer = Experts(6)
    layer.build((None, 0))
    empty = Role("kernel", 0, 6, 4, layout=Layout((4, 0, 6), (1,), (2,), (0,)))
    with registry({NAME: lambda layer, name, shape: empty if name == "bank" else None}).using():
        assert role_of(layer, "bank") == empty


def test_two_plugins_that_describe_one_class_are_named(layer):
    with (
        registry({NAME: bank}, {NAME: bank}).using(),
        pytest.raises(
            PluginError, match=rf"2 plugins .* of {NAME}: acme-0:acme-0 and acme-1:acme-1"
        ),
    ):
        role_of(layer, "bank")


def test_a_module_is_a_plugin_too(layer):
    module = SimpleNamespace(initreg_roles=hookimpl(lambda: {NAME: bank}))
    own = Registry()
    own.register(module, "acme")
    with own.using():
        assert role_of(layer, "bank").blocks == 4


@pytest.mark.parametrize(
    "failure",
    [
        [bank],
        None,
        lambda *_: None,
        {"acme_layers.Experts": bank},
    ],
    ids=["list", "None", "function", "no colon"],
)
def test_a_plan_names_the_plugin_that_failed_if_a_role_is_unknown(layer, failure):
    class Others(Discovery):
        def others(self):
            return [ask(Plugin(failure), PluginRecord("acme", "acme-layers"))]

    own = Registry(Others())
    [record] = [each for each in own.plugins() if each.name == "acme"]
    with own.using():
        planned = plan(layer, [{"match": "", "init": "he_normal"}], seed=1)
        lines = planned.summary()
        at = next(n for n, line in enumerate(lines) if line.startswith("No role is known for"))
        assert (
            lines[at + 1] == f"These plugins failed and may describe them: acme ({record.error})."
        )
        assert record.error.startswith("initreg_roles")
    assert "plugins failed" not in str(planned)  # no plugin of the registry in use failed
