"""How Sphinx builds these pages: MyST for the pages, autodoc for the API."""

from importlib.metadata import version as installed_version

project = "initreg"
author = "The initreg authors"
copyright = "The initreg authors"
release = version = installed_version("initreg")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "examples"]

html_theme = "furo"
html_title = f"initreg {release}"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# `name` in a docstring is a link where there is something to link to, and code where there is not.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
