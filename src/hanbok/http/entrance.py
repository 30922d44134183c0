"""Who asks: people come in by their personal key, wherever no model is asked."""

from datetime import timedelta

from hanbok.app import App
from hanbok.core.clock import now
from hanbok.http.inbound import Inbound
from hanbok.policy.entrance import EntranceRules
from hanbok.policy.identity import Credentials, Identified
from hanbok.settings.roles import RoleSettings


def enter(app: App, inbound: Inbound, settings: RoleSettings) -> Identified:
    """Return who asks, by their personal key. Raises KeyMissing, KeyUnknown, LockedOut and their like. Blocks."""
    scheme, _, secret = inbound.headers.get("authorization", "").partition(" ")
    credentials = Credentials(scheme=scheme.lower(), secret=secret.strip(), origin=inbound.peer)
    rules = EntranceRules(
        failed_logins=settings.failed_logins,
        locked=timedelta(minutes=settings.locked_minutes),
        key_age=timedelta(days=settings.admin_key_days),
        idle=timedelta(days=settings.admin_idle_days),
    )
    return app.administration.entrance.admit(credentials, now(), rules)
