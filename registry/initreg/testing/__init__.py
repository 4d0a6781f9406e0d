"""The conformance kit: checks that every initializer should pass.

>>> from initreg.testing import check
>>> [result.status for result in check("zeros", only=["docs", "round_trip"])]
['passed', 'passed']

`check` runs the checks on one initializer and returns their results; `parametrize` makes each check
a test of pytest. `CHECKS` has the names of all checks. `check_roles` checks the roles that a plugin
gives to the weights of a layer, and `check_layer_classes` that the classes exist.
"""

from initreg.testing.layer_classes import check_layer_classes
from initreg.testing.outcomes import CheckResult, Status
from initreg.testing.parametrizing import parametrize
from initreg.testing.role_checks import check_roles
from initreg.testing.running import CHECKS, check

__all__ = [
    "CHECKS",
    "CheckResult",
    "Status",
    "check",
    "check_layer_classes",
    "check_roles",
    "parametrize",
]
