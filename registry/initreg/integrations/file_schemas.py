"""JSON Schema of files: configs that contain initializers, and rules for a model's weights."""

from typing import Any

from initreg.draws.seeds import MAX_SEED

Schema = dict[str, Any]

END = r"(?!\n)$"  # in Python, `$` alone also matches before a line break at the end
INITIALIZER: Schema = {"$ref": "#/$defs/initializer"}

# The value of a key that holds an initializer. It may also be null, or an interpolation of
# OmegaConf.
_ONE = [INITIALIZER, {"type": "null"}, {"type": "string", "pattern": r"\$\{"}]
_HELD: Schema = {
    "anyOf": [*_ONE, {"type": "array", "items": {"anyOf": _ONE}}],
    "doNotSuggest": True,  # otherwise, editors offer the key at every level of every document
}

# A key named `init` may also hold something else: a switch, a count or a section.
_INIT: Schema = {
    "anyOf": [
        *_HELD["anyOf"],
        {"type": ["boolean", "number"]},
        {
            "type": "object",
            "not": {"anyOf": [{"required": ["type"]}, {"required": ["class_name"]}]},
            "allOf": [{"$ref": "#/$defs/document"}],
        },
    ],
    "doNotSuggest": True,
}

# yaml-language-server completes values only for keys that the schema names, and not for patterns.
# So these are the weights of Keras's layers that have an initializer.
_WEIGHTS = [
    "alpha",
    "beta",
    "bias",
    "depthwise",
    "embeddings",
    "gamma",
    "kernel",
    "moving_mean",
    "moving_variance",
    "pointwise",
    "recurrent",
]
_KEYS = ["initializer", *(f"{weight}_initializer" for weight in _WEIGHTS)]

DOCUMENT: Schema = {
    "properties": {"init": _INIT, **dict.fromkeys(_KEYS, _HELD)},
    "patternProperties": {f"^.*_initializer{END}": _HELD},
    "additionalProperties": {"$ref": "#/$defs/document"},
    "items": {"$ref": "#/$defs/document"},
}

_RULE: Schema = {
    "type": "object",
    "required": ["match", "init"],
    "additionalProperties": False,
    "properties": {
        "match": {
            "description": "Regular expression, searched in the weight's path.",
            "type": "string",
            "format": "regex",
        },
        "init": {
            "description": "The initializer, or keep to leave the weight alone.",
            "anyOf": [{"const": "keep"}, INITIALIZER],
        },
        "layer": {
            "description": "Name of the layer's class, such as Dense.",
            "type": "string",
        },
        "weight": {
            "description": "Name of the variable, such as kernel.",
            "type": "string",
        },
    },
}

RULES: Schema = {
    "type": ["object", "array"],
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {
        "seed": {
            "description": "Seed that the weights' own seeds are derived from.",
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_SEED}, {"type": "null"}],
        },
        "rules": {
            "description": "The rules; the first that matches a weight wins.",
            "type": "array",
            "items": _RULE,
        },
    },
    "items": _RULE,  # a file may also be the list alone
}
