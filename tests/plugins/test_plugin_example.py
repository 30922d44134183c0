"""The example of `docs/plugin`, built and installed as another package is: it works once it is trusted."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from architecture.tree import ROOT
from hanbok.evidence.entry import Outcome
from hanbok.evidence.log_files import records
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel

SETTINGS = """\
server: {{port: 0}}
state: state
plugins:
  trusted: [{trusted}]
  steps: {{acme_office_hours: {{until: "24"}}}}
  router: acme_home_first
endpoints:
  abroad:
    kind: acme
    url: {model}
    key: k
    zone: home
    operator: self
    data_use: {{trains: false}}
    options: {{department: sales}}
models:
  careful: {{targets: [{{endpoint: abroad, model: m}}], price: {{input: 0, output: 0, as_of: 2026-11-01}}}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Build the example's wheel and unpack it into a folder of its own, without any index."""
    folder = tmp_path_factory.mktemp("plugin")
    copytree(ROOT / "docs" / "plugin", folder / "source", ignore=lambda *_: ["__pycache__"])
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], folder / "source")
    [wheel] = folder.glob("*.whl")
    options = [
        "--no-index",
        "--no-deps",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        str(folder / "site"),
    ]
    run([sys.executable, "-m", "pip", "install", *options, str(wheel)], folder)
    return folder / "site"


def run(command: list[str], folder: Path, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = [str(site)] if site else []
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join([*paths, str(ROOT / "src")]),
        "HANBOK_LANGUAGE": "en",
    }
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or site, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as running:
        yield running


def told(site: Path, folder: Path, model: ScriptedModel, *verb: str, trusted: str = ""):
    (folder / "hanbok.yaml").write_text(SETTINGS.format(trusted=trusted, model=model.url), encoding="utf-8")
    return run([sys.executable, "-m", "hanbok", *verb], folder, site)


def test_a_plugin_of_a_distribution_that_nobody_trusts_is_refused_by_its_name(site, tmp_path, model):
    done = told(site, tmp_path, model, "config", "check", trusted="somebody-else")
    assert done.returncode != 0
    assert "acme-hanbok" in done.stderr
    assert "plugins.trusted" in done.stderr


def test_what_is_installed_is_shown_with_its_trust(site, tmp_path, model):
    done = told(site, tmp_path, model, "plugins", "--json", trusted="Acme_Hanbok")
    shown = {one["group"]: one for one in json.loads(done.stdout)}
    assert shown.keys() >= {"hanbok.endpoints", "hanbok.routers", "hanbok.steps"}
    assert shown["hanbok.endpoints"] == {
        "group": "hanbok.endpoints",
        "name": "acme",
        "distribution": "acme-hanbok",
        "version": "1.0",
        "trusted": True,
    }


def test_the_check_of_the_settings_names_the_plugins_in_use(site, tmp_path, model):
    done = told(site, tmp_path, model, "config", "check", trusted="acme-hanbok")
    assert done.returncode == 0, done.stderr
    assert re.findall(r"plug-in: (\S+ \S+)", done.stdout) == [
        "hanbok.endpoints acme",
        "hanbok.routers acme_home_first",
        "hanbok.steps acme_office_hours",
    ]


def test_endpoint_step_and_router_serve_calls(site, tmp_path, model, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT / "src")]))
    yaml = SETTINGS.format(trusted="acme-hanbok", model=model.url)
    with RunningHanbok(tmp_path, yaml) as server:
        asked = server.run("ask", "안녕", "--model", "careful")
    entries = [one.entry for one in records(tmp_path / "state" / "evidence")]
    assert asked.returncode == 0, asked.stderr
    assert [one.steps["acme_office_hours"] for one in entries if isinstance(one, Outcome)] == ["ran"]
    assert model.captured[-1].headers["x-acme-department"] == "sales"


def test_the_examples_own_tests_run_the_contract(site):
    source = site.parent / "source"
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], source, site)
    assert re.search(r"4 passed", done.stdout), done.stdout
