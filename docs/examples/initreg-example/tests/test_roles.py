"""The role of the layer, counted."""

from initreg import role_of
from initreg.testing import check_roles

from initreg_example.experts import Experts


def test_each_expert_has_a_matrix_of_its_own() -> None:
    layer = Experts(5)
    check_roles(layer, (3, 7))
    role = role_of(layer, "bank")
    assert (role.fan_in, role.fan_out, role.blocks) == (7, 5, 3)
