"""The initializers in a file are rewritten in its text, and all other bytes stay."""

import json
import re
import tomllib
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from initreg import (
    ConfigError,
    InitializerConfig,
    UnreadableError,
    collapse,
    collapse_file,
    expand,
    expand_file,
)
from tests.support.keras_forms import HE, UNIFORM, ZEROS
from tests.support.processes import python


def of_yaml(text):
    return list(YAML(typ="safe", pure=True).load_all(text))


READERS = {
    "yaml": of_yaml,
    "json": lambda text: [json.loads(text)],
    "toml": lambda text: [tomllib.loads(text)],
}


def without_none(data):
    if isinstance(data, dict):
        return {key: without_none(item) for key, item in data.items() if item is not None}
    return [*map(without_none, data)] if isinstance(data, list) else data


def expected(language, data):
    return [*map(without_none, data)] if language == "toml" else data


class Part(str):
    """A part of a text that can be replaced."""

    __slots__ = ()


SPECS = [
    "zeros",
    "he_normal(seed=1)",
    "random_uniform(minval=-1, maxval=1e-5)",
    "constant([[1, 2], [3, 4]])",
    {"type": "lecun_normal", "seed": 3},
    {"class_name": "Constant", "config": {"value": 1e-07}},
    HE,
    UNIFORM,
]
quoted = st.sampled_from(SPECS).map(lambda spec: Part(json.dumps(spec)))
single = st.sampled_from([spec for spec in SPECS if isinstance(spec, str)]).map(
    lambda spec: Part(f"'{spec}'")
)
bare = st.sampled_from([spec for spec in SPECS if isinstance(spec, str)]).map(Part)
words = st.sampled_from(["zeros", "he_normal(seed=1)", "zeros\n    ()"]).map(Part)


def to_toml(value):
    if isinstance(value, dict):
        pairs = (f'"{key}" = {to_toml(v)}' for key, v in value.items() if v is not None)
        return "{" + ", ".join(pairs) + "}"
    return json.dumps(value)


toml_values = st.sampled_from(SPECS).map(lambda spec: Part(to_toml(spec))) | single

NAMES = ["kernel_initializer", "init", "initializer", "'bias_initializer'"]

# Each fragment is a template: `@` becomes a unique number, and `%` a value.
BLOCKS = {
    bare | quoted | single: [
        "init_@_initializer: %\n",
        "init_@_initializer:    %    # kept: zeros\n",
        "init_@_initializer:\n  # before\n  %\n\n\n",
        "sec_@:\n    units: 3\n    kernel_initializer:   %\n    # inside\n    n: [1,\n  2]\n",
        "list_@:\n- kernel_initializer: %\n  n: ~\n- - init: %\n",
        "? init_@_initializer\n: % # complex\n",
        "one_@_initializer: &one_@ %\ntwo_@_initializer: *one_@\n",
        "base_@: &base_@\n  init: %\nuse_@: {<<: *base_@, n: 1}\n",
        "two_@_initializer:\n- %\n-   %\n",
    ],
    words | quoted | single: [
        "flow_@: {kernel_initializer: %, n: 1}\n",
        "flow_@: [ {init: %  , bias_initializer: %}, 1 ]\n",
        "many_@_initializer: [%,  %, ]\n",
    ],
    quoted: ['json_@: {"kernel_initializer":%,"n":1}\n'],
    st.sampled_from(
        ["|\n  zeros", ">-\n  he_normal(\n  seed=1)", "|+\n  zeros", "|2-\n  zeros"]
    ).map(Part): ["block_@_initializer: %\n", "block_@_initializer: %\n\n\n# after\n"],
    st.sampled_from(
        [
            "\n  class_name: HeNormal\n  config:\n    seed: 1",
            "\n\n    type: constant\n    value:\n    - 1\n    - 2",
            " {class_name: HeNormal,\n   config: {seed: 1}}",
            "\n  module: keras.initializers\n  class_name: Zeros\n  config: {}\n"
            "  registered_name: null",
        ]
    ).map(Part): ["init_@_initializer:%   # after\n", "init_@_initializer:%\n# below\n"],
    # A default, and an alias that uses it.
    st.just(Part("*default_@")): [
        "default_@: &default_@ he_normal(seed=1)\ninit_@_initializer: %\n",
        "default_@: &default_@ {type: he_normal}\nsec_@: {init: % , n: *default_@}\n",
    ],
    st.just(Part("")): [
        "# a comment: zeros\n",
        "\n",
        "other_@: {a: 'zeros', b: !!seq [1, x]} # kernel_initializer: zeros\n",
        "text_@: |\n  kernel_initializer: zeros\n\n",
        "none_@_initializer:\n",
        "omega_@_initializer: ${x}\n",
        "date_@: 2020-01-01\nnan_@: .nan\n",
        "? [1, 2]\n: 3\n",
    ],
}


