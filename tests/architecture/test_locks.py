"""The locks pin what pyproject.toml asks for, by hash, and name no host."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from architecture.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
ASKED = {
    "run": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["local"],
        *GROUPS["build"],
    ],
    "server": [
        one
        for extra in ("local", "postgres", "mcp", "aws", "google", "reports")
        for one in PROJECT["project"]["optional-dependencies"][extra]
    ],
    # torch is chosen by the machine, see `make studio`.
    "studio": [
        one
        for extra in ("studio", "documents")
        for one in PROJECT["project"]["optional-dependencies"][extra]
        if Requirement(one).name != "torch"
    ],
    **{name: GROUPS[name] for name in ("test", "check", "docs", "lock")},
}
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def text(name):
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_holds_what_is_asked_for(name):
    pins = PIN.findall(text(name))
    for asked in map(Requirement, ASKED[name]):
        versions = [version for package, version in pins if package == asked.name.lower().replace("_", "-")]
        assert versions, f"{asked.name}: run `make lock`"
        assert all(asked.specifier.contains(version, prereleases=True) for version in versions), asked


@pytest.mark.parametrize("name", ASKED)
def test_every_pin_has_hashes_and_no_lock_names_a_host(name):
    for entry in re.split(r"\n(?=[a-z0-9])", text(name).strip()):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text(name)
    assert not re.search(r"^\s*--(?!hash)", text(name), re.MULTILINE)


def test_the_lock_of_the_studio_leaves_torch_and_its_parts_to_the_machine():
    named = {package for package, _ in PIN.findall(text("studio"))}
    assert not [one for one in named if one.startswith(("torch", "nvidia-", "cuda-", "triton"))]


def test_one_environment_can_hold_all_locks():
    versions = {}
    for name in ASKED:
        for package, version in PIN.findall(text(name)):
            versions.setdefault(package, {}).setdefault(name, set()).add(version)
    # Two versions of one package are for two versions of Python; locks that hold it must hold the same ones.
    apart = {
        package: found for package, found in versions.items() if len(set(map(frozenset, found.values()))) > 1
    }
    assert not apart
