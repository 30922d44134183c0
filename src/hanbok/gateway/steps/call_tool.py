"""Ask the MCP server. The reply holds its `result` or its `error`, as JSON-RPC has them."""

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.errors import UpstreamGarbled, UpstreamUnreachable
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.mcp.wire import Answer
from hanbok.gateway.step import Next

VISITOR = "mcp-session-id"
_NO_RESULT: Final = Text(ko="결과가 JSON 객체가 아닙니다", en="its result is no JSON object")


class _Result(msgspec.Struct):
    isError: bool = False  # noqa: N815 - the protocol's spelling


@dataclass(frozen=True, slots=True)
class CallTool:
    toolbox: Toolbox

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the call step")
        planned, ending = call.plan[0], call.ending
        arguments = call.body_in(planned.form)
        if call.operation is Operation.RESOURCE and arguments is not call.body:
            # Another address than the one that was let in.
            await self.toolbox.admit(call.operation, call.model, arguments, call.principal)
        ending.used, ending.cost = planned, self.toolbox.split(call.model)[0].price
        ending.sent = call.digest if arguments is call.body else hashlib.sha256(arguments).hexdigest()
        # Callers never share what a server remembers of a session, whatever session they name.
        visitor = f"{call.principal.key}:{call.headers.get(VISITOR, '')}"
        try:
            answer = await self.toolbox.call(call.operation, call.model, arguments, visitor=visitor)
        except UpstreamUnreachable:
            ending.cost = 0
            raise
        if answer.error is None and not bytes(answer.result or b"").lstrip().startswith(b"{"):
            raise UpstreamGarbled(origin=planned.target.endpoint, why=_NO_RESULT)
        ending.steps["tool"] = _did(answer)
        if answer.error is not None:
            return Reply(body=msgspec.json.encode({"error": answer.error}))
        return Reply(body=msgspec.json.encode({"result": answer.result}))


def _did(answer: Answer) -> str:
    if answer.error is not None:
        return f"error {answer.error.code}"
    try:
        failed = msgspec.json.decode(answer.result or b"{}", type=_Result).isError
    except msgspec.ValidationError:
        failed = True
    return "failed" if failed else "ran"
