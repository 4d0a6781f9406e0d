"""`apply` leaves each weight on its device, whoever draws it."""

import jax
from keras import layers

import initreg
from tests.models.sharding.shared import KerasOnly

keras_only = KerasOnly.initializer_name
rules = [{"match": "recurrent_kernel$", "init": keras_only}, {"match": "", "init": "he_normal"}]
layer = layers.LSTM(4)
layer.build((None, 5, 3))
device = jax.devices()[1]
for variable in layer.weights:
    variable._value = jax.device_put(variable.value, device)
plan = initreg.apply(layer, rules, seed=1)
assert [entry.portable for entry in plan.entries] == [True, False, True]
assert plan.entries[2].added
for variable in layer.weights:
    assert variable.value.devices() == {device}, variable.path
