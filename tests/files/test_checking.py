"""A config file is checked as a whole: each fault is reported once, with line and column."""

import io
import json
import sys
import zipfile

import pytest

from initreg import InitializerConfig, UnreadableError, check_file, check_text
from initreg.errors import Fault

SED = "he_normal has no parameter 'sed'. Did you mean 'seed'?"


def check(text, language="yaml", **more):
    return check_text(text, language=language, **more)


def places(report):
    return [(finding.line, finding.column) for finding in report.findings]


def only(report):
    (finding,) = report.findings
    return finding


# Strings -----------------------------------------------------------------------------------------

# Each text with the line and the column of `sed`, and its line in the text.
STYLES = {
    "yaml plain": ("yaml", "init: he_normal(sed=1)", 1, 17),
    "yaml single": ("yaml", "init: 'he_normal(sed=1)'", 1, 18),
    "yaml double": ("yaml", 'init: "he_normal(sed=1)"', 1, 18),
    "yaml double with \\x": ("yaml", r'init: "he_normal(\x73ed=1)"', 1, 18),
    "yaml double after \\u": ("yaml", r'init: "he\u005fnormal(sed=1)"', 1, 23),
    "yaml double after \\U": ("yaml", r'init: "he\U0000005fnormal(sed=1)"', 1, 27),
    "yaml double after \\n": ("yaml", r'init: "he_normal(\nsed=1)"', 1, 20),
    "yaml double folded": ("yaml", 'init: "he_normal(\n\n    sed=1)"', 3, 5),
    "yaml double joined": ("yaml", 'init: "he_normal(\\\n   sed=1)"', 2, 4),
    "yaml double joined and spaced": ("yaml", 'init: "he_normal(\\\n   \\ sed=1)"', 2, 6),
    "yaml single doubled": ("yaml", "init: 'constant(''a'', sed=1)'", 1, 24),
    "yaml single folded": ("yaml", "init: 'he_normal(\n  sed=1)'", 2, 3),
    "yaml plain folded": ("yaml", "init: he_normal(\n  seed=1,\n  sed=1)", 3, 3),
    "yaml literal": ("yaml", "init: |\n  he_normal(\n    sed=1\n  )\n", 3, 5),
    "yaml literal indented": ("yaml", "init: |2-\n  he_normal(\n      sed=1)\n", 3, 7),
    "yaml folded": ("yaml", "init: >-  # why\n  he_normal(\n  sed=1)\n", 3, 3),
    "yaml folded kept": ("yaml", "init: >+\n\n  he_normal(\n\n\n  sed=1)\n\n", 6, 3),
    "yaml anchored": ("yaml", 'init: &a !!str "he_normal(sed=1)"', 1, 27),
    "yaml flow": ("yaml", "[{init: he_normal(sed=1)}]", 1, 19),
    "yaml document two": ("yaml", "---\na: 1\n---\ninit: he_normal(sed=1)\n", 4, 17),
    "yaml wide": ("yaml", "{a: 中😀, init: he_normal(sed=1)}", 1, 25),
    "yaml NEL": ("yaml", 'a: "x\u2028y"\ninit: he_normal(sed=1)', 2, 17),
    "json": ("json", '{"init": "he_normal(sed=1)"}', 1, 21),
    "json escape": ("json", r'{"init": "he\u005fnormal(\tsed=1)"}', 1, 28),
    "json pair": ("json", r'{"init": "constant(\"\ud83d\ude00\", sed=1)"}', 1, 38),
    "json lines": ("json", '{\n "a": [\n  {"init": "he_normal(sed=1)"}]}', 3, 23),
    "toml basic": ("toml", 'init = "he_normal(sed=1)"', 1, 19),
    "toml basic escape": ("toml", r'init = "he\u005fnormal(sed=1)"', 1, 24),
    "toml literal": ("toml", "init = 'he_normal(sed=1)'", 1, 19),
    "toml long basic": ("toml", 'init = """\nhe_normal(\\\n\n   sed=1)"""', 4, 4),
    "toml long literal": ("toml", "init = '''\nhe_normal(\n  sed=1)'''", 3, 3),
    "toml long literal with quotes": ("toml", "init = '''constant(value='', sed=1)'''", 1, 30),
    "toml dotted": ("toml", 'a.b.init = "he_normal(sed=1)"', 1, 23),
    "toml inline": ("toml", 'a = {b = 1, init = "he_normal(sed=1)"}', 1, 31),
    "toml tables": ("toml", '[[a]]\nb = 1\n[[a]]\ninit = "he_normal(sed=1)"', 4, 19),
    "toml date": ("toml", 'a = [1979-05-27 07:32:00]\ninit = "he_normal(sed=1)"', 2, 19),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("language", "text", "line", "column"), STYLES.values(), ids=STYLES.keys())
