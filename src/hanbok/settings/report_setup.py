"""What the settings say for a report."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urlsplit

from hanbok.core.clock import stamp
from hanbok.evidence.report import Keys, KindFacts, LogState, Place, PolicyFacts, Setup
from hanbok.evidence.usecase import UseCase
from hanbok.guard.kinds import Kind
from hanbok.policy.key import Key
from hanbok.policy.pack import Policy
from hanbok.settings.settings import Settings

_OWN_MACHINE = "embedded"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def report_setup(
    settings: Settings,
    *,
    log: LogState,
    policies: Iterable[Policy],
    policy: str,
    kinds: Mapping[str, Kind],
    keys: Iterable[Key],
    usecases: tuple[UseCase, ...],
    documents: Mapping[str, bool],
) -> Setup:
    """Return what stands behind a report besides the log, as it is now."""
    made = stamp()
    return Setup(
        organisation=settings.reports.name,
        made=made,
        version=version("hanbok"),
        log=log,
        policy=policy,
        packs=tuple(settings.policy.packs),
        policies={
            one.clause.id: PolicyFacts(article=one.clause.article, reason=one.clause.reason)
            for one in policies
        },
        kinds={
            key: KindFacts(label=one.label, category=one.category, article=one.article)
            for key, one in kinds.items()
        },
        places=tuple(_place(settings, name) for name in settings.endpoints),
        keys=count_keys(keys, datetime.fromisoformat(made)),
        usecases=usecases,
        documents=documents,
        internal_only=settings.marking.internal_only,
    )


def count_keys(keys: Iterable[Key], at: datetime) -> Keys:
    """Count the keys that can be used at this time."""
    live = [one for one in keys if not one.revoked and (one.expires is None or one.expires > at)]
    limits = [one.limits for one in live]
    return Keys(
        active=len(live),
        rated=sum(bool(one.requests_per_minute or one.concurrency) for one in limits),
        budgeted=sum(bool(one.won_per_day or one.won_per_month) for one in limits),
        narrowed=sum(bool(one.models) for one in live),
        named=sum(bool(one.principal.person or one.principal.application) for one in live),
    )


def _place(settings: Settings, name: str) -> Place:
    one = settings.endpoints[name]
    destination = settings.endpoint_config(name).destination
    local = one.kind == _OWN_MACHINE or urlsplit(one.url).hostname in _LOOPBACK
    return Place(destination=destination, encrypted=local or not one.url.startswith("http://"))
