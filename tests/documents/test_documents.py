"""Config files are read as other parsers read them, and each value has its position."""

import io
import json
import math
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from initreg import UnknownFormatError, UnreadableError
from initreg.documents import read, read_file
from initreg.documents.characters import offsets
from initreg.documents.node import Items, Pairs, Scalar
from tests.support.processes import python

LANGUAGES = ["yaml", "json", "toml"]


def by_ruamel(text):
    return YAML(typ="safe", pure=True).load(text)


def value_in_toml(text):
    return tomllib.loads(f"x = {text}")["x"]


def in_toml(value):
    """Write a value on one line of TOML."""
    if isinstance(value, dict):
        pairs = (f"{in_toml(key)} = {in_toml(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_toml, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def nodes_of(node, path=()):
    """Yield each value of a document with its path."""
    yield path, node
    if isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from nodes_of(item, (*path, index))
    elif isinstance(node, Pairs):
        for key, (_, value) in node.pairs.items():
            yield from nodes_of(value, (*path, key))


def same(one, other):
    return repr(one) == repr(other)  # NaN is not equal to itself


def check(text, language, loads, value_of):
    """Check the laws of a document: its data, and the position of each value."""
    document = read(text, language).documents[0]
    data = loads(text)
    assert same(document.data, data)
    for path, node in nodes_of(document.root):
        expected = data
        for part in path:
            expected = expected[part]
        slot = document.follow(path)
        assert slot.path == path
        assert slot.node is node
        assert same(slot.value, expected)
        if isinstance(node, Scalar):
            assert same(node.value, expected)
            assert same(value_of(text[node.start : node.end]), expected)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            check_offsets(node, text)


def check_offsets(node, text):
    places = offsets(node, text)
    assert len(places) == len(node.value) + 1
    assert places == sorted(places)
    assert node.start <= places[0]
    assert places[-1] <= node.end
    for character, place in zip(node.value, places, strict=False):
        if not character.isspace():
            assert text[place] in (character, "\\")


characters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(
    st.text(characters, max_size=8),
    st.text("ab \n\t\"'\\{}[]:#,|>-é😀\x85\u2028\r\x7f", max_size=30),
    st.text("ab \n", max_size=120),
)
scalars = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), texts)


def nested(scalars):
    return st.recursive(
        scalars,
        lambda parts: st.lists(parts, max_size=4) | st.dictionaries(texts, parts, max_size=4),
        max_leaves=12,
    )


json_data = nested(st.none() | scalars)


@pytest.mark.slow
@settings(max_examples=150)
@given(json_data, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
@example({"😀": "\ud83d\\\n"}, None, True)
def test_json_is_read_as_the_standard_library_reads_it(data, indent, ascii_only):
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    check(text, "json", json.loads, json.loads)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.dictionaries(texts, nested(scalars), max_size=4), st.booleans())
def test_toml_is_read_as_the_standard_library_reads_it(data, windows):
    text = "".join(f"{in_toml(key)} = {in_toml(value)}\n" for key, value in data.items())
    text = text.replace("\n", "\r\n") if windows else text
    check(text, "toml", tomllib.loads, value_in_toml)


@pytest.mark.slow
@settings(max_examples=150)
@given(
    json_data,
    st.sampled_from([True, False, None]),
    st.sampled_from([20, 80, 4000]),
    st.booleans(),
)
def test_yaml_is_read_as_ruamel_reads_it(data, flow, width, plain_unicode):
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = flow, width, plain_unicode
    written = io.StringIO()
    yaml.dump(data, written)
    try:
        by_ruamel(written.getvalue())
    except YAMLError:  # ruamel.yaml writes {:0: null}, and can't read it
        with pytest.raises(UnreadableError):
            read(written.getvalue(), "yaml")
        return
    check(written.getvalue(), "yaml", by_ruamel, by_ruamel)


