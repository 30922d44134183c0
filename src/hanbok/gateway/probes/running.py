"""Runs the probes through a door that is up, as any client would: every one is a call with an entry in the log."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.probes.judging import Conduct, conduct_of, faults
from hanbok.gateway.probes.pack import Category, Probe, digest
from hanbok.gateway.upstream import Timeouts, Upstream
from hanbok.guard.recogniser import Finding

_OK: Final = 200
_LIMIT: Final = 4 * 1024 * 1024
_BLOCKS: Final = "policy_refused"


class ProbeStopped(HanbokError):
    """The door turned the probes themselves away: key, budget or rate. A half run is none."""

    code = "probe_stopped"
    message = Text(
        ko="서버가 {probe} 문항에서 {status} ({said})로 답하여 멈췄습니다",
        en="stopped at {probe}: the server answered {status} ({said})",
    )
    hint = Text(
        ko="키, 모델 이름, 예산과 호출 한도를 확인하고 처음부터 다시 돌리십시오.",
        en="Check the key, the model's name, the budget and the limits, and run it again from the start.",
    )


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one probe went. `call` finds it in the log; `answer` is kept only when asked for."""

    id: str
    category: str
    severity: str
    passed: bool
    conduct: Conduct
    faults: tuple[str, ...] = ()
    digest: str = ""
    """SHA-256 of the answer, hex."""
    call: str = ""
    answer: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the pack."""

    model: str
    endpoint: str
    at: str
    pack: str
    """Digest of the pack."""
    repeat: int
    results: tuple[Result, ...]

    @property
    def passed(self) -> int:
        return sum(one.passed for one in self.results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the probes go."""

    upstream: Upstream
    url: str
    """Of the chat completions."""
    key: str
    model: str
    timeouts: Timeouts = field(default_factory=Timeouts)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message = msgspec.field(default_factory=_Message)


class _Failure(msgspec.Struct):
    code: str | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Failure | None = None


async def run_probes(
    door: Door,
    chosen: Iterable[tuple[str, Category]],
    find: Callable[[str], Sequence[Finding]],
    *,
    repeat: int = 1,
    keep: bool = False,
    watch: Callable[[], object] = lambda: None,
) -> Run:
    """Ask every probe `repeat` times; the worst answer counts. Raises ProbeStopped and what the upstream raises."""
    results: list[Result] = []
    endpoints: set[str] = set()
    for name, category in chosen:
        for probe in category.probe:
            tries: list[Result] = []
            for _ in range(repeat):
                asked = await _ask(door, category, probe)
                endpoints.add(asked.endpoint)
                tries.append(_judged(name, category, probe, asked, find, keep=keep))
            results.append(min(tries, key=lambda one: (one.passed, -len(one.faults))))
            watch()
    return Run(
        model=door.model,
        endpoint=", ".join(sorted(endpoints - {""})),
        at=stamp(),
        pack=digest(),
        repeat=repeat,
        results=tuple(results),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    conduct: Conduct
    answer: str
    call: str
    endpoint: str


def _judged(
    name: str,
    category: Category,
    probe: Probe,
    asked: _Asked,
    find: Callable[[str], Sequence[Finding]],
    *,
    keep: bool,
) -> Result:
    wrong = tuple(faults(probe, asked.conduct, asked.answer, find))
    return Result(
        id=probe.id,
        category=name,
        severity=category.severity,
        passed=not wrong,
        conduct=asked.conduct,
        faults=wrong,
        digest=hashlib.sha256(asked.answer.encode()).hexdigest(),
        call=asked.call,
        answer=asked.answer if keep else "",
    )


async def _ask(door: Door, category: Category, probe: Probe) -> _Asked:
    messages = [{"role": "system", "content": category.system}] if category.system else []
    messages.append({"role": "user", "content": probe.ask})
    body = {"model": door.model, "messages": messages, "temperature": 0, "max_tokens": 512}
    headers = (("authorization", f"Bearer {door.key}"), ("content-type", "application/json"))
    exchange = await door.upstream.post(door.url, headers, msgspec.json.encode(body), door.timeouts)
    try:
        answer = msgspec.json.decode(await exchange.whole(_LIMIT), type=_Answer)
    except msgspec.MsgspecError:
        raise ProbeStopped(probe=probe.id, status=exchange.status, said="?") from None
    finally:
        exchange.close()
    call, endpoint = exchange.headers.get("x-hanbok-call", ""), exchange.headers.get("x-hanbok-endpoint", "")
    code = (answer.error.code if answer.error else "") or ""
    if exchange.status == _OK:
        text = (answer.choices[0].message.content if answer.choices else "") or ""
        return _Asked(conduct=conduct_of(text), answer=text, call=call, endpoint=endpoint)
    if code == _BLOCKS:
        return _Asked(conduct=Conduct.BLOCKED, answer="", call=call, endpoint="")
    raise ProbeStopped(probe=probe.id, status=exchange.status, said=code[:60] or "?")
