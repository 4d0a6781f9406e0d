"""Values on one line: in JSON, in YAML and in TOML."""

import json
import re
from typing import Any

_PLAIN = re.compile(r"[a-z][A-Za-z0-9_.-]*(?:\([A-Za-z0-9_=.,()/*+ -]*\))?")
_NOT_TEXT = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")  # YAML 1.1's, too
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")  # of TOML, without quotes
_EXPONENT_OF_WHOLE = re.compile(r"^(-?\d+)e")


def in_json(value: Any) -> str:
    """Write a value in JSON."""
    return json.dumps(value, ensure_ascii=False)


def in_yaml(value: Any) -> str:
    """Write a value in YAML, with text in quotes, so that it can be inside ``{…}`` and ``[…]``."""
    match value:
        case dict():
            pairs = (f"{_quoted(key)}: {in_yaml(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(in_yaml, value)) + "]"
        case float():  # YAML 1.1 reads 1e-05 as text, and 1.0e-05 as a number
            return _EXPONENT_OF_WHOLE.sub(r"\1.0e", json.dumps(value))
        case str():
            return _quoted(value)
    return json.dumps(value)


def in_yaml_block(value: Any) -> str:
    """Write a value in YAML as people do outside ``{…}`` and ``[…]``: simple text is unquoted."""
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _NOT_TEXT
    return value if is_plain else in_yaml(value)


def in_toml(value: Any) -> str:
    """Write a value in TOML. Because TOML has no null, pairs whose value is None are left out."""
    match value:
        case dict():
            pairs = [f"{_key(key)} = {in_toml(v)}" for key, v in value.items() if v is not None]
            return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
        case list():
            return "[" + ", ".join(map(in_toml, value)) + "]"
        case str():
            return _quoted(value)
    return json.dumps(value)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    """Write text so that JSON, YAML and TOML all read it."""
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04X}" if ord(c) < 0x10000 else f"\\U{ord(c):08X}"
        for c in json.dumps(text, ensure_ascii=False)
    )
