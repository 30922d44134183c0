"""Every request enters here: found its handler, or told why not."""

import asyncio
import logging
import secrets
from functools import partial
from typing import Final

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Operation
from hanbok.http.batch_lines import ask_line
from hanbok.http.batches import batch, batches
from hanbok.http.console import calls, preview
from hanbok.http.delivery import deliver, deliver_in
from hanbok.http.failure import tell
from hanbok.http.files import file, files
from hanbok.http.fine_tuning import fine_tuning_job, fine_tuning_jobs
from hanbok.http.gemini import generate, listed
from hanbok.http.handler import Handler, later
from hanbok.http.health import healthz, metrics, readyz
from hanbok.http.inbound import Inbound
from hanbok.http.log import checkpoint, log_key, tile, witnessed
from hanbok.http.mcp_paths import MCP, WELL_KNOWN
from hanbok.http.messages import count_tokens
from hanbok.http.models import models
from hanbok.http.page import page, static
from hanbok.http.responses import respond, response
from hanbok.http.statuses import Internal, MethodNotAllowed, RouteUnknown, Stopping
from hanbok.http.transcription import transcribe


def _asking(operation: Operation) -> Handler:
    """Return the handler of a route that asks a model."""
    return partial(deliver, operation=operation)


_admin = later("hanbok.http.admin.desk", "admin")
_mcp = later("hanbok.http.mcp", "mcp")
_metadata = later("hanbok.http.mcp", "metadata")
_calls = later("hanbok.http.realtime", "calls")
_passthrough = later("hanbok.http.passthrough", "passthrough")

ROUTES: Final[dict[str, dict[str, Handler]]] = {
    "/v1/chat/completions": {"POST": _asking(Operation.CHAT)},
    "/v1/batches": {"GET": batches, "POST": batches},
    "/v1/embeddings": {"POST": _asking(Operation.EMBEDDINGS)},
    "/v1/files": {"GET": files, "POST": files},
    "/v1/fine_tuning/jobs": {"GET": fine_tuning_jobs, "POST": fine_tuning_jobs},
    "/v1/images/generations": {"POST": _asking(Operation.IMAGES)},
    "/v1/moderations": {"POST": _asking(Operation.MODERATIONS)},
    "/v1/rerank": {"POST": _asking(Operation.RERANK)},
    "/v1/audio/speech": {"POST": _asking(Operation.SPEECH)},
    "/v1/audio/transcriptions": {"POST": partial(transcribe, operation=Operation.TRANSCRIPTION)},
    "/v1/audio/translations": {"POST": partial(transcribe, operation=Operation.TRANSLATION)},
    "/v1/messages": {"POST": _asking(Operation.CHAT)},
    "/v1/messages/count_tokens": {"POST": count_tokens},
    "/v1/realtime": {"GET": later("hanbok.http.realtime", "realtime")},
    "/v1/realtime/client_secrets": {"POST": later("hanbok.http.realtime", "client_secret")},
    "/v1/realtime/calls": {"POST": _calls},
    "/v1/responses": {"POST": respond},
    "/v1beta/models": {"GET": listed},
    "/v1/models": {"GET": models},
    MCP: dict.fromkeys(("POST", "DELETE"), _mcp),
    WELL_KNOWN: {"GET": _metadata},
    "/": {"GET": page},
    "/console/preview": {"POST": preview},
    "/log/checkpoint": {"GET": checkpoint},
    "/log/witnessed": {"GET": witnessed},
    "/log/key": {"GET": log_key},
    "/healthz": {"GET": healthz},
    "/readyz": {"GET": readyz},
    "/metrics": {"GET": metrics},
    "/openapi.json": {"GET": later("hanbok.http.openapi", "openapi")},
}
"""By exact path, then method. Paths below a prefix are in `_BELOW`."""
_BELOW: Final[dict[str, dict[str, Handler]]] = {
    "/v1/batches/": {"GET": batch, "POST": batch},
    "/v1/files/": {"GET": file, "DELETE": file},
    "/v1/fine_tuning/jobs/": {"GET": fine_tuning_job, "POST": fine_tuning_job},
    "/v1/realtime/calls/": {"POST": _calls},
    "/v1/responses/": {"GET": response, "POST": response, "DELETE": response},
    "/admin/v1/": dict.fromkeys(("GET", "POST", "PUT", "PATCH"), _admin),
    "/v1/models/": {"GET": models, "POST": generate},
    "/v1beta/models/": {"POST": generate},
    f"{MCP}/": dict.fromkeys(("POST", "DELETE"), _mcp),
    f"{WELL_KNOWN}/": {"GET": _metadata},
    "/console/calls/": {"GET": calls},
    "/passthrough/": dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), _passthrough),
    "/static/": {"GET": static},
    "/log/tile/": {"GET": tile},
}
_log = logging.getLogger("hanbok.http")


class Door:
    """Takes requests from an HTTP server. Counts those under way, so that a stop can wait for them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.under_way = 0
        self.idle = asyncio.Event()
        """Set while no request is under way."""
        self.idle.set()
        self.stopping = False
        app.offstage.batches.start(partial(ask_line, app), app.runtime.settings.batches.at_once)

    async def __call__(self, inbound: Inbound) -> None:
        language = self._app.runtime.settings.language
        self.under_way += 1
        self.idle.clear()
        try:
            await self._handler(inbound)(self._app, inbound)
        except HanbokError as error:
            await tell(inbound, error, language, [])
        except ConnectionError:
            return  # the client left before an answer began: nobody is there to be told
        except Exception:  # noqa: BLE001 - the last line: a slip of ours must not look like an answer
            call = f"slip-{secrets.token_hex(6)}"
            _log.exception("unexpected error %s on %s", call, inbound.path)
            await tell(inbound, Internal(call=call), language, [])
        finally:
            self.under_way -= 1
            if not self.under_way:
                self.idle.set()

    def _handler(self, inbound: Inbound) -> Handler:
        if self.stopping:
            raise Stopping
        methods = ROUTES.get(inbound.path) or next(
            (found for prefix, found in _BELOW.items() if inbound.path.startswith(prefix)), None
        )
        if methods is None and (front := self._app.runtime.fronts.get(inbound.path)):
            methods = {"POST": partial(deliver_in, front=front)}
        if methods is None:
            raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
        handler = methods.get("GET" if inbound.method == "HEAD" else inbound.method)
        if handler is None:
            raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed=", ".join(methods))
        return handler
