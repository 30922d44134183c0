"""Answers of a GGUF, given by the very process that the gateway serves it with."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from hanbok.gateway.llama.cores import compute_threads
from hanbok.gateway.llama.dress import Dress
from hanbok.gateway.llama.releases import Sampling
from hanbok.gateway.llama.supervisor import Supervisor
from hanbok.gateway.llama.wire import Adapter, Spec
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.parity_rows import Row, Told

_START: Final = 300.0
_LIMIT: Final = 1 << 22
_SLOTS: Final = 1
"""Beside another row a row is computed otherwise, by up to 0.7 nats."""
_CONTEXT: Final = 4096
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A GGUF model, or a base with an adapter on it."""

    model: Path
    adapter: Path | None = None
    template: str = ""
    stops: tuple[str, ...] = ()

    def answers(
        self,
        rows: Sequence[Row],
        choices: Sequence[str],
        tokens: int,
        folder: Path,
        done: Callable[[int], None],
    ) -> list[Told]:
        """Return an answer to each row: one of `choices`, or up to `tokens` tokens where there are none. Raises
        StudioExtraMissing, WeightsUnusable, ExportUnsupported.
        """
        if find_spec("xllamacpp") is None:
            raise StudioExtraMissing(package="xllamacpp")
        return asyncio.run(self._answers(rows, choices, tokens, folder, done))

    async def _answers(
        self,
        rows: Sequence[Row],
        choices: Sequence[str],
        tokens: int,
        folder: Path,
        done: Callable[[int], None],
    ) -> list[Told]:
        supervisor = Supervisor(self._spec(folder), "parity", folder / ".parity.log")
        dress = Dress(
            adapter=0 if self.adapter else None,
            adapters=1 if self.adapter else 0,
            sampling=Sampling(choices=tuple(choices), stops=self.stops),
        )
        upstream = Http1()
        supervisor.start()
        gate = asyncio.Semaphore(_SLOTS)
        try:
            line = _Line(upstream, await supervisor.url(_START), supervisor.spec.key, dress)

            async def ask(row: Row) -> Told:
                async with gate:
                    told = await (line.choose(row, tokens) if choices else line.write(row, tokens))
                    done(1)
                    return told

            return list(await asyncio.gather(*map(ask, rows)))
        finally:
            await supervisor.close()
            await upstream.close()

    def _spec(self, folder: Path) -> Spec:
        return Spec(
            folder=str(folder),
            path=str(self.model),
            alias="parity",
            key=secrets.token_urlsafe(32),
            context=_CONTEXT,
            slots=_SLOTS,
            threads=compute_threads(),
            adapters=(Adapter(path=str(self.adapter)),) if self.adapter else (),
            template=self.template,
            remember=False,
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """How a process is asked."""

    upstream: Http1
    url: str
    key: str
    dress: Dress

    async def choose(self, row: Row, tokens: int) -> Told:
        """Ask as a client does, with the release's grammar."""
        said = {"messages": row.messages, "max_tokens": tokens}
        answer = await self._post(row, "/v1/chat/completions", said)
        return Told(str(answer["choices"][0]["message"]["content"] or ""))

    async def write(self, row: Row, tokens: int) -> Told:
        """Ask for the prompt that the template makes, and then for the tokens of the answer: a text may be cut into
        other tokens than those that it was written in.
        """
        prompt = (await self._post(row, "/apply-template", {"messages": row.messages}))["prompt"]
        said = {"prompt": prompt, "n_predict": tokens, "return_tokens": True}
        answer = await self._post(row, "/completion", said)
        return Told(str(answer["content"]), tuple(answer["tokens"]))

    async def _post(self, row: Row, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
        body = self.dress(msgspec.json.encode({**said, "temperature": 0, "cache_prompt": False}))
        headers = (("authorization", f"Bearer {self.key}"), ("content-type", "application/json"))
        exchange = await self.upstream.post(f"{self.url}{path}", headers, body, Timeouts())
        try:
            answer: dict[str, Any] = msgspec.json.decode(await exchange.whole(_LIMIT))
        finally:
            exchange.close()
        if exchange.status != _OK:
            why = str(answer.get("error", {}).get("type", exchange.status))
            raise ExportUnsupported(what=f"row {row.id}", why=why)
        return answer
