"""Plugins are found only when they are needed, and each is loaded once, in any thread."""

import pytest

HEAD = "from initreg import InitializerConfig, hookimpl\n"
HOOK = "@hookimpl\ndef initreg_initializers():\n    return [Own]\n"
FIND = """
def explain(name):
    try:
        entry = initreg.default_registry().find(name)
    except initreg.InitregError as error:
        return type(error).__name__ + ": " + error.problem
    return entry.qualified_name
"""


@pytest.fixture(scope="module")
def installed(environment, good):
    return environment(good)


# What is imported, and when ---------------------------------------------------------------------


def test_importing_initreg_discovers_nothing(installed):
    run = installed.run(
        "answer = [name for name in ('initreg_plugins', 'keras', 'numpy') if name in sys.modules]"
    )
    assert run.answer == run.imported == []


@pytest.mark.parametrize(
    "code",
    [
        "initreg.validate('random_normal(stddev=0.1)')",
        "initreg.validate({'class_name': 'HeNormal', 'config': {'seed': 1}})",
        "initreg.validate('initreg.random_normal')",
        "initreg.default_registry().builtin_entries()",
    ],
)
def test_built_in_names_load_no_other_plugin(installed, code):
    run = installed.run(
        f"{code}\nanswer = [name for name in ('keras', 'numpy') if name in sys.modules]"
    )
    assert run.answer == run.imported == []


def test_a_name_that_is_not_built_in_loads_the_others(installed):
    run = installed.run("answer = str(initreg.validate('OrthoPlus(2.5)'))")
    assert run.answer == "ortho_plus(gain=2.5)"
    assert run.imported == ["acme_inits.ortho", "acme_inits.plain"]


# A good plugin ----------------------------------------------------------------------------------


def test_a_good_plugin_is_listed(installed):
    run = installed.run(
        "from dataclasses import asdict\n"
        "registry = initreg.default_registry()\n"
        "answer = [asdict(p) for p in registry.plugins() if p.distribution != 'initreg'], [\n"
        "    (e.name, e.qualified_name, e.plugin.name, list(e.plugin.initializers))\n"
        "    for e in registry.entries() if e.plugin.distribution != 'initreg']"
    )
    plugins, entries = run.answer
    assert all(plugin.pop("import_seconds") > 0 for plugin in plugins)
    assert all(plugin.pop("location").startswith(str(installed.folder)) for plugin in plugins)
    common = {"distribution": "Acme-Inits", "version": "1.2", "error": None, "blocked": False}
    common |= {"commands": [], "roles": []}
    plain = ["acme_nothing", "acme_everything"]
    assert plugins == [
        {"name": "ortho", "initializers": ["ortho_plus"], **common},
        {"name": "plain", "initializers": plain, **common},
    ]
    assert entries == [
        ["acme_everything", "acme_inits.acme_everything", "plain", plain],
        ["acme_nothing", "acme_inits.acme_nothing", "plain", plain],
        ["ortho_plus", "acme_inits.ortho_plus", "ortho", ["ortho_plus"]],
    ]


def test_a_good_plugin_is_found_under_each_of_its_names(installed):
    names = [
        "ortho_plus", "OrthoPlus", "ORTHO_PLUS", "AcmeDefault", "acme_default", "ortho-plus",
        "acme_inits.ortho_plus", "Acme_Inits.OrthoPlus", "acme-inits.acmedefault",
        "ACME.inits.ORTHO-PLUS",
    ]  # fmt: skip
    run = installed.run(f"{FIND}\nanswer = [explain(name) for name in {names}]")
    assert run.answer == ["acme_inits.ortho_plus"] * len(names)


def test_a_good_plugin_resolves_into_keras(installed):
    run = installed.run(
        "made = initreg.resolve('ortho_plus(gain=2)', seed=1)\n"
        "answer = type(made).__name__, made.get_config(), list(made((4, 3)).shape)"
    )
    assert run.answer == ["Orthogonal", {"gain": 2.0, "seed": 1}, [4, 3]]


# INITREG_PLUGINS --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "loaded"),
    [
        (None, ["acme_inits.ortho", "acme_inits.plain"]),
        ("", []),
        (" , ", []),
        ("someone_else", []),
        ("Acme-Inits", ["acme_inits.ortho", "acme_inits.plain"]),
        ("acme.INITS", ["acme_inits.ortho", "acme_inits.plain"]),
        ("someone_else, acme_inits ,", ["acme_inits.ortho", "acme_inits.plain"]),
        ("ortho", ["acme_inits.ortho"]),
        (" Plain ", ["acme_inits.plain"]),
    ],
)
def test_the_allow_list_decides_what_is_imported(installed, listed, loaded):
    run = installed.run(
        "registry = initreg.default_registry()\n"
        "answer = [p.name for p in registry.plugins() if p.blocked], "
        "len(registry.builtin_entries())",
        **({} if listed is None else {"INITREG_PLUGINS": listed}),
    )
    blocked, builtin = run.answer
    assert run.imported == loaded
    assert {f"acme_inits.{name}" for name in blocked} | set(loaded) == {
        "acme_inits.ortho",
        "acme_inits.plain",
    }
    assert builtin > 10


