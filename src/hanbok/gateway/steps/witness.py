"""What did not leave is evidence too: every refused call of a known caller is in the log before the refusal is told."""

from dataclasses import dataclass

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.evidence.entry import Refusal
from hanbok.evidence.log import Log
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.catalogue import Catalogue
from hanbok.gateway.step import Next
from hanbok.policy.errors import Refused
from hanbok.policy.ruling import Judge


@dataclass(frozen=True, slots=True)
class Witness:
    log: Log
    judge: Judge
    catalogue: Catalogue

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        try:
            return await call_next(call)
        except HanbokError as error:
            if not call.recorded:
                await self.log.append(self._refusal(call, error))
            raise

    def _refusal(self, call: Call, error: HanbokError) -> Refusal:
        ruling = call.refusal if isinstance(error, Refused) else None
        clauses = ruling.clauses if ruling else ()
        return Refusal(
            at=stamp(),
            call=call.id,
            organisation=call.principal.organisation,
            key=call.principal.key,
            team=call.principal.team,
            person=call.principal.person,
            application=call.principal.application,
            origin=call.origin,
            route=call.route,
            # A name that is not on offer is the client's own words, and may be anything.
            model=call.model if call.model in self.catalogue else "",
            grade=call.grade,
            findings=call.tally,
            unread=call.unread,
            digest=call.digest,
            code=error.code,
            policies=tuple(clause.id for clause in clauses),
            articles=tuple(clause.article for clause in clauses if clause.article),
            policy=self.judge.version,
        )
