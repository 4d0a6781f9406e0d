"""Config files as data, with the place of each value: YAML, JSON, TOML, Keras archives.

Knows no initializers; `read` is all that the rest uses, with `Document` and its `Node`.
"""

from initreg.documents.node import Document, Node
from initreg.documents.reading import LANGUAGES, Source, read, read_file

__all__ = ["LANGUAGES", "Document", "Node", "Source", "read", "read_file"]
