"""What settings and registers say for a report."""

from collections.abc import Iterable
from datetime import date, datetime
from importlib.metadata import version
from urllib.parse import urlsplit

from hanbok.core.clock import KST, stamp
from hanbok.core.values import Text
from hanbok.evidence.documents import Documents
from hanbok.evidence.report import Keys, KindFacts, LogState, Place, PolicyFacts, Setup
from hanbok.evidence.usecases import UseCases
from hanbok.guard.kinds import Kind, kinds
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.key import Key
from hanbok.policy.organisations import Register
from hanbok.settings.settings import Settings
from hanbok.store.database import Store

_OWN_MACHINE = "embedded"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def uses_of(settings: Settings, store: Store) -> UseCases:
    """Return the register of uses of AI."""
    return UseCases(store, _documents(settings))


def read_setup(
    settings: Settings, store: Store, *, log: LogState, judge: CedarJudge, organisation: str
) -> Setup:
    """Return what stands behind a report besides the log, as it is now. `judge` is the one in force."""
    made = stamp()
    day = datetime.fromisoformat(made).astimezone(KST).date()
    uses = uses_of(settings, store).all(organisation)
    digests = [document.digest for one in uses for document in one.documents]
    return Setup(
        organisation=settings.reports.name,
        made=made,
        version=version("hanbok"),
        log=log,
        policy=judge.version,
        packs=tuple(settings.policy.packs),
        policies={
            one.clause.id: PolicyFacts(article=one.clause.article, reason=one.clause.reason)
            for one in judge.policies
        },
        kinds=_kinds(settings),
        places=tuple(_place(settings, name, day) for name in settings.endpoints),
        keys=count_keys(
            (card.key for card in Register(store).cards(organisation or None)), datetime.fromisoformat(made)
        ),
        usecases=uses,
        documents=_documents(settings).check(digests),
        internal_only=settings.marking.internal_only,
    )


def persons_url(settings: Settings) -> str:
    """Return the database with the index of persons; empty where contents are not kept."""
    kept = settings.vault.config(settings.state).contents
    return kept.url if kept.keep or kept.held else ""


def count_keys(keys: Iterable[Key], at: datetime) -> Keys:
    """Count the keys that can be used at this time."""
    live = [one for one in keys if not one.revoked and (one.expires is None or one.expires > at)]
    limits = [one.limits for one in live]
    return Keys(
        active=len(live),
        rated=sum(
            bool(one.requests_per_minute or one.tokens_per_minute or one.concurrency) for one in limits
        ),
        budgeted=sum(bool(one.won_per_day or one.won_per_month) for one in limits),
        narrowed=sum(bool(one.models) for one in live),
        named=sum(bool(one.principal.person or one.principal.application) for one in live),
    )


def _kinds(settings: Settings) -> dict[str, KindFacts]:
    known = dict(kinds())
    facts = {key: _facts(one) for key, one in known.items()}
    for one in settings.guard.custom:
        like = known[one.like]
        label = one.label or one.name
        facts[one.name] = KindFacts(
            label=Text(ko=label, en=label), category=like.category, article=like.article
        )
    return facts


def _facts(one: Kind) -> KindFacts:
    return KindFacts(label=one.label, category=one.category, article=one.article)


def _documents(settings: Settings) -> Documents:
    return Documents(settings.reports.documents or settings.state / "documents")


def _place(settings: Settings, name: str, day: date) -> Place:
    one = settings.endpoints[name]
    local = one.kind == _OWN_MACHINE or urlsplit(one.url).hostname in _LOOPBACK
    return Place(
        destination=settings.destination(name, day), encrypted=local or not one.url.startswith("http://")
    )
