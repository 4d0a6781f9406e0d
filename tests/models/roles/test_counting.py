"""The fans of every role are those that are counted from what the layer computes."""

import numpy as np
import pytest

from initreg import role_of
from tests.support.counting import Case
from tests.support.role_cases import CASES, looked_up

pytestmark = pytest.mark.keras

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@each_case
def test_the_fans_are_those_that_are_counted(case: Case):
    counter = case.built()
    role = role_of(counter.layer, counter.weight)
    assert (role.kind, role.blocks) == (case.kind, case.blocks)
    assert (role.fan_in, role.fan_out) == (case.fan_in, case.fan_out)
    assert counter.count() == pytest.approx((case.fan_in, case.fan_out), rel=1e-4)


@each_case
def test_lecun_normal_keeps_the_variance(case: Case):
    counter = case.built()
    role = role_of(counter.layer, counter.weight)
    variance, error = counter.variance(role.fan_in)
    assert error < 0.25
    assert abs(variance - 1) < 5 * error


@each_case
def test_a_layout_says_which_channels_each_element_connects(case: Case):
    counter = case.built()
    layout = role_of(counter.layer, counter.weight).layout
    if layout is None:
        assert case.kind == "scale"
        return
    if case.call is looked_up:  # it has no inputs to compare: a row stands for each
        assert (layout.input_axes, layout.output_axes) == ((0,), (1,))
        return
    shape = tuple(counter.weight.shape)
    axes = (*layout.input_axes, *layout.output_axes, *layout.block_axes)
    assert sorted(axes) == list(range(len(layout.shape)))
    assert np.prod(layout.shape) == np.prod(shape)
    generator = np.random.default_rng(2)
    alive = np.zeros(shape, bool)
    alive[case.part] = True
    elements = generator.permutation(np.flatnonzero(alive))[:6]
    places = np.array(np.unravel_index(elements, layout.shape)).T
    for element, place in zip(elements, places, strict=True):
        comes, goes = counter.reached(element)
        assert comes
        assert goes
        # Neighbours of the element: along one axis of the layout.
        for axis, size in enumerate(layout.shape):
            other = place.copy()
            other[axis] = (place[axis] + 1) % size
            index = int(np.ravel_multi_index(other, layout.shape))
            if size == 1 or not alive.flat[index]:
                continue
            to_comes, to_goes = counter.reached(index)
            if axis in layout.input_axes:
                assert to_goes == goes
            elif axis in layout.output_axes:
                assert to_comes == comes
                assert not to_goes & goes
            else:
                assert to_goes != goes or to_comes != comes
