"""check_roles counts, and says what differs."""

import pytest
from keras import layers, ops

from initreg import Registry, Role, hookimpl
from initreg.testing import check_roles

pytestmark = pytest.mark.keras


class Bank(layers.Layer):
    def build(self, input_shape):
        self.bank = self.add_weight(name="bank", shape=(*input_shape[-2:], 5))
        self.gain = self.add_weight(name="gain", shape=(5,))

    def call(self, inputs):
        return ops.einsum("bei,eio->beo", inputs, self.bank) * self.gain


def registry(**fans):
    class Plugin:
        @hookimpl
        def initreg_roles(self):
            return {f"{Bank.__module__}:Bank": lambda layer, name, shape: roles.get(name)}

    roles = {"bank": Role("kernel", **fans), "gain": Role("scale", 1, 1)}
    own = Registry()
    own.register(Plugin(), "acme")
    return own.using()


def products(layer, inputs):
    return ops.einsum("bei,eio->beo", inputs, layer.bank)


def test_right_fans_pass():
    check_roles(layers.Dense(4), (3,))
    check_roles(layers.EinsumDense("abc,cde->abde", (None, 2, 4)), (2, 3))
    check_roles(layers.TimeDistributed(layers.Dense(4)), (2, 3))
    with registry(fan_in=7, fan_out=5):
        check_roles(Bank(), (3, 7), "bank", products)


def test_wrong_fans_are_reported_with_those_that_are_counted():
    message = (
        r"^bank of bank\w* has fan_in 21 and fan_out 5 in its role, but 7 and 5 are counted.\n"
    )
    with registry(fan_in=21, fan_out=5), pytest.raises(AssertionError, match=message):
        check_roles(Bank(), (3, 7), "bank", products)


def test_what_can_not_be_counted_is_reported():
    with registry(fan_in=7, fan_out=5), pytest.raises(AssertionError, match="reaches no output"):
        check_roles(Bank(), (3, 7))
    with pytest.raises(
        AssertionError, match=r"bank and gain of bank\w* have no roles. Return one from"
    ):
        check_roles(Bank(), (3, 7))
    with pytest.raises(AssertionError, match="has no weight 'banc'"):
        check_roles(Bank(), (3, 7), "banc")


class Biased(layers.Dense):
    def build(self, input_shape):
        self.bank = self.add_weight(name="bank", shape=(input_shape[-1], 5))
        self.shift = self.add_weight(name="shift", shape=(5,))

    def call(self, inputs):
        return inputs @ self.bank + self.shift


def test_a_weight_that_the_plugin_does_not_know_is_not_counted():
    class Plugin:
        @hookimpl
        def initreg_roles(self):
            return {f"{Biased.__module__}:Biased": only_bank}

    def only_bank(layer, name, shape):
        return Role("kernel", 3, 5) if name == "bank" else None

    own = Registry()
    own.register(Plugin(), "acme")
    with own.using():
        assert check_roles(Biased(5), (3,)) == ["bank"]
        with pytest.raises(AssertionError, match=r"shift of biased\w* has no role. Return one"):
            check_roles(Biased(5), (3,), "shift")


def test_sequences_are_counted_with_a_call():
    def products(layer, inputs):
        return ops.matmul(inputs, layer.cell.kernel)

    assert check_roles(layers.LSTM(4), (3, 2), "kernel", products) == ["kernel"]
    assert check_roles(layers.BatchNormalization(), (3,)) == ["gamma"]


NO_COUNT = {
    "strides": (lambda: layers.Conv2D(4, 3, strides=2), (9, 9, 2), "but 18 and 16 are counted"),
    "states": (lambda: layers.SimpleRNN(4), (3, 2), "is not linear in its inputs"),
    "a curve": (lambda: layers.Dense(4, activation="sigmoid"), (3,), "is not linear in its inputs"),
    "a look-up": (lambda: layers.Embedding(5, 4), (3,), "is not linear in its inputs"),
    "several inputs": (lambda: layers.MultiHeadAttention(2, 4), (3, 2), "can't be built for one"),
    "a state": (lambda: layers.LSTMCell(4), (2,), "can't be called with one input: "),
}


@pytest.mark.parametrize(("make", "shape", "text"), NO_COUNT.values(), ids=NO_COUNT)
def test_a_layer_that_can_not_be_counted_is_reported_with_those_that_can(make, shape, text):
    with pytest.raises(AssertionError) as caught:
        check_roles(make(), shape)
    assert text in str(caught.value)
    assert "counts layers with one input whose outputs are linear in it" in str(caught.value)
    assert "pass weight=… and call=…" in str(caught.value)


MISUSE = {
    "a number": (lambda: layers.Dense(4), 3, ValueError, "without the batch, not 3. For example"),
    "a batch": (lambda: layers.Dense(4), (None, 3), ValueError, "the batch, not (None, 3). For"),
    "a class": (lambda: layers.Dense, (3,), TypeError, "takes a layer, such as Dense(4), not <"),
    "text": (lambda: "dense", (3,), TypeError, "takes a layer, such as Dense(4), not 'dense'."),
    "no weights": (layers.ReLU, (3,), AssertionError, "has no weights."),
}


@pytest.mark.parametrize(("make", "shape", "error", "text"), MISUSE.values(), ids=MISUSE)
def test_wrong_arguments_are_explained(make, shape, error, text):
    with pytest.raises(error) as caught:
        check_roles(make(), shape)
    assert text in str(caught.value)
