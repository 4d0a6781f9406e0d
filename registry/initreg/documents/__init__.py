"""Config files as data, with the place of each value: YAML, JSON, TOML, Keras archives.

Knows no initializers. What the rest of the library uses is exported here.
"""

from initreg.documents.node import Document, Items, Node, Pairs, Path, Scalar
from initreg.documents.reading import Source, read, read_file

__all__ = ["Document", "Items", "Node", "Pairs", "Path", "Scalar", "Source", "read", "read_file"]
