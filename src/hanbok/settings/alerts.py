"""`alerts`: who is told when a budget runs out."""

from typing import Annotated

from msgspec import Meta, field

from hanbok.core.errors import HanbokError
from hanbok.core.secret import Secret
from hanbok.gateway.webhook import Webhook, secret_of
from hanbok.settings.section import Section


class AlertsSettings(Section, frozen=True, kw_only=True):
    webhook: Annotated[
        str,
        Meta(description="Address that alerts of budgets are sent to (Standard Webhooks); empty: none are."),
    ] = ""
    secret: Annotated[Secret, Meta(description="Secret that signs them: `whsec_` and base64.")] = field(
        default_factory=Secret
    )
    thresholds: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=100)], ...],
        Meta(min_length=1, description="Per cent of a budget at which an alert is sent."),
    ] = (50, 80, 100)

    def __post_init__(self) -> None:
        """Raise ValueError for an address or a secret that is none."""
        if self.webhook:
            secret_of(self.secret.reveal())
            try:
                self.to()
            except HanbokError as error:
                raise ValueError(str(error)) from error

    def to(self) -> Webhook | None:
        """Return where alerts go; None: nowhere."""
        if not self.webhook:
            return None
        found = Webhook(self.webhook, secret_of(self.secret.reveal()), self.thresholds)
        _ = found.gate
        return found
