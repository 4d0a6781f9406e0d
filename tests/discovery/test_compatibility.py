"""A distribution that requires another initreg is reported, and its code is not imported."""

import pytest

from initreg import __version__
from initreg.discovery.compatibility import incompatibility

UPGRADE = "it needs initreg{}, and 1.4.0 is installed: pip install --upgrade initreg"
OTHER = "it needs initreg{}, and 1.4.0 is installed: install a version of acme that fits"


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        # What fits, or says nothing.
        ([], None),
        (["initreg"], None),
        (["initreg>=1"], None),
        (["initreg (>=1,<2)"], None),
        (["Initreg ~=1.0"], None),
        (["initreg==1.*"], None),
        (["initreg[jax]>=1.4"], None),
        (["initreg @ https://example.org/initreg-9.0-py3-none-any.whl"], None),
        (["numpy>=99", "initreg-extras>=99", "initreg.more>=99", "keras-initreg>=99"], None),
        # The installed one is too old.
        (["numpy", "initreg>=2"], UPGRADE.format(">=2")),
        (["initreg (>=1.5)"], UPGRADE.format(">=1.5")),
        (["INITREG>=1.4.1"], UPGRADE.format(">=1.4.1")),
        (["initreg>1.4.0"], UPGRADE.format(">1.4.0")),
        (["initreg~=2.1"], UPGRADE.format("~=2.1")),
        (["initreg==2.*"], UPGRADE.format("==2.*")),
        (["initreg[jax]>=2"], UPGRADE.format(">=2")),
        (["initreg>=1", "initreg>=2,<3"], UPGRADE.format("<3,>=2")),
        # The installed one is too new.
        (["initreg<1"], OTHER.format("<1")),
        (["initreg>=0.2,<0.3"], OTHER.format("<0.3,>=0.2")),
        (["initreg~=1.2.0"], OTHER.format("~=1.2.0")),
        (["initreg==1.3.*"], OTHER.format("==1.3.*")),
        (["initreg!=1.4.0"], OTHER.format("!=1.4.0")),
        (["initreg===odd"], OTHER.format("===odd")),
        # Markers and extras.
        (["initreg>=2; python_version >= '3'"], UPGRADE.format(">=2")),
        (["initreg>=2; python_version < '3'"], None),
        (["initreg>=2; extra == 'new'"], None),
        (["initreg>=2; extra == 'new' or python_version >= '3'"], UPGRADE.format(">=2")),
        # What pip would reject.
        (["initreg>=two"], None),
        (["initreg>=2; nonsense == '1'"], None),
        (["initreg >= 2 !"], None),
        (["", ";"], None),
    ],
)
def test_what_is_required(requires, expected):
    assert incompatibility(requires, "acme", installed="1.4.0") == expected


@pytest.mark.parametrize(
    ("installed", "required", "fits"),
    [
        ("2.0.0rc1", "initreg>=1", True),
        ("2.0.0.dev3", "initreg>=1,<3", True),
        ("2.0.0rc1", "initreg>=2", False),
        ("2.0.0+local", "initreg==2.0.0", True),
    ],
)
def test_prereleases_count(installed, required, fits):
    assert (incompatibility([required], "acme", installed=installed) is None) == fits


PLUGIN = """
from initreg import InitializerConfig, hookimpl
class Own(InitializerConfig, name={0!r}, builds="keras.initializers:Zeros"):
    '''Fill with nothing.'''
@hookimpl
def initreg_initializers():
    return [Own]
"""


def test_a_misfit_has_a_record_and_is_not_imported(site):
    site.add("acme-new", {"newer_plugin": PLUGIN.format("newer")}, requires=["initreg>=999"])
    site.add("acme-old", {"older_plugin": PLUGIN.format("older")}, requires=["initreg<0.0.1"])
    site.add("acme-now", {"now_plugin": PLUGIN.format("now")}, requires=[f"initreg>={__version__}"])
    answer = site.run(
        "registry = initreg.default_registry()\n"
        "answer = {p.name: [p.error, p.blocked, p.import_seconds] for p in registry.plugins()"
        " if p.distribution.startswith('acme')}"
    )
    head = f"and {__version__} is installed:"
    assert answer["newer"] == [
        f"it needs initreg>=999, {head} pip install --upgrade initreg", False, None
    ]  # fmt: skip
    assert answer["older"] == [
        f"it needs initreg<0.0.1, {head} install a version of acme-old that fits", False, None
    ]  # fmt: skip
    assert answer["now"][0] is None
    done = site.initreg("show", "newer")
    assert done.status == 2
    assert "newer (it needs initreg>=999" in done.stderr
    assert site.initreg("plugins", "--strict").status == 1
    assert set(site.imported) == {"now_plugin"}


def test_a_plugin_that_is_blocked_and_a_misfit_is_reported_as_blocked(site):
    site.add("acme-new", {"newer_plugin": PLUGIN.format("newer")}, requires=["initreg>=999"])
    code = "answer = [p.error for p in initreg.default_registry().plugins() if p.error]"
    assert site.run(code, INITREG_BLOCK="newer") == ["blocked: INITREG_BLOCK names it"]


def test_a_distribution_that_takes_any_version_costs_no_import(site):
    site.add("acme", {"own_plugin": PLUGIN.format("own")}, requires=["initreg", "numpy>=1"])
    code = "initreg.default_registry().plugins(); answer = 'packaging' in sys.modules"
    assert site.run(code) is False
