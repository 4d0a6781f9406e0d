"""Shared by tests: paths, processes, distributions, environments, and the blocks of the docs."""
