"""A plugin that fails in any way has a record with one useful line. The others work."""

import json
import re
from dataclasses import dataclass

import pytest

HEAD = "from initreg import InitializerConfig, hookimpl\n"


def returning(expression, *lines):
    """Write the source of a plugin whose hook returns this expression."""
    hook = f"@hookimpl\ndef initreg_initializers():\n    return {expression}\n"
    return HEAD + "".join(f"{line}\n" for line in lines) + hook


def config(name, *, aliases=()):
    return f"class Bad(InitializerConfig, name={name!r}, aliases={aliases!r}): 'Fill.'"


@dataclass(frozen=True)
class Failing:
    """A plugin's source, its record's error (a pattern in which `*` is anything) and more."""

    source: str
    error: str
    entry_point: str = ""
    initializers: tuple[str, ...] = ()
    imported: bool = True


ANSWER = "initreg_initializers must return a list of InitializerConfig classes, not"
NOT_A_CLASS = "which is not a subclass of InitializerConfig"
ALIAS_RULE = "Use letters, digits and underscores, a letter first"
NO_HOOK = (
    "it implements no hook. Mark its initreg_initializers, initreg_roles or "
    "initreg_commands function with @initreg.hookimpl"
)

FAILING = {
    # At import.
    "import_error": Failing(
        "import surely_not_there",
        "ModuleNotFoundError: No module named 'surely_not_there' "
        "(failing_inits/import_error.py, line 2)",
        imported=False,
    ),
    "import_error_within": Failing(
        "from failing_inits import import_error",
        "ModuleNotFoundError: No module named 'surely_not_there' "
        "(failing_inits/import_error.py, line 2)",
        imported=False,
    ),
    "syntax_error": Failing(
        "def broken(:", "SyntaxError: invalid syntax (syntax_error.py, line 2)", imported=False
    ),
    "null_bytes": Failing("x = '\0'", "*null bytes*", imported=False),
    "any_error": Failing(
        "raise RuntimeError('no licence\\nfound')",
        "RuntimeError: no licence found (failing_inits/any_error.py, line 2)",
        imported=False,
    ),
    "wordless_error": Failing(
        "raise KeyError", "KeyError (failing_inits/wordless_error.py, line 2)", imported=False
    ),
    "unprintable_error": Failing(
        "class Odd(Exception):\n    def __str__(self): return self.text\nraise Odd",
        "Odd (failing_inits/unprintable_error.py, line 4)",
        imported=False,
    ),
    "endless": Failing(
        "def again(): again()\nagain()",
        "RecursionError: maximum recursion depth exceeded* (failing_inits/endless.py, line 2)",
        imported=False,
    ),
    "exits": Failing(
        "sys.exit(3)", "SystemExit: 3 (failing_inits/exits.py, line 2)", imported=False
    ),
    "exits_well": Failing(
        "sys.exit()", "SystemExit (failing_inits/exits_well.py, line 2)", imported=False
    ),
    # In the entry point.
    "missing_attribute": Failing(
        "pass",
        "AttributeError: module 'failing_inits.missing_attribute' has no attribute 'plugin'",
        entry_point="failing_inits.missing_attribute:plugin",
        imported=False,
    ),
    "missing_module": Failing(
        "pass",
        "ModuleNotFoundError: No module named 'failing_inits.nowhere'",
        entry_point="failing_inits.nowhere",
        imported=False,
    ),
    "missing_package": Failing(
        "pass",
        "ModuleNotFoundError: No module named 'failing_intis'",
        entry_point="failing_intis",
        imported=False,
    ),
    "no_entry_point": Failing(
        "pass",
        "its entry point 'path/to/plugin.py' is not 'module' or 'module:name'",
        entry_point="path/to/plugin.py",
        imported=False,
    ),
    "none": Failing("plugin = None", NO_HOOK, entry_point="failing_inits.none:plugin"),
    # At the hook.
    "misspelt_hook": Failing(
        returning("[]").replace("initializers", "initialisers"),
        "PluginValidationError: unknown hook 'initreg_initialisers' in plugin <module "
        "'failing_inits.misspelt_hook' from '*'>",
    ),
    "wrong_argument": Failing(
        returning("[]").replace("()", "(context)"),
        "PluginValidationError: Plugin 'failing-inits:wrong_argument' for hook "
        "'initreg_initializers' hookimpl definition: initreg_initializers(context) Argument(s) "
        "{'context'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "no_hook": Failing(returning("[]").replace("@hookimpl\n", ""), NO_HOOK),
    "no_hook_but_optional": Failing(
        HEAD + "@hookimpl(optionalhook=True)\ndef initreg_other(): pass", NO_HOOK
    ),
    "raising_hook": Failing(
        returning("[1 / 0]"),
        "ZeroDivisionError: division by zero (failing_inits/raising_hook.py, line 5)",
    ),
    "exiting_hook": Failing(
        returning("exit(1)"), "SystemExit: 1 (failing_inits/exiting_hook.py, line 5)"
    ),
    # In what the hook returns.
    "returns_none": Failing(returning("None"), f"{ANSWER} NoneType"),
    "returns_text": Failing(returning("'random_normal'"), f"{ANSWER} str"),
    "returns_a_dict": Failing(returning("{}"), f"{ANSWER} dict"),
    "returns_a_generator": Failing(returning("(x for x in ())"), f"{ANSWER} generator"),
    "yields": Failing(returning("0").replace("return", "yield"), f"{ANSWER} generator"),
    "returns_a_class": Failing(returning("Bad", config("bad_1")), f"{ANSWER} ModelMetaclass"),
    "returns_an_instance": Failing(
        returning("[Bad()]", config("bad_2")), f"initreg_initializers returned Bad(), {NOT_A_CLASS}"
    ),
    "returns_names": Failing(
        returning("['bad']"), f"initreg_initializers returned 'bad', {NOT_A_CLASS}"
    ),
    "returns_another_class": Failing(
        returning("[dict]"), f"initreg_initializers returned <class 'dict'>, {NOT_A_CLASS}"
    ),
    "returns_what_has_no_repr": Failing(
        returning("[Odd()]", "class Odd: __repr__ = None"),
        f"initreg_initializers returned this Odd, {NOT_A_CLASS}",
    ),
    "returns_the_base": Failing(
        returning("[InitializerConfig]"),
        "InitializerConfig has no name. Write class InitializerConfig(InitializerConfig, name='…')",
    ),
    "nameless": Failing(
        returning("[Bad]", "class Bad(InitializerConfig): 'Fill.'"),
        "Bad has no name. Write class Bad(InitializerConfig, name='…')",
    ),
    # In names: rejected when the class is made …
    "invalid_name": Failing(
        returning("[Bad]", config("Bad-Name")),
        "Bad: 'Bad-Name' is not a valid name for an initializer. Use lower-case letters, digits "
        "and underscores, a letter first (failing_inits/invalid_name.py, line 3)",
        imported=False,
    ),
    "invalid_alias": Failing(
        returning("[Bad]", config("bad_3", aliases=("acme.bad",))),
        f"Bad: 'acme.bad' is not a valid alias for an initializer. {ALIAS_RULE} "
        "(failing_inits/invalid_alias.py, line 3)",
        imported=False,
    ),
    "alias_of_another_type": Failing(
        returning("[Bad]", config("bad_4", aliases=(1,))),
        f"Bad: 1 is not a valid alias for an initializer. {ALIAS_RULE} "
        "(failing_inits/alias_of_another_type.py, line 3)",
        imported=False,
    ),
    # … or when they conflict with others.
    "reserved_name": Failing(
        returning("[Bad]", config("random_normal")),
        "'random_normal' is rejected: 'random_normal' is a built-in name",
    ),
    "reserved_spelling": Failing(
        returning("[Bad]", config("randomnormal_")),
        "'randomnormal_' is rejected: 'randomnormal_' is a built-in name",
    ),
    "reserved_alias": Failing(
        returning("[Bad]", config("bad_5", aliases=("bad5", "RandomNormal"))),
        "'bad_5' is rejected: 'RandomNormal' is a built-in name",
    ),
    "reserved_alias_of_an_alias": Failing(
        returning("[Bad]", config("bad_6", aliases=("normal",))),
        "'bad_6' is rejected: 'normal' is a built-in name",
    ),
    "partly": Failing(
        returning(
            "[Fine, Bad]",
            "class Fine(InitializerConfig, name='fine', builds='builtins:dict'): 'Fill.'",
            config("zeros"),
        ),
        "'zeros' is rejected: 'zeros' is a built-in name",
        initializers=("fine",),
    ),
    "twice_in_a_plugin": Failing(
        returning("[Bad, Bad]", config("bad_7")),
        "'bad_7' is rejected: failing-inits provides 'bad_7' twice",
        initializers=("bad_7",),
    ),
    "two_points_2": Failing(
        returning("[Bad]", config("bad_8", aliases=("TwoPoints",))),
        "'bad_8' is rejected: failing-inits provides 'TwoPoints' twice",
    ),
}
# The plugin that has the name which `two_points_2` claims: its entry point sorts first.
FIRST = {"two_points_1": returning("[Bad]", config("two_points"))}

EVERYTHING = """
from dataclasses import asdict
registry = initreg.default_registry()
answer = {
    "entries": [entry.name for entry in registry.entries()],
    "builtin": [entry.name for entry in registry.builtin_entries()],
    "plugins": [asdict(plugin) for plugin in registry.plugins()],
    "unknown": {},
}
for name in ("bad_2", "ortho_pluss", "failing_inits.nothing", "acme_inits.nothing", "nowhere.it"):
    try:
        registry.find(name)
    except initreg.UnknownInitializerError as error:
        answer["unknown"][name] = str(error)
"""


@pytest.fixture(scope="module")
def failing(build):
    sources = {name: case.source for name, case in FAILING.items()} | FIRST
    points = {name: case.entry_point for name, case in FAILING.items()}
    return build(
        "failing-inits",
        {
            "failing_inits/__init__.py": "",
            **{f"failing_inits/{name}.py": source for name, source in sources.items()},
        },
        {name: points.get(name) or f"failing_inits.{name}" for name in sources},
    )


@pytest.fixture(scope="module")
def installed(environment, good, failing):
    return environment(good, failing)


@pytest.fixture(scope="module")
def everything(installed):
    return installed.run(EVERYTHING)


@pytest.fixture(scope="module")
def records(everything):
    return {
        record["name"]: record
        for record in everything.answer["plugins"]
        if record["distribution"] == "failing-inits"
    }


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_a_record_with_one_useful_line(records, name):
    case, record = FAILING[name], records[name]
    pattern = re.escape(case.error).replace(r"\*", ".*")
    assert re.fullmatch(pattern, record["error"]), record["error"]
    assert tuple(record["initializers"]) == case.initializers
    assert (record["import_seconds"] is not None) == case.imported
    assert not record["blocked"]


def test_every_plugin_has_its_record(records):
    assert records.keys() == FAILING.keys() | FIRST.keys()
    assert records["two_points_1"]["error"] is None
    assert records["two_points_1"]["initializers"] == ["two_points"]


def test_the_built_in_and_the_good_plugins_work_beside_them(everything):
    answer = everything.answer
    others = {"acme_everything", "acme_nothing", "bad_7", "fine", "ortho_plus", "two_points"}
    assert set(answer["entries"]) == {*answer["builtin"], *others}
    good = [p for p in answer["plugins"] if p["distribution"] in ("initreg", "Acme-Inits")]
    assert [plugin["error"] for plugin in good] == [None] * len(good)
    assert {"random_normal", "he_normal", "zeros"} < set(answer["builtin"])


def test_each_is_imported_once(everything):
    assert len(everything.imported) == len(set(everything.imported)) + 1
    # Python runs a module that failed again when another module imports it.
    assert everything.imported.count("failing_inits.import_error") == 2


def test_an_unknown_name_is_explained_by_the_failures(everything, records):
    assert everything.answer["unknown"]["bad_2"] == (
        "There is no initializer 'bad_2'. Did you mean 'bad_7'? `initreg list` shows all.\n"
        "These plugins failed and may provide it: "
        f"alias_of_another_type ({records['alias_of_another_type']['error']}); "
        f"any_error ({records['any_error']['error']}); "
        f"endless ({records['endless']['error']}) and {len(FAILING) - 3} more."
    )


def test_a_misspelt_name_is_explained(everything):
    first, _ = everything.answer["unknown"]["ortho_pluss"].splitlines()
    assert first == (
        "There is no initializer 'ortho_pluss'. Did you mean 'ortho_plus'? "
        "`initreg list` shows all."
    )


def test_an_unknown_qualified_name_is_explained(everything):
    unknown = everything.answer["unknown"]
    first, second = unknown["failing_inits.nothing"].splitlines()
    assert first == (
        "failing-inits provides no initializer 'nothing'. It provides fine, bad_7, two_points."
    )
    assert second.startswith("Not loaded: alias_of_another_type (Bad: 1 is not a valid alias")
    assert unknown["acme_inits.nothing"] == (
        "Acme-Inits provides no initializer 'nothing'. Did you mean 'acme_nothing'? "
        "It provides ortho_plus, acme_nothing, acme_everything."
    )
    assert unknown["nowhere.it"] == (
        "No plugin distribution 'nowhere' is installed. "
        "Installed: acme_inits, failing_inits, initreg."
    )


# Metadata that can't be read, of any project -----------------------------------------------------

NAMES = """
answer = [
    [entry.name for entry in initreg.default_registry().entries() if "." not in entry.name],
    [(p.name, p.distribution, p.error) for p in initreg.default_registry().plugins() if p.error],
]
"""


def write_metadata(folder, name, entry_points, metadata=None):
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    if metadata is None:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    if metadata:
        (information / "METADATA").write_bytes(metadata)
    (information / "entry_points.txt").write_bytes(entry_points)


@pytest.fixture(scope="module")
def healthy(environment, good):
    return environment(good)


@pytest.fixture(scope="module")
def expected_names(healthy):
    names, errors = healthy.run(NAMES).answer
    assert not errors
    assert "ortho_plus" in names
    return names


@pytest.mark.parametrize(
    ("entry_points", "problem"),
    [
        pytest.param(b"[console_scripts]\ngarbage\n", None, id="of another project"),
        pytest.param(b"[initreg]\ngarbage\n", "*", id="of a plugin"),
        pytest.param(b"[console_scripts]\na = \xff\xfe\n", "UnicodeDecodeError: *", id="not text"),
    ],
)
def test_unreadable_entry_points_break_nothing(
    healthy, expected_names, tmp_path, entry_points, problem
):
    write_metadata(tmp_path, "garbled", entry_points)
    names, errors = healthy.run(NAMES, path=[tmp_path]).answer
    assert names == expected_names
    if problem is None:
        assert errors == []
    else:
        ((name, distribution, error),) = errors
        assert (name, distribution) == ("garbled", "garbled")
        pattern = re.escape(f"its metadata can't be read: {problem}").replace(r"\*", ".*")
        assert re.fullmatch(pattern, error)


def test_a_distribution_without_a_name_breaks_nothing(healthy, expected_names, tmp_path):
    write_metadata(tmp_path, "headless", b"[initreg]\nheadless = headless\n", metadata=b"")
    names, errors = healthy.run(NAMES, path=[tmp_path]).answer
    assert names == expected_names
    ((name, distribution, error),) = errors
    assert (name, distribution) == ("?", "")
    assert error.startswith("its metadata ")


def test_unreadable_metadata_explains_a_qualified_name(healthy, tmp_path):
    write_metadata(tmp_path, "garbled", b"[initreg]\ngarbage\n")
    run = healthy.run(
        "try: initreg.validate('garbled.it()')\n"
        "except initreg.UnknownInitializerError as error: answer = error.problem",
        path=[tmp_path],
    )
    first, second = run.answer.splitlines()
    assert first == "garbled provides no initializer 'it'."
    assert second.startswith("Not loaded: garbled (its metadata can't be read: ")


def test_of_two_copies_the_first_on_the_path_is_used(healthy, expected_names, tmp_path):
    copy = tmp_path / "copy"
    write_metadata(copy, "acme_inits", b"[initreg]\nold = surely_not_there\n")
    for extra in ([], [tmp_path / "garbled"]):  # both ways to scan: all at once, and one by one
        write_metadata(tmp_path / "garbled", f"garbled{len(extra)}", b"[other]\ngarbage\n")
        code = "import site; site.addsitedir(" + json.dumps(str(copy)) + ")\n" + NAMES
        names, errors = healthy.run(code, path=extra).answer
        assert names == expected_names
        assert errors == []
        names, errors = healthy.run(NAMES, path=[copy, *extra]).answer
        assert "ortho_plus" not in names
        assert [error[0] for error in errors] == ["old"]
