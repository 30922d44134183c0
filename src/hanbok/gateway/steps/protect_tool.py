"""Arguments leave as policy asked; a result is read as closely as they were before it goes on."""

from asyncio import to_thread
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hanbok.core.values import Form
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.head import InvalidJson
from hanbok.gateway.mcp.errors import ToolResultRefused
from hanbok.gateway.mcp.toolbox import Toolbox
from hanbok.gateway.step import Next
from hanbok.gateway.steps.inspect import Finder, was_read
from hanbok.gateway.steps.protect import Disguise
from hanbok.gateway.texts import Texts
from hanbok.gateway.way_back import restored
from hanbok.guard.injection import screen
from hanbok.guard.pseudonym import Hider, Pseudonyms, mask
from hanbok.guard.recogniser import Finding


@dataclass(frozen=True, slots=True)
class ProtectTool:
    """Counts what a result holds, refuses what the server's settings refuse, masks what no answer may show and then
    puts the caller's own values back. Raises ToolResultRefused, GuardFailed, UpstreamGarbled.
    """

    guard: Finder
    toolbox: Toolbox
    masks: Mapping[str, str]
    masked: frozenset[str]
    """Kinds that a result must not show, unless the caller sent the value."""
    hider_of: Callable[[str], Hider] | None = None

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the protect step")
        hider = self.hider_of(call.principal.organisation) if self.hider_of else Pseudonyms(self.masks)
        disguise = Disguise(call, call.texts, self.masks, hider)
        call.body_in = disguise.body_in
        reply = await call_next(call)
        call.hidden = disguise.pseudonyms.hidden() if call.findings else ()
        if len(reply.body) < LONG:
            reply.body = self._read(call, reply.body, disguise)
        else:
            reply.body = await to_thread(self._read, call, reply.body, disguise)
        return reply

    def _read(self, call: Call, body: bytes, disguise: Disguise) -> bytes:
        server, tool = self.toolbox.split(call.model)
        try:
            texts = Texts(body)
            found = [*self.guard.find(texts.text), *screen(texts.text)]
        except InvalidJson as error:
            raise UpstreamGarbled(origin=server.name, why=error.message) from None
        except CRASHES as crash:
            raise guard_failed(crash) from None
        for one in found:
            call.ending.reply_findings[one.kind] = call.ending.reply_findings.get(one.kind, 0) + 1
        call.ending.steps["inspect_reply"] = was_read(texts.unread)
        if refused := sorted({one.kind for one in found} & server.refuse):
            raise ToolResultRefused(tool=tool[:100], kinds=", ".join(refused))
        body = texts.replace(mask(texts.text, self._shut(texts.text, found, disguise.values()), self.masks))
        used, pseudonyms = call.ending.used, disguise.pseudonyms
        if used is None or used.form is not Form.PSEUDONYMISED or not len(pseudonyms):
            call.ending.steps["restore"] = "not run"
            return body
        body = restored(body, pseudonyms)
        call.ending.steps["restore"] = f"{pseudonyms.restored} restored"
        return body

    def _shut(self, text: str, found: Sequence[Finding], spared: frozenset[str]) -> list[Finding]:
        return [one for one in found if one.kind in self.masked and text[one.start : one.end] not in spared]