def test_the_caret_is_inside_each_style_of_string(language, text, line, column, newline):
    finding = only_named_sed(check(text.replace("\n", newline), language))
    assert (finding.line, finding.column) == (line, column)
    shown, carets = finding.excerpt.split("\n")
    assert shown == text.split("\n")[line - 1].rstrip()
    assert carets.strip() in ("^^^", "^" * len(r"\x73ed"))


def only_named_sed(report):
    (finding,) = [finding for finding in report.findings if "'sed'" in finding.message]
    return finding


def test_a_carriage_return_alone_ends_a_line():
    finding = only(check("a: 1\rinit: he_normal(sed=1)\r"))
    assert (finding.line, finding.column) == (2, 17)
    assert finding.excerpt == f"init: he_normal(sed=1)\n{' ' * 16}^^^"


def test_a_part_of_a_long_line_is_shown():
    text = json.dumps([{"init": "he_normal(sed=1)"}] * 500)
    report = check(text, "json")
    assert (report.checked, len(report.findings)) == (500, 500)
    for finding in report.findings:
        line, carets = finding.excerpt.split("\n")
        assert len(line) <= 98
        assert line[carets.index("^") : len(carets)] == "sed"


# Findings ----------------------------------------------------------------------------------------


def test_a_finding_has_all_fields():
    finding = only(check("a:\n- init: he_normal(sed=1)", file="x.yaml"))
    assert (finding.file, finding.line, finding.column) == ("x.yaml", 2, 19)
    assert (finding.end_line, finding.end_column) == (2, 22)
    assert (finding.code, finding.path) == ("unknown-parameter", "$.a[0].init.sed")
    assert finding.message.startswith(SED)
    assert str(finding) == f"x.yaml:2:19: {finding.message}"


def test_all_faults_are_reported_in_the_order_of_the_text():
    text = """\
a_initializer: random_normal(mean=x, stddev=-1, sed=1)
b: [{init: nothing}, {init: "he_normal("}]
c_initializer: {type: random_normal, stddev: -1, mean: y}
"""
    report = check(text)
    assert report.checked == 4
    assert places(report) == [
        (1, 35),
        (1, 45),
        (1, 49),
        (2, 12),
        (2, 39),
        (3, 46),
        (3, 56),
    ]
    assert {finding.code for finding in report.findings} == {
        "wrong-value",
        "unknown-parameter",
        "unknown-initializer",
        "syntax",
    }
    assert all("\n" not in finding.message for finding in report.findings)


def test_a_misspelt_parameter_of_a_dict_is_shown_at_its_key():
    finding = only(check("init:\n  type: random_normal\n  stdev: 0.1\n"))
    assert (finding.line, finding.column, finding.end_column) == (3, 3, 8)
    assert finding.excerpt == "  stdev: 0.1\n  ^^^^^"


def test_a_missing_parameter_is_shown_at_the_name(registry):
    finding = only(check("init: {seed: 1, type: need}".replace("seed: 1, ", ""), registry=registry))
    assert (finding.line, finding.column, finding.code) == (1, 14, "missing-parameter")
    finding = only(check("init: need", registry=registry))
    assert (finding.line, finding.column, finding.end_column) == (1, 7, 11)


def test_a_fault_in_a_dict_from_keras_is_shown_at_the_value():
    text = '{"init": {"class_name": "RandomNormal", "config": {"mean": 0, "stddev": -1}}}'
    finding = only(check(text, "json"))
    assert (finding.column, finding.path) == (text.index("-1") + 1, "$.init.config.stddev")
    unknown = only(check(text.replace("RandomNormal", "RandmNormal"), "json"))
    assert (unknown.column, unknown.code) == (text.index('"Ran') + 1, "unknown-initializer")


NESTED = """\
init:
  type: wrap
  inner: he_normal(sed=1)
  other:
    type: random_normal
    stddev: -1
  many:
  - zeros
  - "random_normal(mean=x)"
"""


def test_faults_in_nested_initializers_are_shown_at_their_values(registry):
    assert places(check(NESTED, registry=registry)) == [(3, 20), (6, 13), (9, 25)]


def test_a_fault_in_a_shared_value_is_reported_once_at_the_anchor():
    text = "a: &a he_normal(sed=1)\nx_initializer: *a\ny_initializer: [*a, *a]\n"
    report = check(text)
    assert (report.checked, places(report)) == (1, [(1, 17)])