@settings(max_examples=80)
@given(
    st.text("ab \n\t\"'\\:#é", max_size=60),
    st.sampled_from(["'", '"', "|", ">"]),
    st.sampled_from([15, 80]),
)
@example("'b' ", "'", 80)  # it starts with three quotes, like a text of TOML
def test_each_character_in_each_style_of_yaml_has_an_offset(value, style, width):
    yaml = YAML(typ="safe", pure=True)
    yaml.default_style, yaml.width = style, width
    written = io.StringIO()
    yaml.dump([value], written)
    document = read(written.getvalue(), "yaml").documents[0]
    assert document.data == by_ruamel(written.getvalue())
    check_offsets(document.root.items[0], written.getvalue())


pieces = st.sampled_from(
    [
        *"()[]{}'\"\\,=*:#.;@%~!&|^<>+-/`$?",
        *("\n", "\r", "\r\n", "\t", "\f", "\0", "\ufeff", "\u2028", "\u2029", "\x85", " ", "\n  "),
        *("- ", "a: ", "? ", "<<: ", "&a ", "*a", "!!python/object:os.system ", "!!int x", "!x "),
        *("!!binary ", "!!timestamp ", "!!set ", "!!omap ", "!!float ", "!!null ", "!!merge "),
        *("---\n", "...\n", "%YAML 1.1\n---\n", "%YAML 9.9\n---\n", "%TAG ! tag:x:\n---\n"),
        *("|\n", "> \n", "|2\n", "true", "null", "1e999", ".nan", "0x1f", "9" * 5000, "12:30:45"),
        *("2020-13-45", "2001-12-14t21:59:43.10-05:00", "'''", '"""', "[[", "]]", "a.b = ", "x\n"),
        *("1979-05-27 07:32:00", "\\u00e9", "\\ud800", "\\x41", "\\U0001F600", "\\\n", "\\N"),
        *("\ud800", "😀", "NaN", "-Infinity", '"a": ', "init: ", "he_normal(sed=1)", "a" * 5000),
    ]
)
garbage = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.lists(pieces, max_size=25).map("".join),
    st.binary(max_size=60),
)


@pytest.mark.slow
@pytest.mark.parametrize("language", [*LANGUAGES, "keras"])
@settings(max_examples=250)
@given(garbage)
@example("?;\r---\nb: [a]\n---\n%YAML 9.9\n---\n")
@example("a: &a [*a]")
@example("a: &a {<<: *a}")
@example("<<: 3")
@example("? [a]\n: {b: c}")
@example("? {a: b}\n: c")
@example("!!int x")
@example("!!python/object/apply:os.system [ls]")
@example("x = 2020-13-45")
@example(b"\xff\xfe\x00")
@example(b"PK\x03\x04")
def test_any_text_is_read_or_unreadable(language, text):
    try:
        source = read(text, language)
    except UnreadableError as error:
        assert error.problem
        assert str(error).startswith("<text>")
    else:
        for document in source.documents:
            for slot in document.top.containers():
                assert isinstance(slot.node, Pairs if isinstance(slot.value, dict) else Items)


