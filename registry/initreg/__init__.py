"""Text in a config becomes a checked, reproducible Keras initializer.

>>> validate("random_normal(mean=0, stddev=0.02)")
RandomNormal(mean=0.0, stddev=0.02, seed=None)

`parse` reads the text, `validate` checks it by its schema, and `resolve` makes the Keras
initializer; each takes what the one before gives. Only `resolve`, `describe` and `sample` import
Keras.
"""

from initreg.api import describe, resolve, validate
from initreg.backends import choose_backend, installed_backends
from initreg.checking import Finding, Report, check_file, check_text
from initreg.config import InitializerConfig, conflict
from initreg.discovery import PluginRecord
from initreg.distributions import Constant, Distribution, Normal, TruncatedNormal, Uniform
from initreg.editing import collapse_file, expand_file
from initreg.errors import (
    AmbiguousInitializerError,
    BackendError,
    ConfigError,
    Fault,
    InitregError,
    PluginError,
    SpecSyntaxError,
    UnknownInitializerError,
    UnreadableError,
)
from initreg.fans import compute_fans
from initreg.fields import InitializerField
from initreg.hookspecs import hookimpl
from initreg.names import Entry
from initreg.omegaconf import register_omegaconf_resolver
from initreg.parameters import Axes, NonNegative, Number, Positive, Seed, Shape
from initreg.parsing import parse
from initreg.registry import Registry, default_registry
from initreg.rewriting import collapse, expand
from initreg.sampling import Sample, sample
from initreg.schema import json_schema
from initreg.seeds import derive_seed
from initreg.spec import Argument, Pairs, Spec
from initreg.version import __version__

__all__ = [
    "AmbiguousInitializerError",
    "Argument",
    "Axes",
    "BackendError",
    "ConfigError",
    "Constant",
    "Distribution",
    "Entry",
    "Fault",
    "Finding",
    "InitializerConfig",
    "InitializerField",
    "InitregError",
    "NonNegative",
    "Normal",
    "Number",
    "Pairs",
    "PluginError",
    "PluginRecord",
    "Positive",
    "Registry",
    "Report",
    "Sample",
    "Seed",
    "Shape",
    "Spec",
    "SpecSyntaxError",
    "TruncatedNormal",
    "Uniform",
    "UnknownInitializerError",
    "UnreadableError",
    "__version__",
    "check_file",
    "check_text",
    "choose_backend",
    "collapse",
    "collapse_file",
    "compute_fans",
    "conflict",
    "default_registry",
    "derive_seed",
    "describe",
    "expand",
    "expand_file",
    "hookimpl",
    "installed_backends",
    "json_schema",
    "parse",
    "register_omegaconf_resolver",
    "resolve",
    "sample",
    "validate",
]
