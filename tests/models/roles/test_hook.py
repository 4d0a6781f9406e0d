"""Plugins give roles to the weights of their own layers."""

from types import SimpleNamespace

import pytest
from keras import layers

from initreg import PluginError, Registry, Role, hookimpl, plan, role_of, scope

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
