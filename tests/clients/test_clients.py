"""The blocks of the how-to page on clients, as pasted, through a real server; and what Open WebUI asks.

The frameworks are heavy and in no lock: `make clients` installs them into an environment of their own and names its
interpreter in HANBOK_CLIENTS. Without it, blocks run where this environment has their package, as it has `anthropic`.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from architecture.tree import ROOT
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel

PYTHON = os.environ.get("HANBOK_CLIENTS", sys.executable)
BLOCK = re.compile(r"^```text\n(# pip install \"?([a-z-]+).*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {language: ROOT / "docs" / language / "how-to" / "clients.md" for language in ("ko", "en")}
MODULES = {
    "langchain-openai": "langchain_openai",
    "llama-index-llms-openai-like": "llama_index.llms.openai_like",
    "pydantic-ai-slim": "pydantic_ai.models.openai",
    "openai-agents": "agents",
    "anthropic": "anthropic",
}
ADDRESS, PHONE = "http://127.0.0.1:8700", "010-2345-6789"
SETTINGS = """\
server: {{port: 0}}
state: state
endpoints:
  far:
    kind: openai_compatible
    url: {url}
    key: sk-stand-in
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, basis: 개인정보 보호법 제28조의8제1항제1호}}
models:
  hanbok-mini: {{targets: [{{endpoint: far, model: real}}], price: {{input: 0, output: 0, as_of: 2026-11-01}}}}
"""


class Stand(NamedTuple):
    server: RunningHanbok
    model: ScriptedModel


@pytest.fixture(scope="module")
def stand(tmp_path_factory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("clients")
    with ScriptedModel() as model, RunningHanbok(folder, SETTINGS.format(url=model.url)) as server:
        yield Stand(server, model)


def blocks(language: str) -> dict[str, str]:
    return {name: text for text, name in BLOCK.findall(PAGES[language].read_text("utf-8"))}


def test_both_pages_show_a_block_for_each_framework_and_the_same_one():
    assert blocks("ko") == blocks("en")
    assert blocks("en").keys() == MODULES.keys()


@pytest.mark.parametrize("name", MODULES)
def test_a_framework_works_with_the_settings_of_its_page(stand, name):
    there = subprocess.run([PYTHON, "-c", f"import {MODULES[name]}"], capture_output=True, check=False)
    if there.returncode:
        pytest.skip(f"{name} is not installed; `make clients` installs and tries it")
    before = len(stand.model.captured)
    done = subprocess.run(
        [PYTHON, "-c", blocks("en")[name].replace(ADDRESS, stand.server.url)],
        env=os.environ | {"HANBOK_KEY": stand.server.key, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(PHONE) == 2, "asked twice, and the number is back in both answers"
    asked = stand.model.captured[before:]
    assert len(asked) == 2
    assert not [one for one in asked if PHONE in json.dumps(one.json, ensure_ascii=False)], "it never left"


def ask(stand: Stand, path: str, body: dict | None = None) -> bytes:
    headers = {"authorization": f"Bearer {stand.server.key}", "content-type": "application/json"}
    headers |= {"x-openwebui-user-name": "kim", "x-openwebui-chat-id": "c1"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(stand.server.api + path, data, headers)) as answer:
        return answer.read()


def test_what_open_webui_asks_is_answered(stand):
    assert [one["id"] for one in json.loads(ask(stand, "/models"))["data"]] == ["hanbok-mini"]
    chat = {"model": "hanbok-mini", "messages": [{"role": "user", "content": f"연락처 {PHONE}"}]}
    streamed = ask(
        stand, "/chat/completions", chat | {"stream": True, "stream_options": {"include_usage": True}}
    )
    chunks = [json.loads(line[6:]) for line in streamed.decode().splitlines() if line.startswith("data: {")]
    assert PHONE in "".join(c["delta"].get("content") or "" for one in chunks for c in one["choices"])
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert streamed.endswith(b"data: [DONE]\n\n")
    title = json.loads(ask(stand, "/chat/completions", chat | {"stream": False, "max_tokens": 50}))
    assert PHONE in title["choices"][0]["message"]["content"]
    assert "kim" not in repr([one.headers for one in stand.model.captured])
