"""On a mesh of the shape in the arguments, each layout holds the values of one device."""

import sys

from tests.models.sharding.shared import (
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

shape = map(int, sys.argv[1:])
mesh = mesh_of(*shape)
wanted = values(make_in_scope())
for kind in (NONE, ONE, OTHER, BOTH):
    layouts = layout_map(mesh, kind)
    with parallel(layouts).scope():
        model = make_in_scope()
    check_all(model, wanted, layouts)