@st.composite
def filled(draw, templates, number):
    """Fill a template: fixed text and replaceable parts alternate."""
    values, texts = draw(st.sampled_from([*templates.items()]))
    parts = []
    for part in re.split("(%)", draw(st.sampled_from(texts))):
        parts.append(draw(values) if part == "%" else part)
    return [type(part)(part.replace("@", str(number))) for part in parts]


@st.composite
def yaml_texts(draw):
    parts = []
    for document in range(draw(st.integers(1, 2))):
        if document or draw(st.booleans()):
            parts.append("--- # document\n")
        count = draw(st.integers(1, 5))
        for number in range(count):
            fragment = draw(filled(BLOCKS, number))
            if "? [" in fragment[0] and number:
                continue
            parts += fragment
    if draw(st.booleans()):
        parts = [type(part)(part.replace("\n", "\r\n")) for part in parts]
    return parts


OBJECTS = {
    quoted: [
        '"init_@_initializer":%',
        '"init_@_initializer" :\n\t % ',
        '"sec_@": {"n": [1, {"kernel_initializer": %}], "init":%}',
        '"many_@_initializer": [ %,%\n]',
    ],
    st.just(Part("")): ['"other_@": "\\u00e9 zeros"', '"none_@_initializer": null', '"n_@": 1e5'],
}


@st.composite
def json_texts(draw):
    parts = [draw(st.sampled_from(["{", "\n{\r\n", "{ \t"]))]
    for number in range(draw(st.integers(1, 5))):
        parts += [draw(st.sampled_from([",", ",\n  ", " , "]))] if number else []
        parts += draw(filled(OBJECTS, number))
    return [*parts, draw(st.sampled_from(["}", "\n}\n", " }\r\n\r\n"]))]


TABLES = {
    toml_values: [
        "init_@_initializer = % # kept\n",
        "  sec.a@.kernel_initializer=%\n",
        "sec_@ = { n = 1, init = % , 'bias_initializer' = %}\n",
        "many_@_initializer = [\n  %, # one\n  %,\n]\n",
        "[table_@] # head\n\nkernel_initializer   =   %\n",
        '[[list_@]]\ninit = %\n[[list_@]]\n[list_@."a b"]\ninit = %\n',
    ],
    st.sampled_from(['"""\nzeros"""', "'''he_normal(\nseed=1)'''", '"ze\\u0072os"']).map(Part): [
        "text_@_initializer = %\n"
    ],
    st.just(Part("")): [
        "# init = 'zeros'\n",
        "\n",
        "date_@ = 2020-01-01 10:00:00 # a date\nx_@ = [1, [2,\n]]\n",
        "text_@ = '''\ninit = 'zeros'\n'''\n",
    ],
}


@st.composite
def toml_texts(draw):
    parts = []
    for number in range(draw(st.integers(1, 5))):
        parts += draw(filled(TABLES, number))
    if draw(st.booleans()):
        parts = [type(part)(part.replace("\n", "\r\n")) for part in parts]
    return parts


TEXTS = {"yaml": yaml_texts(), "json": json_texts(), "toml": toml_texts()}