def test_a_fault_in_a_merged_value_is_reported_where_it_is_written():
    text = "base: &b\n  type: random_normal\n  stddev: -1\ninit:\n  <<: *b\n  mean: x\n"
    assert places(check(text)) == [(3, 11), (6, 9)]


def test_a_fault_in_a_shared_list_is_reported():
    assert places(check("base: &b [he_normal(sed=1)]\ninit: *b\n")) == [(1, 21)]


@pytest.mark.parametrize("language", ["json", "yaml"])
def test_a_duplicate_key_is_reported_at_the_later_one(language):
    finding = only(check('{"a": [{"b": 1, "b": 2}]}', language))
    assert (finding.column, finding.code, finding.path) == (17, "duplicate-key", "$.a[0].b")


def test_an_initializer_with_too_many_values_is_a_finding():
    lists = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    text = f"a0: &a0 [1, 1]\n{lists}init: {{type: constant, value: *a29}}\n"
    assert only(check(text)).message == "An initializer can have at most 10,000 values."
    assert only(check("init: &x {type: constant, value: *x}")).code == "form"


class Broken(InitializerConfig, name="broken", builds="keras.initializers:Constant"):
    """Fail."""

    value: float = 0

    def model_post_init(self, context):
        raise RuntimeError("out of order")


def test_an_error_of_a_plugin_is_a_finding(registry):
    registry.add(Broken)
    report = check("a_initializer: broken\nb_initializer: he_normal(sed=1)\n", registry=registry)
    assert [finding.code for finding in report.findings] == ["plugin", "unknown-parameter"]
    assert report.findings[0].column == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("init: !custom he_normal", "not a value tagged !custom"),
        ("kernel_initializer: 3", "not 3"),
        ("kernel_initializer: {1: 2}", "text, not 1"),
        ("kernel_initializer: {}", "no 'type'"),
        ("kernel_initializer: !!python/object/apply:os.system [ls]", "no initializer 'ls'"),
    ],
)
def test_a_value_that_is_not_a_spec_is_a_finding(text, message):
    assert message in only(check(text)).message


def test_other_values_are_not_checked():
    text = """\
services: {web: {init: true}}
initialize: {vectors: null}
initializer_range: 0.02
kernel_initializer: ${model.init}
bias_initializer:
"""
    report = check(text)
    assert (report.checked, report.findings) == (0, ())


def test_keys_add_patterns():
    assert check("weights: he_normal(sed=1)").checked == 0
    assert places(check("weights: he_normal(sed=1)", keys=["weig*"])) == [(1, 20)]


def test_an_unknown_format_is_rejected():
    with pytest.raises(ValueError, match="must be one of yaml, json, toml, keras, not 'xml'"):
        check("", "xml")


