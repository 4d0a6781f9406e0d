"""Specs as text: the grammar, and the value that it gives."""
