"""The example of `docs/plugin`, built and installed as another package is: it works once it is trusted."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from architecture.tree import ROOT
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.log_files import records
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from hanbok.testing.wire.script import Said

SETTINGS = """\
server: {{port: 0}}
state: state
plugins:
  trusted: [{trusted}]
  steps: {{acme_office_hours: {{until: "24"}}}}
  everywhere: [acme_office_hours]
  router: acme_home_first
  fronts: {{/acme/ask: acme_desk}}
endpoints:
  abroad:
    kind: acme
    url: {model}
    key: k
    zone: home
    operator: self
    data_use: {{trains: false}}
    options: {{department: sales}}
  words:
    kind: acme_words
    url: {words}
    zone: home
    operator: self
    data_use: {{trains: false}}
    passthrough: [{{method: POST, path: /items, price: 0}}]
mcp:
  servers:
    clock:
      command: [{python}, clock.py]
      zone: home
      operator: self
      data_use: {{trains: false}}
      allow: [{{tools: ["*"]}}]
models:
  worded: {{targets: [{{endpoint: words, model: w}}], price: {{input: 1000, output: 2000, as_of: 2026-11-01}}}}
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
    yaml = SETTINGS.format(trusted=trusted, model=model.url, words=model.url, python=sys.executable)
    (folder / "hanbok.yaml").write_text(yaml, encoding="utf-8")
    return run([sys.executable, "-m", "hanbok", *verb], folder, site)


def test_a_plugin_of_a_distribution_that_nobody_trusts_is_refused_by_its_name(site, tmp_path, model):
    done = told(site, tmp_path, model, "config", "check", trusted="somebody-else")
    assert done.returncode != 0
    assert "acme-hanbok" in done.stderr
    assert "plugins.trusted" in done.stderr


def test_what_is_installed_is_shown_with_its_trust(site, tmp_path, model):
    done = told(site, tmp_path, model, "plugins", "--json", trusted="Acme_Hanbok")
    shown = {one["group"]: one for one in json.loads(done.stdout)}
    assert shown.keys() >= {
        "hanbok.dialects",
        "hanbok.endpoints",
        "hanbok.fronts",
        "hanbok.routers",
        "hanbok.steps",
    }
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
        "hanbok.dialects acme_words",
        "hanbok.fronts acme_desk",
        "hanbok.routers acme_home_first",
        "hanbok.steps acme_office_hours",
    ]


PERSON = "010-1234-5678"
CLOCK = """\
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    tool = {"name": "tell", "inputSchema": {"type": "object"}}
    told = {"protocolVersion": "2025-11-25", "tools": [tool], "content": []}
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": told}), flush=True)
"""


def http(body: object, kind: str = "application/json") -> Script:
    """Answer with these bytes, whatever is asked."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n"
    return Script(raw=(head + text).encode())


DONE = {"text": "", "asked": 3, "answered": 4}
EVENTS = "".join(
    f"data: {json.dumps(one, ensure_ascii=False)}\n\n"
    for one in ({"text": "반갑"}, {"text": "습니다"}, {"done": DONE})
)


def test_all_parts_serve_calls(site, tmp_path, model, monkeypatch):
    """One server for all of it: the example's parts among themselves, and each with hanbok's own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT / "src")]))
    (tmp_path / "clock.py").write_text(CLOCK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with (
        ScriptedModel() as words,
        RunningHanbok(
            tmp_path,
            SETTINGS.format(trusted="acme-hanbok", model=model.url, words=words.url, python=sys.executable),
        ) as server,
    ):
        asked = server.run("ask", "안녕", "--model", "careful")
        assert asked.returncode == 0, asked.stderr
        assert model.captured[-1].headers["x-acme-department"] == "sales"

        words.script = http({"text": "반갑습니다", "asked": 3, "answered": 4})
        assert desk(server, {"engine": "worded", "question": "안녕"}) == (200, '{"reply":"반갑습니다"}')
        assert words.captured[-1].target == "/v1/words"
        assert words.captured[-1].json == {"engine": "w", "turns": ["user: 안녕"], "stream": False}
        words.script = http(EVENTS, "text/event-stream")
        status, told = desk(server, {"engine": "worded", "question": "안녕", "stream": True})
        assert (status, [json.loads(line[6:]) for line in told.split("\n") if line]) == (
            200,
            [{"piece": "반갑"}, {"piece": "습니다"}, {"end": True}],
        )
        model.script = Script(say=lambda ask: Said(text=ask.text))
        status, told = desk(server, {"engine": "careful", "question": f"제 번호는 {PERSON}입니다"})
        assert status == 200
        assert PERSON in told

        words.script = http({"items": []})
        assert ask(server, "/passthrough/words/items", {}) == (200, '{"items": []}')
        called = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "tell", "arguments": {}},
        }
        status, told = ask(server, "/mcp/clock", called)
        assert (status, "result" in json.loads(told)) == (200, True)

        for body, code, expected in (
            ({"engine": "worded", "questions": []}, "invalid_request", 400),
            ({"engine": "nobody's", "question": "안녕"}, "model_unknown", 404),
        ):
            status, told = desk(server, body)
            assert (status, json.loads(told)["code"]) == (expected, code)
        status, told = desk(server, {"engine": "worded", "question": "안녕"}, key="nobody")
        assert (status, json.loads(told)["code"]) == (401, "key_unknown")
    entries = [one.entry for one in records(tmp_path / "state" / "evidence")]
    outcomes = [one for one in entries if isinstance(one, Outcome)]
    assert {one.steps["acme_office_hours"] for one in outcomes} == {"ran"}
    streamed = [one for one in outcomes if one.endpoint == "words" and one.input][-1]
    assert (streamed.input, streamed.output, streamed.cost) == (3, 4, 3 * 1000 + 4 * 2000)
    assert {one.route for one in entries if isinstance(one, Intent)} == {
        "/v1/chat/completions",
        "/acme/*",
        "/passthrough/*",
        "/mcp",
    }
    with_person = next(one for one in entries if isinstance(one, Intent) and one.findings)
    assert with_person.route == "/acme/*"


def desk(server: RunningHanbok, body: object, key: str = "") -> tuple[int, str]:
    """Ask as a client of Acme's does."""
    return ask(server, "/acme/ask", body, key)


def ask(server: RunningHanbok, path: str, body: object, key: str = "") -> tuple[int, str]:
    data = json.dumps(body, ensure_ascii=False).encode()
    headers = {"authorization": f"Bearer {key or server.key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{server.url}{path}", data, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_examples_own_tests_run_the_contract(site):
    source = site.parent / "source"
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], source, site)
    assert re.search(r"21 passed", done.stdout), done.stdout
