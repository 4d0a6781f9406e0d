"""Fans agree with those that Keras computes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras.src.initializers import random_initializers

from initreg import Layout, compute_fans

pytestmark = pytest.mark.keras

shapes = st.lists(st.integers(0, 100), max_size=6).map(tuple)


@given(shapes)
def test_fans_agree_with_keras(shape):
    assert compute_fans(shape) == tuple(random_initializers.compute_fans(shape))


@given(st.data())
def test_fans_of_axes_agree_with_keras(data):
    shape = data.draw(shapes.filter(bool))
    axes = data.draw(st.permutations(range(len(shape))))
    signed = [axis - len(shape) if data.draw(st.booleans()) else axis for axis in axes]
    cut, end = sorted(data.draw(st.tuples(*[st.integers(0, len(shape))] * 2)))
    inputs, outputs = signed[:cut], signed[cut:end]
    expected = random_initializers.compute_fans(shape, inputs, outputs)
    assert compute_fans(shape, inputs, outputs) == tuple(expected)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((5,), (5, 5)),
        ((4, 5), (4, 5)),
        ((3, 3, 16, 32), (144, 288)),
        ((3, 3, 64, 1), (576, 9)),  # a depthwise kernel, as Keras counts it
    ],
)
def test_examples(shape, fans):
    assert compute_fans(shape) == fans


def test_an_axis_that_the_shape_does_not_have():
    with pytest.raises(ValueError) as caught:
        compute_fans((2, 3), [0], [2])
    assert str(caught.value) == "The shape (2, 3) has no axis 2."
    with pytest.raises(ValueError):
        compute_fans((2, 3), [-3], [1])


def test_an_axis_may_be_an_input_and_an_output():
    shape, inputs, outputs = (2, 3, 5, 7), [0, 1, 3], [0, 1, 2]
    expected = random_initializers.compute_fans(shape, inputs, outputs)
    assert compute_fans(shape, inputs, outputs) == tuple(expected) == (42, 30)


@given(st.data())
def test_a_weight_has_the_matrices_that_it_is_made_of(data):
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple))
    order = data.draw(st.permutations(range(len(sizes))))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(sizes))] * 2)))
    axes = tuple(order[start:end]), tuple(order[end:]), tuple(order[:start])
    layout = Layout(sizes, *axes)
    weight = np.arange(math.prod(sizes)).reshape(-1)
    matrices = layout.to_matrices(weight)
    assert matrices.shape == (layout.blocks, *layout.matrix_shape)
    np.testing.assert_array_equal(layout.from_matrices(matrices, weight.shape), weight)
    # Values of one block differ in their input and output axes only.
    places = np.stack(np.unravel_index(matrices, sizes))
    for axis in layout.block_axes:
        assert (places[axis] == places[axis][:, :1, :1]).all()
    for axis in layout.input_axes:
        assert (places[axis] == places[axis][:1, :, :1]).all()
    for axis in layout.output_axes:
        assert (places[axis] == places[axis][:1, :1, :]).all()