def write(folder, language, text):
    path = folder / f"config.{language}"
    path.write_bytes(text.encode())
    return path


def assert_same_outside(parts, text):
    """Check that every byte outside of the replaceable parts is the same."""
    pattern = "".join("(?s:.*?)" if isinstance(part, Part) else re.escape(part) for part in parts)
    assert re.fullmatch(pattern, text), text


@pytest.mark.slow
@pytest.mark.parametrize("language", TEXTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_data_is_rewritten_and_every_other_byte_stays(tmp_path, language, data):
    parts = data.draw(TEXTS[language])
    text = "".join(parts)
    read = READERS[language]
    data = shown(read(text))
    path = write(tmp_path, language, text)

    expanded = expand_file(path)
    assert_same_outside(parts, expanded)
    assert shown(read(expanded)) == expected(language, [*map(expand, data)])
    collapsed = collapse_file(path)
    assert_same_outside(parts, collapsed)
    assert shown(read(collapsed)) == expected(language, [*map(collapse, data)])
    assert path.read_bytes() == text.encode()

    write(tmp_path, language, expanded)
    assert expand_file(path) == expanded
    back = collapse_file(path)
    assert_same_outside(parts, back)
    both = [collapse(expand(document)) for document in data]
    assert shown(read(back)) == expected(language, both)


def shown(data):
    """Make tags and NaN comparable."""
    if isinstance(data, dict):
        return {key: shown(item) for key, item in data.items()}
    if isinstance(data, list):
        return [*map(shown, data)]
    return data if data == data and isinstance(data, str | int | float | None) else repr(data)


@pytest.mark.parametrize(
    ("language", "before", "expanded", "collapsed"),
    [
        (
            "yaml",
            "a:\n  init: zeros  # none\n\n# end",
            "a:\n  init: {Z}  # none\n\n# end",
            "a:\n  init: zeros  # none\n\n# end",
        ),
        ("yaml", "init: random_uniform( -1,1 )", None, "init: random_uniform(minval=-1, maxval=1)"),
        (
            "yaml",
            "{init: 'random_uniform(-1,1)'}",
            None,
            '{init: "random_uniform(minval=-1, maxval=1)"}',
        ),
        ("yaml", '{"init":"zeros"}', '{"init":{Z}}', '{"init":"zeros"}'),
        ("yaml", "init: constant([1])", None, 'init: "constant(value=[1])"'),
        (
            "yaml",
            "init: | # why\n  zeros\nb: 1\n",
            "init: {Z} # why\nb: 1\n",
            "init: zeros # why\nb: 1\n",
        ),
        ("yaml", "init:\n  type: zeros # gone\n  \n", "init: {Z} # gone\n  \n", None),
        (
            "yaml",
            "a: &a zeros\ninit: *a\n",
            "a: &a zeros\ninit: {Z}\n",
            "a: &a zeros\ninit: zeros\n",
        ),
        (
            "yaml",
            "init: &a zeros\nb_init: 1\nx: {init: *a}",
            "init: &a {Z}\nb_init: 1\nx: {init: *a}",
            None,
        ),
        ("json", ' { "init":"zeros" } ', ' { "init":{Z} } ', ' { "init":"zeros" } '),
        ("toml", "init='zeros'#x", "init={T}#x", 'init="zeros"#x'),
        (
            "yaml",
            "two_initializer:\n- type: zeros\n  # after\n- zeros\n# kept",
            "two_initializer:\n- {Z}\n  # after\n- {Z}\n# kept",
            "two_initializer:\n- zeros\n  # after\n- zeros\n# kept",
        ),
        ("yaml", "init:\n  # kept\n  type: zeros\n", "init:\n  # kept\n  {Z}\n", None),
        ("yaml", "init:\n\n  type:\n    zeros\n...\n", "init: {Z}\n...\n", "init: zeros\n...\n"),
        (
            "yaml",
            "init: &a\n  type: zeros\nb_initializer: *a",
            "init: &a\n  {Z}\nb_initializer: *a",
            None,
        ),
        ("yaml", '"init" : "zeros"', '"init" : {Z}', '"init" : zeros'),
        ("yaml", "a: !mine {b: 1}\ninit: zeros", "a: !mine {b: 1}\ninit: {Z}", None),
        ("yaml", "", "", ""),
        ("yaml", "zeros", "zeros", "zeros"),
        ("json", '"zeros"', '"zeros"', '"zeros"'),
    ],
)
def test_the_layout_stays(tmp_path, language, before, expanded, collapsed):
    path = write(tmp_path, language, before)
    text = expand_file(path)
    if expanded is not None:
        toml = '{ module = "keras.initializers", class_name = "Zeros", config = {} }'
        assert text == expanded.replace("{Z}", json.dumps(ZEROS)).replace("{T}", toml)
    path.write_text(text)
    if collapsed is not None:
        assert collapse_file(path) == collapsed


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_files_can_have_other_encodings(tmp_path, mark):
    path = tmp_path / "config.yaml"
    path.write_bytes("é: ü\r\ninit: zeros\r\n".encode(mark))
    assert expand_file(path) == f"é: ü\r\ninit: {json.dumps(ZEROS)}\r\n"


def test_yaml_1_1_reads_small_numbers_as_numbers(tmp_path):
    path = write(tmp_path, "yaml", "init: random_uniform(-1e22, 1e-7)")
    assert '"minval": -1.0e+22, "maxval": 1.0e-07' in expand_file(path)
    path.write_text(f"%YAML 1.1\n---\n{expand_file(path)}")
    assert of_yaml(path.read_text())[0]["init"]["config"]["maxval"] == 1e-07


def test_unusual_characters_are_escaped(tmp_path, registry):
    class Labelled(InitializerConfig, name="labelled", builds="acme:Labelled"):
        """An initializer with a label."""

        label: str

    registry.add(Labelled)
    label = "a\x7f\u2028\u0085\ufeff\U0001f600\U000e0001'\"\\{}: #\t\n"
    for language, make in (("json", json.dumps), ("yaml", json.dumps), ("toml", to_toml)):
        spec = {"type": "labelled", "label": label}
        text = make({"init": spec}) if language != "toml" else f"init = {make(spec)}"
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        text = text.replace("\\ud83d\\ude00", "\U0001f600")
        text = text.replace(
            "\\udb40\\udc01", "\\U000e0001" if language != "json" else "\\udb40\\udc01"
        )
        if language == "toml":
            text = text.replace("\\udb40\\udc01", "\\U000e0001")
        path = write(tmp_path, language, text)
        new = expand_file(path, registry=registry)
        (data,) = READERS[language](new)
        assert data["init"]["config"] == {"label": label}
        path.write_text(new)
        collapsed = collapse_file(path, registry=registry)
        (data,) = READERS[language](collapsed)
        assert expand(data, registry=registry)["init"]["config"] == {"label": label}


SHARED = "an anchor, an alias or a tag"
TABLE = "is a table of its own"


@pytest.mark.parametrize(
    ("language", "text", "problem", "line"),
    [
        ("yaml", "init: &a zeros\nb: *a\n", SHARED, 1),
        ("yaml", "b: &a zeros\nmany_initializer: [*a]\n", SHARED, 1),
        ("yaml", "a: {x: &a zeros}\ninit: [[*a]]\n", SHARED, 1),
        ("yaml", "a: &a zeros\ninit:\n  # why\n  *a\n", SHARED, 1),
        ("yaml", "b: 1\ninit: !!str zeros\n", SHARED, 2),
        ("yaml", "init: !!map {type: zeros}\n", SHARED, 1),
        ("yaml", "init:   !!str   &a\n  zeros\n", SHARED, 2),
        ("yaml", "init: &a  !!str\n  zeros\n", SHARED, 2),
        ("yaml", "{init: [!!str 'zeros']}", SHARED, 1),
        ("yaml", "init: ! zeros", SHARED, 1),
        ("yaml", "init: {type: constant, value: &v 1}\nb: *v\n", SHARED, None),
        ("yaml", "init: {type: &v zeros}\nb_initializer: *v\n", None, None),
        ("toml", "a = 1\n[x.init]\ntype = 'zeros'\n", TABLE, 2),
        ("toml", "a = 1\n\ninit.type = 'zeros'\n", TABLE, 3),
        ("toml", "[[init]]\ntype = 'zeros'\n", TABLE, 1),
        ("toml", "[init]\n[init.'{']\n", None, None),
    ],
)
def test_a_layout_without_room_for_the_value_is_rejected(tmp_path, language, text, problem, line):
    path = write(tmp_path, language, text)
    if problem is None:  # either rewritten correctly, or rejected
        try:
            new = expand_file(path)
        except (UnreadableError, ConfigError):
            return
        assert READERS[language](new) == [*map(expand, READERS[language](text))]
        return
    with pytest.raises(UnreadableError, match=problem) as caught:
        expand_file(path)
    assert caught.value.line == line
    assert caught.value.file == str(path)
    assert path.read_text() == text


def test_a_dict_from_keras_is_collapsed_at_its_anchor(tmp_path):
    text = f"a: &he {json.dumps(HE)}\nb: [*he, 1]\nother: {{init: *he}}\n"
    path = write(tmp_path, "yaml", text)
    short = collapse_file(path)
    assert short == "a: &he he_normal(seed=1)\nb: [*he, 1]\nother: {init: *he}\n"


def test_the_faults_of_all_documents_are_reported(tmp_path):
    path = write(tmp_path, "yaml", "init: he_normal(sed=1)\n---\ninit: [zeros, nothing]\n")
    with pytest.raises(ConfigError) as caught:
        expand_file(path)
    assert [fault.location for fault in caught.value.faults] == ["$.init.sed", "$.init[1]"]
    assert collapse_file(path) == path.read_text()


def test_a_file_that_contains_itself_is_rejected(tmp_path):
    path = write(tmp_path, "yaml", "a: &a\n  b: [*a]\ninit: zeros\n")
    with pytest.raises(ConfigError, match="This contains itself"):
        expand_file(path)


def test_a_keras_archive_is_rejected(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"init": HE}))
    with pytest.raises(UnreadableError, match=r"Unzip its file config\.json"):
        collapse_file(path)


