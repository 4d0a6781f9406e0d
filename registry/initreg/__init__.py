"""Text in a config becomes a checked, reproducible Keras initializer.

>>> import initreg
>>> initreg.validate("random_normal(mean=0, stddev=0.02)")
RandomNormal(mean=0.0, stddev=0.02, seed=None)

`parse` reads the text, `validate` checks it against its schema, and `resolve` makes the Keras
initializer. Each accepts what the one before returns. `draw` returns a weight's values without
Keras; `scope`, `plan` and `apply` initialize whole models.
"""

import lazy_loader

# A public name is imported on first use, from the module that `__init__.pyi` names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
