"""A program as an MCP server: it is started when asked, asked again after it ended, and ended with hanbok."""

import asyncio
import sys

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.errors import UpstreamCut, UpstreamTimeout, UpstreamUnreachable
from hanbok.gateway.mcp.gate import Lines
from hanbok.gateway.mcp.server import AllowRule, ToolServer
from hanbok.gateway.mcp.stdio import Program
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

PROGRAM = """\
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    name = asked.get("params", {}).get("name")
    if name == "die":
        os._exit(3)
    if name == "wait":
        continue
    if "id" not in asked:
        continue
    print("not json", flush=True)
    print(json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}), flush=True)
    told = {"protocolVersion": "2025-11-25"} if asked["method"] == "initialize" else dict(os.environ)
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": told}), flush=True)
"""


def described(*command: str, seconds: float = 20.0) -> ToolServer:
    return ToolServer(
        name="files",
        destination=Destination(endpoint="mcp:files", country="KR", zone=Zone.HOME, operator="self"),
        allow=(AllowRule(tools=("*",)),),
        command=command or (sys.executable, "-I", "-S", "-c", PROGRAM),
        environment=(("ONLY", "this"),),
        timeouts=Timeouts(total=seconds),
    )


def program(*command: str, seconds: float = 20.0) -> Program:
    return Program(described(*command, seconds=seconds), "0")


async def test_it_answers_between_its_noise_and_gets_no_environment_but_its_own():
    line = program()
    try:
        answer = await line.ask("tools/call", {"name": "look"}, visitor="")
        assert b'"ONLY": "this"' in bytes(answer.result)
        assert b"HANBOK" not in bytes(answer.result)
        assert b"HOME" not in bytes(answer.result)
    finally:
        await line.close()


async def test_one_that_died_breaks_its_calls_off_and_is_started_again():
    line = program()
    try:
        with pytest.raises(UpstreamCut):
            await line.ask("tools/call", {"name": "die"}, visitor="")
        assert (await line.ask("tools/call", {"name": "look"}, visitor="")).error is None
    finally:
        await line.close()


async def test_one_that_says_nothing_runs_out_of_time():
    line = program(seconds=1.0)
    try:
        with pytest.raises(UpstreamTimeout):
            await line.ask("tools/call", {"name": "wait"}, visitor="")
    finally:
        await line.close()


async def test_one_that_the_settings_dropped_is_not_started_again():
    line = program()
    await line.ask("tools/call", {"name": "look"}, visitor="")
    await line.close()
    with pytest.raises(UpstreamUnreachable):
        await line.ask("tools/call", {"name": "look"}, visitor="")


async def test_one_that_is_dropped_while_it_starts_does_not_live_on(monkeypatch: pytest.MonkeyPatch):
    made, there, going_on = [], asyncio.Event(), asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def slow(*command: str, **how: object) -> asyncio.subprocess.Process:
        made.append(await start(*command, **how))
        there.set()
        await going_on.wait()
        return made[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    line = program()
    asking = asyncio.create_task(line.ask("tools/call", {"name": "look"}, visitor=""))
    await there.wait()
    await line.close()
    going_on.set()
    with pytest.raises(UpstreamUnreachable):
        await asking
    assert await asyncio.wait_for(made[0].wait(), 10)


@pytest.mark.parametrize("ending", ["exit(3)", "time.sleep(60)"])
async def test_one_that_ends_or_is_dropped_before_it_shook_hands_breaks_the_call_off(ending: str):
    line = program(sys.executable, "-I", "-S", "-c", f"import sys, time; sys.stdin.readline(); {ending}")
    asking = asyncio.create_task(line.ask("tools/list", {}, visitor=""))
    if ending != "exit(3)":
        while line._waiting == {}:  # noqa: ASYNC110 - nobody tells when it has been asked
            await asyncio.sleep(0)
        await line.close()
    with pytest.raises(UpstreamCut):
        await asking
    await line.close()


async def test_one_that_cannot_be_started_is_told():
    with pytest.raises(UpstreamUnreachable):
        await program("/nowhere/at/all").ask("tools/list", {}, visitor="")


async def test_lines_are_let_go_when_others_are_in_force_and_not_when_they_are_made():
    lines = Lines(Http1(), "0", None)
    first = lines.of({"files": described()})
    lines.put_in_force(first, None)
    await first["files"].line.ask("tools/call", {"name": "look"}, visitor="")
    assert lines.of({"files": described()})["files"] is first["files"]
    second = lines.of({"files": described(seconds=21.0)})
    await first["files"].line.ask(
        "tools/call", {"name": "look"}, visitor=""
    )  # as after a reload that was refused
    lines.put_in_force(second, None)
    await lines.close()
    for one in (first, second):
        with pytest.raises(UpstreamUnreachable):
            await one["files"].line.ask("tools/call", {"name": "look"}, visitor="")
