"""One line of a batch, asked down the same path as any call."""

from typing import Final

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.gateway.batches.lines import Answered, Line
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import call_of
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.front import Front
from hanbok.gateway.fronts.responses import Responses
from hanbok.gateway.identifiers import identifiers_in
from hanbok.http.delivery import fronted
from hanbok.http.failure import openai_error
from hanbok.http.statuses import status_of

_ASKED: Final[dict[str, tuple[Operation, Front | None]]] = {
    "/v1/chat/completions": (Operation.CHAT, None),
    "/v1/responses": (Operation.CHAT, Responses()),
    "/v1/embeddings": (Operation.EMBEDDINGS, None),
    "/v1/moderations": (Operation.MODERATIONS, None),
}
_TOO_FAST: Final = frozenset(
    {"rate_limited", "token_rate_limited", "concurrency_exceeded", "limits_unavailable"}
)


async def ask_line(app: App, line: Line, key: str, origin: str) -> Answered:
    """Ask, and return the answer or the refusal."""
    runtime = app.runtime
    operation, front = _ASKED[line.url]
    try:
        call = call_of(
            operation, bytes(line.body), path=line.url, headers={}, origin=origin, front=front, as_key=key
        )
        if call.stream:
            raise UnsupportedRequest(dialect="batch", feature="stream")
    except HanbokError as error:
        return _refused(app, error, "")
    try:
        reply = await runtime.path.run(call)
        body = reply.body if front is None else fronted(front, reply, call.body)
        found = identifiers_in(call.texts.text, call.findings, runtime.guard.kinds) if call.texts else ()
    except HanbokError as error:
        return _refused(app, error, call.id)
    finally:
        call.finish()
    return Answered(status=int(reply.status), call=call.id, body=body, identifiers=found)


def _refused(app: App, error: HanbokError, call: str) -> Answered:
    later = float(str(error.facts.get("retry_after") or 1)) if error.code in _TOO_FAST else 0.0
    body = openai_error(error, app.runtime.settings.language)
    return Answered(status=int(status_of(error)), call=call, body=body, retry_after=later)
