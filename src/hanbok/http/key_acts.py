"""What a key did besides asking models, in the evidence log."""

from collections.abc import Mapping

from hanbok.app import App
from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.http.inbound import Inbound
from hanbok.policy.key import Key


async def note_act(
    app: App, inbound: Inbound, key: Key, verb: str, name: str, facts: Mapping[str, str] | None = None
) -> None:
    """Make an act durable. `facts` hold no content."""
    await app.log.append(
        Act(
            at=stamp(),
            actor=key.id,
            origin=inbound.peer,
            organisation=key.principal.organisation,
            verb=verb,
            object=name,
            facts=dict(facts or {}),
        )
    )
