"""The fans of every role are those that are counted from what the layer computes."""

import re

import keras
import numpy as np
import pytest

import initreg
from initreg import role_of
from tests.support.counting import Case, Counter
from tests.support.role_cases import CASES, looked_up

pytestmark = pytest.mark.keras

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def built(case: Case) -> Counter:
    """Return the layer of a case, built once: each count sets its weights anew."""
    if case.id not in _BUILT:
        _BUILT[case.id] = case.built()
    return _BUILT[case.id]


_BUILT: dict[str, Counter] = {}


@each_case
def test_the_fans_are_those_that_are_counted(case: Case):
    counter = built(case)
    role = role_of(counter.layer, counter.weight)
    assert (role.kind, role.blocks) == (case.kind, case.blocks)
    assert (role.fan_in, role.fan_out) == (case.fan_in, case.fan_out)
    assert counter.count() == pytest.approx((case.fan_in, case.fan_out), rel=1e-4)


def check(variance, error):
    assert error < 0.25
    assert abs(variance - 1) < 5 * error


@pytest.mark.slow
@each_case
def test_lecun_normal_by_a_rule_keeps_the_variance(case: Case):
    counter = built(case)
    entry = next(
        entry
        for entry, variable in zip(
            initreg.plan(counter.layer).entries, counter.layer.weights, strict=True
        )
        if variable is counter.weight
    )
    rules = [{"match": f"^{re.escape(entry.path)}$", "init": "lecun_normal"}]

    def applied(seed):
        initreg.apply(counter.layer, rules, seed)
        return keras.ops.convert_to_numpy(counter.weight)

    check(*counter.variance(applied))


@each_case
def test_a_rule_in_a_scope_gives_what_apply_gives(case: Case):
    rules = [{"match": "", "init": "lecun_normal"}]
    with initreg.scope(rules, seed=1) as scope:
        layer = case.layer()
    applied = initreg.plan(layer, rules, seed=1)
    stddevs = {entry.path: entry.stddev for entry in scope.plan.entries}
    for entry in applied.entries:
        if entry.action == "draw" and entry.path in stddevs:
            assert stddevs[entry.path] == entry.stddev
    fans = {(entry.fan_in, entry.fan_out) for entry in scope.plan.entries}
    assert (case.fan_in, case.fan_out) in fans


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.id)
def test_without_the_true_fans_a_scope_means_what_keras_means(case: Case):
    plans = []
    for fans in (None, "keras"):
        with initreg.scope(seed=1, fans=fans) as scope:
            case.layer()
        plans.append([(entry.path, entry.spec, entry.stddev) for entry in scope.plan.entries])
    assert plans[0] == plans[1]


@each_case
def test_a_layout_says_which_channels_each_element_connects(case: Case):
    counter = built(case)
    layout = role_of(counter.layer, counter.weight).layout
    if layout is None:
        assert case.kind == "scale"
        return
    if case.call is looked_up:  # a look-up has no input values: each row of the table is an input
        assert (layout.input_axes, layout.output_axes) == ((0,), (1,))
        return
    shape = tuple(counter.weight.shape)
    axes = (*layout.input_axes, *layout.output_axes, *layout.block_axes)
    assert sorted(axes) == list(range(len(layout.shape)))
    assert np.prod(layout.shape) == np.prod(shape)
    generator = np.random.default_rng(2)
    alive = np.zeros(shape, bool)
    alive[case.part] = True
    elements = generator.permutation(np.flatnonzero(alive))[:2]
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