def test_a_blocked_name_is_explained(installed):
    run = installed.run(
        f"{FIND}\nanswer = explain('ortho_plus'), explain('acme_inits.ortho_plus')",
        INITREG_PLUGINS="plain",
    )
    assert run.answer == [
        "UnknownInitializerError: There is no initializer 'ortho_plus'. "
        "Did you mean 'orthogonal'? `initreg list` shows all.\n"
        "These plugins are blocked and may provide it: "
        "ortho (blocked: INITREG_PLUGINS does not name it).",
        "UnknownInitializerError: Acme-Inits provides no initializer 'ortho_plus'. "
        "It provides acme_nothing, acme_everything.\n"
        "Not loaded: ortho (blocked: INITREG_PLUGINS does not name it).",
    ]
    assert run.imported == ["acme_inits.plain"]


# Two plugins that claim one name ----------------------------------------------------------------


@pytest.fixture(scope="module")
def north(build):
    own = "class Own(InitializerConfig, name='compass', builds='builtins:dict'): 'Point north.'\n"
    more = "class More(InitializerConfig, name='north', builds='builtins:dict'): 'Go north.'\n"
    hook = HOOK.replace("[Own]", "[Own, More]")
    return build(
        "north-inits", {"north_inits.py": HEAD + own + more + hook}, {"north": "north_inits"}
    )


@pytest.fixture(scope="module")
def south(build):
    own = (
        "class Own(InitializerConfig, name='needle', aliases=('Compass', 'south'), "
        "builds='builtins:dict'): 'Point south.'\n"
    )
    return build("south-inits", {"south_inits.py": HEAD + own + HOOK}, {"south": "south_inits"})


CONFLICT = f"""{FIND}
names = ("compass", "Compass", "north", "south", "needle", "north_inits.compass",
         "south_inits.compass", "south_inits.needle", "nowhere.compass")
registry = initreg.default_registry()
explained = {{name: explain(name) for name in names}}
listed = [e.name for e in registry.entries() if e.plugin.distribution != "initreg"]
answer = explained, listed, [p.error for p in registry.plugins() if p.error]
"""
AMBIGUOUS = (
    "AmbiguousInitializerError: 2 plugins provide {!r}. "
    "Write north_inits.compass or south_inits.needle."
)


def test_a_conflict_does_not_depend_on_the_order_of_installation(environment, north, south):
    one = environment(north, south)
    explained, listed, errors = one.run(CONFLICT).answer
    assert explained == {
        "compass": AMBIGUOUS.format("compass"),
        "Compass": AMBIGUOUS.format("Compass"),
        "north": "north_inits.north",
        "south": "south_inits.needle",
        "needle": "south_inits.needle",
        "north_inits.compass": "north_inits.compass",
        "south_inits.compass": "south_inits.needle",
        "south_inits.needle": "south_inits.needle",
        "nowhere.compass": "UnknownInitializerError: No plugin distribution 'nowhere' is "
        "installed. Installed: initreg, north_inits, south_inits.",
    }
    assert listed == ["needle", "north", "north_inits.compass"]
    assert errors == []

    # A qualified name loads the plugins of its distribution only.
    run = one.run(f"{FIND}\nanswer = explain('south_inits.compass'), explain('south_inits.south')")
    assert run.answer == ["south_inits.needle"] * 2
    assert run.imported == ["south_inits"]

    # Without the other, the short name is free again.
    one.uninstall("north-inits")
    run = one.run(f"{FIND}\nanswer = [explain(n) for n in ('compass', 'north_inits.compass')]")
    assert run.answer == [
        "south_inits.needle",
        "UnknownInitializerError: No plugin distribution 'north_inits' is installed. "
        "Did you mean 'south_inits'? Installed: initreg, south_inits.",
    ]
    assert run.imported == ["south_inits"]

    # Installed in the other order, the result is the same.
    one.install(north)
    assert one.run(CONFLICT).answer == [explained, listed, errors]


# Plugins that use initreg while they are imported -----------------------------------------------


