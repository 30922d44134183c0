"""Answers of a GGUF, given by the very process that the gateway serves it with."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from hanbok.gateway.llama.cores import physical_cores
from hanbok.gateway.llama.dress import Dress
from hanbok.gateway.llama.releases import Sampling
from hanbok.gateway.llama.supervisor import Supervisor
from hanbok.gateway.llama.wire import Adapter, Spec
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.parity_rows import Row

_START: Final = 300.0
_LIMIT: Final = 1 << 22
_SLOTS: Final = 2
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
    ) -> list[str]:
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
    ) -> list[str]:
        supervisor = Supervisor(self._spec(folder), "parity", folder / ".parity.log")
        upstream = Http1()
        supervisor.start()
        try:
            url = await supervisor.url(_START)
            dress = Dress(
                adapter=0 if self.adapter else None,
                adapters=1 if self.adapter else 0,
                sampling=Sampling(choices=tuple(choices), stops=self.stops),
            )
            gate = asyncio.Semaphore(_SLOTS)

            async def ask(row: Row) -> str:
                async with gate:
                    body = {
                        "messages": row.messages,
                        "temperature": 0,
                        "max_tokens": tokens,
                        "cache_prompt": False,
                    }
                    sent = dress.put_on(msgspec.json.encode(body))
                    headers = (
                        ("authorization", f"Bearer {supervisor.spec.key}"),
                        ("content-type", "application/json"),
                    )
                    exchange = await upstream.post(f"{url}/v1/chat/completions", headers, sent, Timeouts())
                    try:
                        answer = msgspec.json.decode(await exchange.whole(_LIMIT))
                    finally:
                        exchange.close()
                    done(1)
                    return _text(row, exchange.status, answer)

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
            threads=physical_cores(),
            adapters=(Adapter(path=str(self.adapter)),) if self.adapter else (),
            template=self.template,
            remember=False,
        )


def _text(row: Row, status: int, answer: dict[str, Any]) -> str:
    if status != _OK:
        raise ExportUnsupported(what=f"row {row.id}", why=str(answer.get("error", {}).get("type", status)))
    return str(answer["choices"][0]["message"]["content"] or "")
