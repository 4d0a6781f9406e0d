"""The config on the page about editors is right, by the schema and by the check."""

import jsonschema
from ruamel.yaml import YAML

from initreg import check_text, json_schema


def test_the_config(blocks):
    (config,) = (b.text for b in blocks("docs/editors.md") if b.language == "yaml")
    report = check_text(config)
    assert (report.checked, report.findings) == (3, ())
    document = jsonschema.Draft202012Validator(json_schema("document"))
    data = YAML(typ="safe", pure=True).load(config)
    assert document.is_valid(data)
    data["layers"][1]["kernel_initializer"]["stddev"] = -1
    assert not document.is_valid(data)
