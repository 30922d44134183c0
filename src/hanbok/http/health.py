"""`/healthz` (the process lives), `/readyz` (it can take calls), `/metrics` (Prometheus text)."""

import msgspec

from hanbok.app import App
from hanbok.core.metrics import CONTENT_TYPE
from hanbok.http.inbound import Inbound
from hanbok.http.statuses import NotReady


async def healthz(app: App, inbound: Inbound) -> None:
    """Say that the process lives."""
    body = msgspec.json.encode({"status": "ok", "version": app.version})
    await inbound.reply(200, [("content-type", "application/json")], body)


async def readyz(app: App, inbound: Inbound) -> None:
    """Say that calls are taken, or raise NotReady."""
    waiting = app.unready()
    if waiting:
        raise NotReady(what=", ".join(waiting))
    await inbound.reply(200, [("content-type", "application/json")], b'{"status":"ready"}')


async def metrics(app: App, inbound: Inbound) -> None:
    """Answer with all counters; none holds contents."""
    await inbound.reply(200, [("content-type", CONTENT_TYPE)], await app.metrics())