def test_a_missing_file_and_an_unknown_extension_are_rejected(tmp_path):
    with pytest.raises(UnreadableError, match="No such file"):
        expand_file(tmp_path / "nothing.yaml")
    (tmp_path / "config.ini").touch()
    with pytest.raises(UnreadableError, match=r"Unknown file extension '\.ini'\."):
        expand_file(tmp_path / "config.ini")


@pytest.mark.slow
def test_a_long_file_is_rewritten(tmp_path):
    layers = [{"kernel_initializer": HE, "bias_initializer": ZEROS} for _ in range(2_000)]
    path = write(tmp_path, "json", json.dumps({"layers": layers}))
    collapsed = collapse_file(path)
    assert json.loads(collapsed) == collapse({"layers": layers})
    assert len(collapsed) < len(path.read_text()) / 3


KERAS_FREE = """
import pathlib, sys, initreg
config = {"kernel_initializer": "he_normal(seed=1)", "init": {"type": "orthogonal"}}
assert initreg.collapse(initreg.expand(config)) == {**config, "init": "orthogonal"}
path = pathlib.Path("c.yaml")
path.write_text("init: zeros")
path.write_text(initreg.expand_file(path))
assert initreg.collapse_file(path) == "init: zeros"
print("keras" in sys.modules)
"""


def test_keras_is_not_imported(tmp_path):
    done = python(KERAS_FREE, cwd=tmp_path, variables={"KERAS_BACKEND": "nothing"})
    assert done.stdout == "False\n"