# Positions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_are_counted_as_editors_count_them(newline):
    source = read(f"a: 1{newline}b:{newline}  - x\u2028y\x85z{newline}  - c", "yaml")
    items = source.documents[0].root.pairs["b"][1].items
    assert source.position(items[0].start) == (3, 5)
    assert source.position(items[1].start) == (4, 5)
    assert source.position(0) == (1, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_has_a_line_and_a_column(language):
    text = {"yaml": "a: 1\nb: [1,\nc: }", "json": '{"a": 1,\n "b": x}', "toml": "a = 1\nb = x\n"}
    with pytest.raises(UnreadableError) as error:
        read(text[language], language, "conf")
    place = {"yaml": (3, 4), "json": (2, 7), "toml": (2, 5)}[language]
    assert (error.value.line, error.value.column) == place
    assert str(error.value).startswith(f"conf:{place[0]}:{place[1]}: ")


def test_anchors_and_tags_are_not_part_of_the_value():
    text = 'a: &x !!str "one"\nb: &y # why\n  two\nc: &z\nd: 1\n'
    root = read(text, "yaml").documents[0].root
    assert text[root.pairs["a"][1].start : root.pairs["a"][1].end] == '"one"'
    assert text[root.pairs["b"][1].start : root.pairs["b"][1].end] == "two"
    assert root.pairs["c"][1].start < text.index("d: 1")


def test_duplicate_keys_are_reported_at_the_later_one():
    text = '{"a": 1, "b": {"c": 1, "c": 2}}'
    (duplicate,) = read(text, "json").documents[0].duplicates
    assert (duplicate.key, duplicate.node.start) == ("c", text.rindex('"c"'))
    (duplicate,) = read(text, "yaml").documents[0].duplicates
    assert (duplicate.key, duplicate.node.start) == ("c", text.rindex('"c"'))
    with pytest.raises(UnreadableError, match="overwrite"):
        read("a = 1\na = 2\n", "toml")


def test_a_merged_value_is_where_it_is_written():
    text = "base: &base {x: 1, y: 2}\nuse: {<<: *base, y: 3}\n"
    document = read(text, "yaml").documents[0]
    assert document.data["use"] == {"x": 1, "y": 3}
    assert document.follow(("use", "x")).node.start == text.index("1")
    assert document.follow(("use", "y")).node.start == text.index("3")


def test_values_in_tables_of_toml_have_positions():
    text = (
        '[a."b.c"]\nx.y = 1\n[[t]]\nn = 1\n[[t]]\nn = 2\nwhen = 1979-05-27 07:32:00 # then\n'
        "in = {p.q = [1,\n 2]}\n"
    )
    document = read(text, "toml").documents[0]
    assert document.data == tomllib.loads(text)
    for path, written in [
        (("a", "b.c", "x", "y"), "1"),
        (("t", 1, "n"), "2"),
        (("t", 1, "when"), "1979-05-27 07:32:00"),
        (("t", 1, "in", "p", "q", 1), "2"),
    ]:
        node = document.follow(path).node
        assert text[node.start : node.end] == written


# Files -------------------------------------------------------------------------------------------

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_byte_order_mark_determines_the_encoding(encoding, tmp_path):
    mark = "\ufeff" if encoding.endswith("e") and encoding != "utf-16" else ""
    path = tmp_path / "a.yaml"
    path.write_bytes((mark + "key: é😀\r\n").encode(encoding))
    document = read_file(path).documents[0]
    assert document.data == {"key": "é😀"}
    assert document.root.pairs["key"][1].start == 5


def test_invalid_bytes_are_reported_with_their_line():
    with pytest.raises(UnreadableError, match=r"^<text>:2:1: It is not UTF-8: .* Save it as UTF-8"):
        read("a: 1\nb: é".encode("latin-1"), "yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff", "---\n", "\n\n"])
def test_an_empty_file_has_no_data(text):
    assert all(not document.data for document in read(text, "yaml").documents)


def test_folders_missing_files_and_unknown_extensions_are_unreadable(tmp_path):
    (tmp_path / "x.yaml").mkdir()
    with pytest.raises(UnreadableError, match=r"It is a folder\. Name the files in it\."):
        read_file(tmp_path / "x.yaml")
    with pytest.raises(UnreadableError, match="No such file"):
        read_file(tmp_path / "y.yaml")
    (tmp_path / "y.txt").touch()
    with pytest.raises(UnreadableError, match="'': No such file"):
        read_file("")
    with pytest.raises(UnknownFormatError) as error:
        read_file(tmp_path / "y.txt")
    assert error.value.problem == (
        "Unknown file extension '.txt'. Expected .yaml, .yml, .json, .toml or .keras."
    )
    (tmp_path / "config").touch()
    with pytest.raises(UnknownFormatError, match=r"It has no file extension\. Expected \.yaml"):
        read_file(tmp_path / "config")


