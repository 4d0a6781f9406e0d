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
    message = r"^bank of bank\w* has fan_in 21 and fan_out 5 in its role, but 7 and 5 are counted.$"
    with registry(fan_in=21, fan_out=5), pytest.raises(AssertionError, match=message):
        check_roles(Bank(), (3, 7), "bank", products)


def test_what_can_not_be_counted_is_reported():
    with registry(fan_in=7, fan_out=5), pytest.raises(AssertionError, match="reaches no output"):
        check_roles(Bank(), (3, 7))
    with pytest.raises(AssertionError, match=r"bank of bank\w* has no role. Return one from"):
        check_roles(Bank(), (3, 7))
    with pytest.raises(AssertionError, match="has no weight 'banc'"):
        check_roles(Bank(), (3, 7), "banc")
