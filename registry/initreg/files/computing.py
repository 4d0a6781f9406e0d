"""The specs of rules that compute, in a file that is searched as a config.

Such a spec is valid only in its rule, and no dict says the same. So it is checked as a rule's
spec, and never rewritten.
"""

import re
from collections.abc import Mapping

from initreg.documents import Slot
from initreg.errors import InitregError
from initreg.registry.registry import Registry
from initreg.rules.let import names_alone
from initreg.rules.names import Known
from initreg.rules.templates import Template, read_template

_GROUP = re.compile(r"\(\?P<(\w+)>")


def error_in_rule(slot: Slot, error: InitregError, registry: Registry) -> InitregError | None:
    """Return the error of an invalid spec, or None if it is valid because it is in a rule."""
    rule = slot.holder.value if slot.holder is not None else None
    if slot.part != "init" or not isinstance(slot.value, str) or not isinstance(rule, Mapping):
        return error
    match = rule.get("match")
    if not isinstance(match, str):
        return error
    *_, root = slot.holders()
    let = root.value.get("let") if isinstance(root.value, Mapping) else None
    names = names_alone(let).numbers if isinstance(let, Mapping) else {}
    known = Known(names, tuple(_GROUP.findall(match)))
    try:
        if isinstance(read_template(slot.value, known, registry), Template):
            return None
    except InitregError as error_of_rule:
        return error_of_rule
    return error
