"""Specs as text: the grammar, and `Spec`."""
