"""Text in a config becomes a checked, reproducible Keras initializer.

>>> validate("random_normal(mean=0, stddev=0.02)")
RandomNormal(mean=0.0, stddev=0.02, seed=None)

`parse` reads the text, `validate` checks it by its schema, and `resolve` makes the Keras
initializer; each takes what the one before gives. `draw` gives a weight's values without Keras;
`scope`, `plan` and `apply` initialise whole models.
"""

from initreg.api import describe, draw, resolve, validate
from initreg.backend import choose_backend, installed_backends
from initreg.config.base import InitializerConfig, conflict
from initreg.config.parameters import Axes, NonNegative, Number, Positive, Seed
from initreg.discovery.hookspecs import hookimpl
from initreg.discovery.loading import PluginRecord
from initreg.draws.distributions import Constant, Distribution, Normal, TruncatedNormal, Uniform
from initreg.draws.fans import compute_fans
from initreg.draws.seeds import derive_seed
from initreg.draws.shapes import Shape
from initreg.errors import (
    AmbiguousInitializerError,
    BackendError,
    ConfigError,
    Fault,
    InitregError,
    InitregWarning,
    PlanError,
    PluginError,
    RulesError,
    SpecSyntaxError,
    UnknownInitializerError,
    UnreadableError,
)
from initreg.files.checking import Finding, Report, check_file, check_text
from initreg.files.editing import collapse_file, expand_file
from initreg.files.rewriting import collapse, expand
from initreg.integrations.json_schema import json_schema
from initreg.integrations.omegaconf import register_omegaconf_resolver
from initreg.integrations.pydantic_field import InitializerField
from initreg.models.applying import apply
from initreg.models.loading import custom_objects, load_model
from initreg.models.planning import plan
from initreg.models.plans import Plan, PlanEntry
from initreg.models.scoping import Scope, scope
from initreg.registry.names import Entry
from initreg.registry.registry import Registry, default_registry
from initreg.rules.rules import Rule, Rules, read_rules
from initreg.sampling import Sample, sample
from initreg.spec.grammar import parse
from initreg.spec.spec import Argument, Pairs, Spec
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
    "InitregWarning",
    "NonNegative",
    "Normal",
    "Number",
    "Pairs",
    "Plan",
    "PlanEntry",
    "PlanError",
    "PluginError",
    "PluginRecord",
    "Positive",
    "Registry",
    "Report",
    "Rule",
    "Rules",
    "RulesError",
    "Sample",
    "Scope",
    "Seed",
    "Shape",
    "Spec",
    "SpecSyntaxError",
    "TruncatedNormal",
    "Uniform",
    "UnknownInitializerError",
    "UnreadableError",
    "__version__",
    "apply",
    "check_file",
    "check_text",
    "choose_backend",
    "collapse",
    "collapse_file",
    "compute_fans",
    "conflict",
    "custom_objects",
    "default_registry",
    "derive_seed",
    "describe",
    "draw",
    "expand",
    "expand_file",
    "hookimpl",
    "installed_backends",
    "json_schema",
    "load_model",
    "parse",
    "plan",
    "read_rules",
    "register_omegaconf_resolver",
    "resolve",
    "sample",
    "scope",
    "validate",
]
