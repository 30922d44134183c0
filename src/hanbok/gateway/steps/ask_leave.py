"""Another person's leave for tools that need it: for exactly this call of this person, and once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.step import Next
from hanbok.guard.pseudonym import mask
from hanbok.policy.tool_leave import ToolLeave

APPROVAL: Final = "x-hanbok-approval"
"""Header in which a caller may name the approval; without it, one that fits is looked for."""
_SHOWN: Final = 2000


@dataclass(frozen=True, slots=True)
class AskLeave:
    """Raises ApprovalRequired, with the request's id, until another person has allowed the call."""

    toolbox: Toolbox
    leave: ToolLeave
    masks: Mapping[str, str]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        server, tool = self.toolbox.split(call.model)
        if server.asks_leave(self.toolbox.subject(call.operation, call.model, call.body)):
            named = call.headers.get(APPROVAL, "")
            used = await asyncio.to_thread(
                self.leave.use, call.principal, self._what(call, server.name, tool), named, call.origin
            )
            call.ending.steps["approval"] = used.id
        return await call_next(call)

    def _what(self, call: Call, server: str, tool: str) -> dict[str, object]:
        """Return what exactly would be done, the values in it bound by their digest and shown masked."""
        exact = msgspec.json.encode(msgspec.json.decode(call.body), order="sorted")
        return {
            "server": server,
            "tool": tool,
            "arguments": self._shown(call),
            "arguments_sha256": sha256(exact).hexdigest(),
        }

    def _shown(self, call: Call) -> str:
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the approval step")
        masked = call.texts.replace(mask(call.texts.text, call.findings, self.masks))
        text = msgspec.json.encode(msgspec.json.decode(masked), order="sorted").decode()
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… (+{len(text) - _SHOWN})"
