"""The gate of what is passed through: what one version of the settings says of it, put together."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from hanbok.gateway.call import Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.passthrough.errors import PassageNotAllowed
from hanbok.gateway.passthrough.passages import PREFIX, Passages
from hanbok.gateway.passthrough.passages import Place as Allowed
from hanbok.gateway.passthrough.passing import AdmitPassing, Pass, Passing, ProtectPassing, sealed
from hanbok.gateway.path import Path
from hanbok.gateway.shared_steps import SharedSteps, with_brought
from hanbok.gateway.step import Step
from hanbok.gateway.steps.admit import Admit
from hanbok.gateway.steps.authenticate import Authenticate, bearer
from hanbok.gateway.steps.call_model import CallModel
from hanbok.gateway.steps.decide import Decide
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.measure import Measure
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.witness import Witness
from hanbok.gateway.upstream import Sender
from hanbok.gateway.vaults import with_vault
from hanbok.guard.kinds import Kind

if TYPE_CHECKING:
    from hanbok.vault.service import VaultService

_JSON: Final = "application/json"
_FIELDS: Final = 100


class PassageGate:
    def __init__(
        self,
        places: Mapping[str, Allowed],
        steps: SharedSteps,
        vault: "VaultService | None",
        kinds: Mapping[str, Kind],
        sender: Sender,
    ) -> None:
        """Share the steps of models' calls."""
        passages, protect, witness = Passages(places), steps.of(Protect), steps.of(Witness)
        own: list[Step] = [
            steps.of(Measure),
            steps.of(Authenticate),
            Witness(witness.log, witness.judge, passages),
            AdmitPassing(passages, steps.of(Admit).gate),
            steps.of(Inspect),
            steps.of(Decide),
            steps.of(Record),
            ProtectPassing(protect.masks, protect.masker_of, protect.hider_of),
            Pass(steps.of(CallModel).asking.places, sender),
        ]
        self.path = Path(with_vault(with_brought(own, steps.everywhere), vault, kinds))

    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, origin: str
    ) -> Passing:
        """Return the call that a request asks for. Raises InvalidJson, PassageNotAllowed."""
        endpoint, _, rest = path.removeprefix(PREFIX).partition("/")
        secret = bearer(headers)
        try:
            fields = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
        except ValueError:
            raise PassageNotAllowed(endpoint=endpoint[:50], method=method, path="?") from None
        # A client's own key must not go on, wherever it put it.
        asked = [(name, one) for name, one in fields if not secret or one != secret]
        media = headers.get("content-type", _JSON).partition(";")[0].strip().lower()
        read = not body or media.endswith(("/json", "+json"))
        envelope = sealed(f"/{rest}", asked, headers, body if read else b"")
        return Passing(
            id=fresh_id(),
            route=f"{PREFIX}*",
            operation=Operation.PASSAGE,
            body=envelope,
            headers=headers,
            origin=origin,
            digest=hashlib.sha256(envelope + (b"" if read else body)).hexdigest(),
            model=f"passthrough/{endpoint}",
            stream=False,
            endpoint=endpoint,
            method=method,
            path=f"/{rest}",
            media=media,
            raw=None if read else body,
        )
