"""The preview under ASGI, in this process: attachments, customers' own types, formats that cannot say it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hanbok.app import App
from hanbok.http.asgi import asgi
from hanbok.http.door import Door
from hanbok.settings.reading import load
from hanbok.testing.korean import Identities

SETTINGS = """\
state: state
guard:
  custom: [{name: STAFF, pattern: 'EMP-[0-9]{6}', like: PHONE}]
endpoints:
  claude:
    {kind: anthropic, key: sk-never-used, country: US, zone: foreign, operator: Anthropic}
  home:
    {kind: openai_compatible, url: "http://127.0.0.1:9/v1", zone: home, operator: self, data_use: {trains: false}}
models:
  both:
    targets: [{endpoint: home, model: local}, {endpoint: claude, model: claude-x}]
    price: {input: 1, output: 1, as_of: 2026-11-01}
"""
PHONE = Identities(seed=20261125).mobile()
Fetch = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]


@pytest.fixture
async def fetch(tmp_path: Path) -> AsyncIterator[Fetch]:
    file = tmp_path / "hanbok.yaml"
    file.write_text(SETTINGS.replace("state: state", f"state: {tmp_path / 'state'}"), encoding="utf-8")
    app = await App.open(await asyncio.to_thread(load, file))
    application = asgi(Door(app))

    async def fetch(
        path: str, body: dict[str, Any] | None = None, *, method: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": json.dumps(body).encode() if body else b""}

        async def send(message: Any) -> None:
            told.append(message)

        where, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method or ("POST" if body else "GET"),
            "path": where,
            "query_string": query.encode(),
            "headers": [(b"authorization", f"Bearer {app.first_key}".encode())],
            "client": ("127.0.0.1", 1),
        }
        await application(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return int(told[0]["status"]), headers, b"".join(one.get("body", b"") for one in told[1:])

    yield fetch
    await app.close()


async def preview(fetch: Fetch, content: Any, **more: Any) -> dict[str, Any]:
    body = {"model": "both", "messages": [{"role": "user", "content": content}], **more}
    status, headers, told = await fetch("/console/preview", body)
    assert (status, headers["cache-control"]) == (200, "no-store"), told
    return dict(json.loads(told))


async def test_each_destination_is_shown_with_its_own_form_and_wire_format(fetch: Fetch) -> None:
    told = await preview(fetch, f"휴대전화 {PHONE}")
    home, claude = told["plan"]
    assert (home["form"], home["altered"], home["message"]) == ("as_is", False, f"휴대전화 {PHONE}")
    assert (claude["form"], claude["altered"]) == ("pseudonymised", True)
    assert json.loads(home["body"])["model"] == "local"
    assert json.loads(claude["body"])["max_tokens"] > 0
    assert PHONE not in claude["body"]
    assert claude["problem"] is None


async def test_what_a_wire_format_cannot_say_is_told_of_that_destination_alone(fetch: Fetch) -> None:
    home, claude = (await preview(fetch, "안녕하세요", n=2))["plan"]
    assert home["problem"] is None
    assert set(claude["problem"]) == {"ko", "en"}
    assert (claude["body"], claude["digest"]) == ("", "")


async def test_attachments_that_are_not_text_are_named(fetch: Fetch) -> None:
    picture = base64.b64encode(bytes(range(200))).decode()
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    told = await preview(fetch, [{"type": "text", "text": "무엇인가요?"}, image])
    assert told["unread"] == ["image/png"]
    assert told["plan"][0]["message"] == "무엇인가요?"


async def test_a_type_of_the_customers_own_has_its_name_and_place(fetch: Fetch) -> None:
    text = "담당자 EMP-123456에게 물어보세요"
    (finding,) = [one for one in (await preview(fetch, text))["findings"] if one["kind"] == "STAFF"]
    assert text[finding["start"] : finding["end"]] == "EMP-123456"
    assert finding["label"]["ko"] == "STAFF"
    assert finding["category"] == "personal"


async def test_the_page_and_its_files_are_served_under_asgi(fetch: Fetch) -> None:
    status, headers, page = await fetch("/?lang=en")
    assert (status, headers["content-language"]) == (200, "en")
    script = page.decode().partition('module" src="')[2].partition('"')[0]
    status, headers, file = await fetch(script)
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert b"sessionStorage" in file
    assert (await fetch("/static/0/page.js"))[0] == 404
    assert (await fetch("/", method="HEAD"))[2] == b""


async def test_a_call_that_is_unknown_is_told_without_being_kept(fetch: Fetch) -> None:
    status, headers, told = await fetch("/console/calls/call-000000000000000000000000")
    assert (status, json.loads(told)["code"]) == (404, "call_unknown")
    assert headers["cache-control"] == "no-store"
