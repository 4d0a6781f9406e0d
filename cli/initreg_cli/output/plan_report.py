"""A plan, with its unused rules and the weights without a rule."""

from typing import TYPE_CHECKING

from initreg_cli.output import render

if TYPE_CHECKING:
    from initreg import Plan


def has_findings(plan: "Plan", strict: bool) -> bool:
    """Return True if a rule or a count matches no weight or, if `strict`, a weight has no rule."""
    return bool(plan.problems() if strict else plan.unmatched_texts())


def print_plan(plan: "Plan", *, json: bool, strict: bool) -> None:
    """Print a plan on stdout, and a summary with its findings on stderr."""
    if json:
        render.print_text(plan.to_json())
        notes = [*plan.unmatched_texts(), *plan.notes]
    else:
        render.print_wide_table(*plan.table())
        notes = ["", *plan.summary()]
    if strict:
        notes += [problem for problem in plan.problems() if problem not in notes]
    for note in notes:
        render.print_note(note)
