"""Ten thousand calls, whole and streamed, clean and personal, leave the server's memory where it was."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  abroad:
    {{kind: openai_compatible, url: {url}, country: US, zone: foreign, operator: Example, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: abroad, model: m}}], price: {{input: 1, output: 1, as_of: 2026-11-01}}}}
"""
PEOPLE = Identities(seed=3)
MIB = 1024 * 1024


def ask(server: RunningHanbok, calls: int) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    for number in range(calls):
        text = f"휴대전화 {PEOPLE.mobile()}로 보내 주세요." if number % 3 else "안녕하세요"
        messages = [{"role": "user", "content": text}]
        body = json.dumps({"model": "m", "stream": number % 2 == 0, "messages": messages}).encode()
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said
    connection.close()


def resident(server: RunningHanbok) -> int:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.slow
def test_memory_is_flat_over_ten_thousand_calls(tmp_path: Path) -> None:
    with (
        ScriptedModel(Script(chunk=20)) as model,
        RunningHanbok(tmp_path, SETTINGS.format(url=model.url)) as server,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(lambda _: ask(server, 500), range(4)))
        warm = resident(server)
        model.captured.clear()
        list(pool.map(lambda _: ask(server, 2000), range(4)))
        grown = resident(server) - warm
    assert grown < 6 * MIB, f"{grown / MIB:.1f} MiB more"
