"""pyproject.toml, environment.yml and requirements.lock say the same thing."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("linux", "darwin", "win32")

# conda's name for a package, where it is not the index's: these two are the library without its drawing or web extras.
INDEX_NAME = {"matplotlib-base": "matplotlib", "dask-core": "dask"}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wanted(project):
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    texts = [text for part in (project["project"]["dependencies"], *extras, *groups) for text in part]
    return {canonicalize_name(wish.name): wish for wish in map(Requirement, texts)}


@pytest.fixture(scope="module")
def lock():
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(lock):
    return [Requirement(line.rstrip("\\ ")) for line in re.findall(r"^[A-Za-z0-9].*$", lock, re.MULTILINE)]


def chosen(pins, python, platform):
    """Return name -> version of what the lock installs on one Python and platform."""
    place = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    fitting = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(place)]
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in fitting}
    assert len(versions) == len(fitting), "two pins of one package apply at once"
    return versions


def test_every_dependency_states_a_lower_bound_and_nothing_else(wanted):
    assert all([bound.operator for bound in wish.specifier] == [">="] for wish in wanted.values())


def test_conda_users_get_the_same_names_and_bounds(project, wanted):
    stated = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(item["pip"] for item in stated["dependencies"] if isinstance(item, dict))
    conda = [item for item in stated["dependencies"] if isinstance(item, str)]
    conda = {
        wish.name: wish for wish in map(Requirement, [*conda, *(item for item in pip if not item.startswith("-"))])
    }
    assert stated["name"] == project["project"]["name"]
    assert str(conda.pop("python").specifier) == project["project"]["requires-python"]
    assert str(conda.pop("pip").specifier) == ""
    assert "-e ." in pip
    bounds = {canonicalize_name(INDEX_NAME.get(name, name)): str(wish.specifier) for name, wish in conda.items()}
    assert bounds == {name: str(wish.specifier) for name, wish in wanted.items()}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_meets_every_bound_on_every_python_and_platform(pins, wanted, python, platform):
    versions = chosen(pins, python, platform)
    missing = [name for name, wish in wanted.items() if versions.get(name) not in wish.specifier]
    assert missing == [], "make requirements.lock again: the command is in pyproject.toml"


def test_every_pin_is_exact_and_hashed(lock, pins):
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins) > 100
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert all([bound.operator for bound in pin.specifier] == ["=="] and pin.url is None for pin in pins)


def test_the_lock_names_no_index_and_no_place_on_a_machine(lock):
    stated = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in stated if re.search(r"://|^-|file:|\s/", line)] == []
    assert not (ROOT / "uv.lock").exists()


def test_the_lock_leaves_out_the_slow_grammar(pins):
    assert {"rfc3987-syntax", "lark"}.isdisjoint(pin.name for pin in pins)


def test_json_schemas_are_checked_without_the_slow_grammar():
    import jsonschema

    checker = jsonschema.FormatChecker()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate("20 July", {"format": "date"}, format_checker=checker)


def test_the_tools_read_their_settings_from_one_file(project):
    assert project["tool"]["ruff"]["lint"]["select"] == ["ALL"]
    assert project["tool"]["mypy"]["strict"] is True
    assert project["tool"]["pytest"]["ini_options"]["filterwarnings"][0] == "error"
