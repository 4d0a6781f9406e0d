"""`apply` keeps the shardings of a model, and gives the same values as on one device."""

import initreg
from tests.models.sharding.shared import (
    APPLIED,
    BOTH,
    NONE,
    ONE,
    OTHER,
    check_all,
    layout_map,
    make_in_scope,
    mesh_of,
    parallel,
    values,
)

model = make_in_scope()
before, plan = values(model), initreg.apply(model, APPLIED, seed=5)
wanted = values(model)
assert all((before[path] != wanted[path]).any() for path in wanted)
for kind in (NONE, ONE, OTHER, BOTH):
    layouts = layout_map(mesh_of(2, 4), kind)
    with parallel(layouts).scope():
        model = make_in_scope()
    shardings = [weight.value.sharding for weight in model.weights]
    again = initreg.apply(model, APPLIED, seed=5)
    assert [weight.value.sharding for weight in model.weights] == shardings
    check_all(model, wanted, layouts)
    for one, other in zip(plan.entries, again.entries, strict=True):
        assert abs(one.realised_stddev - other.realised_stddev) < 1e-6, one.path
