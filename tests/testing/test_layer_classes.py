"""check_layer_classes looks up the classes that plugins describe."""

import sys

import pytest

from initreg import Registry, hookimpl
from initreg.testing import check_layer_classes

SOURCES = {
    "__init__": "from acme_layers.banks import Bank\n",
    "banks": "class Bank:\n    class Inner:\n        pass\nfunction = len\n",
    "broken": "1 / 0\n",
}


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    folder = tmp_path / "acme_layers"
    folder.mkdir()
    for name, source in SOURCES.items():
        (folder / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_layers"]:
        del sys.modules[name]


def registry(*names):
    class Plugin:
        @hookimpl
        def initreg_roles(self):
            return dict.fromkeys(names, print)

    own = Registry()
    own.register(Plugin(), "acme")
    return own


def test_classes_that_exist_pass():
    names = ["acme_layers.banks:Bank", "acme_layers.banks:Bank.Inner"]
    results = check_layer_classes("acme", registry(*names))
    assert [(r.check, r.spec, r.status) for r in results] == [
        ("layer_class", name, "passed") for name in names
    ]
    assert check_layer_classes("another", registry(*names)) == []


WRONG = {
    "acme_layers.banks:Bnak": "acme_layers.banks has no Bnak. Did you mean 'Bank'?",
    "acme_layers.banks:function": "acme_layers.banks:function is not a class.",
    "acme_layers:Bank": "acme_layers:Bank is defined as acme_layers.banks:Bank.",
    "acme_layers.bnaks:Bank": (
        "acme_layers.bnaks can't be imported: ModuleNotFoundError: No module named "
        "'acme_layers.bnaks'. Did you mean 'banks'?"
    ),
    "acme_layer.banks:Bank": (
        "acme_layer.banks can't be imported: ModuleNotFoundError: No module named 'acme_layer'."
    ),
    "acme_layers.broken:Bank": (
        "acme_layers.broken can't be imported: ZeroDivisionError: division by zero."
    ),
}


@pytest.mark.parametrize(("name", "message"), WRONG.items(), ids=WRONG)
def test_a_name_that_no_layer_has_fails(name, message):
    [result] = check_layer_classes(registry=registry(name))
    assert (result.status, result.message) == ("failed", message)
    assert "initreg_roles" in result.advice