def test_a_file_without_read_permission_is_unreadable(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", fail)
    with pytest.raises(UnreadableError, match=r"x\.yaml: Permission denied\."):
        read_file(tmp_path / "x.yaml")


# Bombs -------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)
)
CHAIN = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: *a{i - 1}}}\n" for i in range(1, 1000))
REJECTED = {
    "yaml [": ("[" * 100_000, "yaml", "deep"),
    "yaml {": ("{a: " * 100_000, "yaml", "deep"),
    "yaml -": ("- " * 100_000, "yaml", "deep"),
    "yaml ?": ("? " * 100_000, "yaml", "deep"),
    "json [": ("[" * 1_000_000, "json", "deep"),
    "json {": ('{"a":' * 100_000, "json", "deep"),
    "toml [": ("x = " + "[" * 1_000_000, "toml", "deep"),
    "toml {": ("x = " + "{a=" * 100_000, "toml", "deep"),
    "toml tables": ("[" + ".".join("a" * 100_000) + "]", "toml", "100 parts"),
    "toml dotted": (".".join("a" * 100_000) + " = 1", "toml", "100 parts"),
    "toml inline": ("x = {" + ".".join("a" * 100_000) + " = 1}", "toml", "100 parts"),
    "toml together": (f"[{'.'.join('a' * 90)}]\n{'.'.join('b' * 90)} = 1", "toml", "deep"),
    "merges in a chain": (CHAIN, "yaml", "merges"),
    "digits in yaml": ("9" * 100_000, "yaml", "can't be read as int"),
    "digits in toml": ("x = " + "9" * 100_000, "toml", "digits"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "language", "words"), REJECTED.values(), ids=REJECTED.keys())
def test_a_bomb_is_rejected_in_a_short_sentence(text, language, words):
    with pytest.raises(UnreadableError, match=words) as error:
        read(text, language)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("language", ["yaml", "json"])
def test_too_many_values_are_rejected_before_all_are_read(language, monkeypatch):
    monkeypatch.setattr(f"initreg.documents.from_{language}.MAX_VALUES", 1000)
    assert read("[" + "1, " * 900 + "1]", language).documents
    with pytest.raises(UnreadableError, match="more than 1,000 values"):
        read("[" + "1, " * 1001, language)  # the missing end is never reached


LONG = {
    "aliases of aliases": (LAUGHS, "yaml"),
    "one alias often": ("a: &a [1]\nb: [" + "*a, " * 3000 + "]", "yaml"),
    "keys": (json.dumps({f"k{i}": i for i in range(50_000)}), "json"),
    "lines": ("\n" * 500_000 + "[]", "json"),
    "tables": ("[[t]]\nx = 1\n" * 5_000, "toml"),
    "blocks": ("".join(f"k{i}: |\n  text\n" for i in range(2_000)), "yaml"),
    "one long line": (json.dumps("x" * 2_000_000), "json"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "language"), LONG.values(), ids=LONG.keys())
def test_a_text_that_is_only_long_is_read(text, language):
    assert len(read(text, language).documents) == 1


@pytest.mark.slow
def test_files_of_100_mb_are_rejected_in_little_memory(tmp_path):
    pytest.importorskip("resource")
    for ending in LANGUAGES:
        with (tmp_path / f"big.{ending}").open("wb") as file:
            file.truncate(100 << 20)
    (tmp_path / "laughs.yaml").write_text(LAUGHS + "kernel_initializer: *a29\n")
    program = """
        import pathlib, resource, sys
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        from initreg import UnreadableError, check_file
        for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
            try:
                print(check_file(path).checked)
            except UnreadableError as error:
                print(error.problem)
    """
    done = python(program, tmp_path, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "It is larger than 64 MB, the limit for JSON.",
        "It is larger than 8 MB, the limit for TOML.",
        "It is larger than 8 MB, the limit for YAML.",
        "2",
    ]