def test_a_file_is_never_changed(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfinit: he_normal(sed=1)\r\n# end")
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert only(check_file(path)).column == 17
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


# Keras archives ----------------------------------------------------------------------------------


def archive(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(name.replace("_json", ".json"), text)
    return data.getvalue()


def test_the_config_of_an_archive_is_checked(tmp_path):
    layer = {"class_name": "RandomNormal", "module": "keras.initializers", "config": {"stddev": -1}}
    text = json.dumps({"module": "os", "class_name": "system", "start": layer})
    path = tmp_path / "model.keras"
    path.write_bytes(archive(config_json=text))
    finding = only(check_file(path))
    assert (finding.line, finding.column) == (1, text.index("-1") + 1)
    assert finding.path == "$.start.config.stddev"
    assert check_text(path.read_bytes(), language="keras").checked == 1


def test_a_model_that_keras_saved_is_checked(tmp_path):
    keras = pytest.importorskip("keras")
    path = tmp_path / "model.keras"
    layers = [keras.Input((4,)), keras.layers.Dense(3, kernel_initializer="he_normal")]
    keras.Sequential(layers).save(path)
    report = check_file(path)
    assert (report.checked, report.findings) == (2, ())


def test_a_module_that_a_config_names_is_never_imported(tmp_path, monkeypatch):
    (tmp_path / "trap_of_a_config.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    trap = {"module": "trap_of_a_config", "class_name": "Trap", "registered_name": "Trap"}
    check(archive(config_json=json.dumps({"kernel_initializer": trap})), "keras")
    check("init: !!python/object/apply:trap_of_a_config.Trap []")
    assert "trap_of_a_config" not in sys.modules


def encrypted():
    data = bytearray(archive(config_json="{}"))
    data[6] |= 1  # the flag of the member itself
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and that of the index
    return bytes(data)


BROKEN = {
    "no config": (
        archive(metadata_json="{}"),
        r"It has no config\.json, so Keras 3 did not save it\.",
    ),
    "cut off": (archive(config_json="{}")[:-10], "It isn't a Keras archive"),
    "encrypted": (encrypted(), "It isn't a Keras archive: .*encrypted"),
    "no zip": (b"\x89HDF\r\n", "It isn't a Keras archive: File is not a zip file"),
    "empty": (b"", "It isn't a Keras archive"),
    "a bomb": (archive(config_json=b" " * (100 << 20)), "It is larger than 64 MB"),
    "broken inside": (archive(config_json="{" * 99).replace(b"\xab", b"\xff"), "archive|Expected"),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_an_invalid_archive_is_unreadable(data, words, tmp_path):
    (tmp_path / "x.keras").write_bytes(data)
    with pytest.raises(UnreadableError, match=words):
        check_file(tmp_path / "x.keras")


def test_the_path_of_a_finding_is_the_location_of_its_fault():
    assert only(check("a: [{init: nothing}]")).path == Fault("", ("a", 0, "init")).location


@pytest.mark.parametrize(
    ("text", "checked", "messages"),
    [
        ("init: {type: normal, stddev: '${a.b}'}", 1, []),
        ("init: {type: normal, stddev: '${a.b}', sed: 1}", 1, ["has no parameter 'sed'"]),
        ("init: {type: random_uniform, minval: 1, maxval: '${m}'}", 1, []),
        ("init: {type: constant, value: [1, '${m}']}", 1, []),
        (
            "init: {class_name: Constant, config: {value: '${m}', x: 1}}",
            1,
            ["has no parameter 'x'"],
        ),
        ("init: {class_name: Constant, config: '${c}'}", 1, []),
        ("init: {type: '${kind}', stddev: -1}", 0, []),
        ("init: {class_name: '${kind}'}", 0, []),
    ],
)
def test_interpolations_are_not_checked(text, checked, messages):
    report = check_text(text)
    assert report.checked == checked
    assert len(report.findings) == len(messages)
    assert all(m in f.message for m, f in zip(messages, report.findings, strict=True))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("init:\n  type: normal\n  stddev: # todo\n\n# more\nb: 1\n", (3, 10)),
        ("init:\n  type: normal\n  stddev:\nb: 1\n", (3, 10)),
        ("init: {type: normal, stddev: , seed: 1}\n", (1, 29)),
        ("init: {type: normal, stddev}\n", (1, 28)),
    ],
)
def test_an_empty_value_of_yaml_has_a_position(text, place):
    (finding,) = check_text(text).findings
    assert (finding.line, finding.column) == place
    assert finding.message == "stddev must be a number, not None."


def test_an_anchor_can_be_used_again():
    report = check_text("a: &a {init: zeros}\nb: &a {init: ones}\nc: *a\n")
    assert (report.checked, report.findings) == (2, ())


@pytest.mark.parametrize(
    ("text", "is_explained"),
    [
        ("- {init: normal(stddev=1, seed=1)}", True),
        ("- [{init: he_normal(seed=1, }]", True),
        ("- {init: 'normal(stddev=1', a: 1}", False),
        ("init: normal(stddev=1", False),
    ],
)
def test_a_spec_that_yaml_cuts_at_a_comma_is_explained(text, is_explained):
    (finding,) = check_text(text).findings
    assert finding.code == "syntax"
    assert ("Put the spec in quotes" in finding.message) is is_explained


def test_a_single_pattern_is_rejected():
    with pytest.raises(TypeError, match=r"keys must be a list of patterns, such as \['start'\]"):
        check_text("start: ones", keys="start")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('// a comment\n{"init": "ones"}', "JSON has no comments."),
        ('{"init": /* a comment */ "ones"}', "JSON has no comments."),
        ('{"init": "on\tes"}', "Invalid control character."),
        ('{"init": "ones', "Unterminated string."),
    ],
)
def test_errors_in_json_are_explained(text, problem):
    with pytest.raises(UnreadableError) as caught:
        check_text(text, language="json")
    assert caught.value.problem == problem


def test_a_report_says_whether_it_counts_initializers_or_rules():
    assert check("init: zeros").form == "config"
    report = check("rules: [{match: kernel, init: zeros}, {match: bias, init: keep}]", form="rules")
    assert (report.form, report.checked, report.findings) == ("rules", 2, ())


def test_an_unknown_form_is_rejected():
    with pytest.raises(ValueError, match=r"form must be 'config' or 'rules', not 'plan'\."):
        check("init: zeros", form="plan")
