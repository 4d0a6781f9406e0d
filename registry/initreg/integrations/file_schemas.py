"""JSON Schema of files that hold initializers: any config, and rules for a model's weights."""

import keyword
from typing import Any

from initreg.draws.seeds import MAX_SEED
from initreg.rules.names import MAX_NAMES, TAKEN

Schema = dict[str, Any]

END = r"(?!\n)$"  # in Python, `$` also matches before a line break at the end
INITIALIZER: Schema = {"$ref": "#/$defs/initializer"}

# The value of an initializer's key in a document: an initializer, null, or an interpolation that
# OmegaConf replaces.
_ONE = [INITIALIZER, {"type": "null"}, {"type": "string", "pattern": r"\$\{"}]
_HELD: Schema = {
    "anyOf": [*_ONE, {"type": "array", "items": {"anyOf": _ONE}}],
    "doNotSuggest": True,  # otherwise, editors suggest the key at every level of every document
}

# The value of `init`, which in many configs is something else: a switch, a count, a section.
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

# Keys with these names match the pattern in DOCUMENT, too. They are listed because
# yaml-language-server completes values only for keys that are listed by name.
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
            "description": "The initializer, or keep to leave the weight unchanged. As text, it "
            "can compute with fan_in, fan_out, size, named groups of match, and the names of let.",
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

_NAME_OF_NUMBER = rf"^(?!(?:{'|'.join((*TAKEN, *keyword.kwlist))}){END})[A-Za-z_][A-Za-z0-9_]*{END}"

RULES: Schema = {
    "type": ["object", "array"],
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {
        "seed": {
            "description": "Seed that the weights' own seeds are derived from.",
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_SEED}, {"type": "null"}],
        },
        "fans": {
            "description": "The fans that initializers scale with: the true ones of each weight, "
            "or those that Keras would use.",
            "enum": [True, "true", "keras", None],
        },
        "let": {
            "description": "Numbers that the rules compute with: a number, arithmetic of earlier "
            "ones, or count(pattern), how many different names a pattern finds in the model.",
            "type": ["object", "null"],
            "maxProperties": MAX_NAMES,
            "propertyNames": {"pattern": _NAME_OF_NUMBER},
            "additionalProperties": {"type": ["number", "string"], "minLength": 1},
        },
        "rules": {
            "description": "The rules. The first one that matches a weight applies.",
            "type": "array",
            "items": _RULE,
        },
    },
    "items": _RULE,  # if the file is only a list
}