@pytest.fixture(scope="module")
def eager(build):
    asking = (
        "import initreg\n"
        "asked = {}\n"
        "for name in ('he_normal', 'initreg.he_normal', 'ortho_plus', 'acme_inits.ortho_plus',\n"
        "             'eager_inits.eager', 'nowhere.it'):\n"
        "    try:\n"
        "        asked[name] = str(initreg.validate({'type': name}))\n"
        "    except initreg.PluginError as error:\n"
        "        asked[name] = str(error)\n"
        "try:\n"
        "    initreg.default_registry().plugins()\n"
        "except initreg.PluginError as error:\n"
        "    asked['plugins'] = str(error)\n"
        "class Own(InitializerConfig, name='eager', builds='builtins:dict'): 'Ask at once.'\n"
        "try:\n"
        "    initreg.default_registry().add(Own)\n"
        "except initreg.PluginError as error:\n"
        "    asked['add'] = str(error)\n"
    )
    careless = "import initreg\ninitreg.validate('ortho_plus')\n"
    hooked = (
        "class Own(InitializerConfig, name='hooked', builds='builtins:dict'): 'Ask late.'\n"
        "@hookimpl\n"
        "def initreg_initializers():\n"
        "    import initreg\n"
        "    initreg.validate('he_normal')\n"
        "    return [Own]\n"
    )
    return build(
        "eager-inits",
        {
            "eager_inits/__init__.py": "",
            "eager_inits/asking.py": HEAD + asking + HOOK,
            "eager_inits/careless.py": careless,
            "eager_inits/hooked.py": HEAD + hooked,
        },
        {name: f"eager_inits.{name}" for name in ("asking", "careless", "hooked")},
    )


LATER = (
    "A plugin can only use built-in initializers while it is imported, because the other plugins "
    "are still being loaded. Use the others in a function that is called later."
)


@pytest.mark.parametrize("first", ["eager", "eager_inits.eager", "ortho_plus"])
def test_a_plugin_may_use_built_in_names_while_it_is_imported(eager_environment, first):
    run = eager_environment.run(
        f"initreg.validate({{'type': {first!r}}})\n"
        "registry = initreg.default_registry()\n"
        "own = [p for p in registry.plugins() if p.distribution != 'initreg']\n"
        "answer = sys.modules['eager_inits.asking'].asked, {p.name: p.error for p in own}, "
        "[e.name for p in own for e in registry.entries() if e.plugin == p]"
    )
    asked, errors, names = run.answer
    assert asked == {
        "he_normal": "he_normal",
        "initreg.he_normal": "he_normal",
        "ortho_plus": LATER,
        "acme_inits.ortho_plus": LATER,
        "eager_inits.eager": LATER,
        "nowhere.it": LATER,
        "plugins": LATER,
        "add": LATER,
    }
    assert errors == {
        "asking": None,
        "careless": f"{LATER[:-1]} (eager_inits/careless.py, line 3)",
        "hooked": None,
        "ortho": None,
        "plain": None,
    }
    assert names == ["ortho_plus", "acme_everything", "acme_nothing", "eager", "hooked"]
    assert sorted(run.imported) == sorted({*run.imported})


@pytest.fixture(scope="module")
def eager_environment(environment, good, eager):
    return environment(good, eager)


# Many threads at once ---------------------------------------------------------------------------

THREADS = """
import json, threading
sys.setswitchinterval(1e-6)
registry = initreg.default_registry
questions = [
    lambda: str(initreg.validate("ortho_plus(2.5)")),
    lambda: str(initreg.validate("acme_inits.ortho_plus(2.5)")),
    lambda: str(initreg.validate("hooked")),
    lambda: str(initreg.validate("he_normal(seed=1)")),
    lambda: [entry.name for entry in registry().entries()],
    lambda: [entry.name for entry in registry().builtin_entries()],
    lambda: [(plugin.name, plugin.error) for plugin in registry().plugins()],
    lambda: id(registry()),
]
answers = [set() for _ in questions]
barrier = threading.Barrier(4 * len(questions))
def ask(index):
    barrier.wait()
    try:
        result = questions[index]()
    except Exception as error:
        result = repr(error)
    answers[index].add(json.dumps(result))
threads = [threading.Thread(target=ask, args=(i % len(questions),)) for i in range(barrier.parties)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
assert not any(thread.is_alive() for thread in threads), "deadlock"
answer = [[json.loads(text) for text in texts] for texts in answers]
"""


def test_many_threads_load_each_plugin_once_and_agree(eager_environment):
    for _ in range(3):
        run = eager_environment.run(THREADS)
        assert [len(texts) for texts in run.answer] == [1] * len(run.answer)
        plus, qualified, hooked, he, entries, builtin, plugins, _ = (one for (one,) in run.answer)
        assert plus == qualified == "ortho_plus(gain=2.5)"
        assert (hooked, he) == ("hooked", "he_normal(seed=1)")
        assert set(entries) - set(builtin) == {
            "acme_everything", "acme_nothing", "eager", "hooked", "ortho_plus",
        }  # fmt: skip
        assert [name for name, error in plugins if error] == ["careless"]
        assert sorted(run.imported) == [
            "acme_inits.ortho",
            "acme_inits.plain",
            "eager_inits.asking",
            "eager_inits.careless",
            "eager_inits.hooked",
        ]
