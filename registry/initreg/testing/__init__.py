"""The conformance kit: what every initializer has to hold, checked one demand at a time.

>>> from initreg.testing import check
>>> [result.status for result in check("zeros", only=["docs", "round_trip"])]
['passed', 'passed']

`check` returns what became of each check of one initializer; `parametrize` makes a test of each,
for pytest. `CHECKS` names them all.
"""

from initreg.testing.outcomes import CheckResult, Status
from initreg.testing.parametrizing import parametrize
from initreg.testing.running import CHECKS, check

__all__ = ["CHECKS", "CheckResult", "Status", "check", "parametrize"]
