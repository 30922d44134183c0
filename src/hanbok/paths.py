"""Lays the request path: the steps of one version of the settings, in their order.

What only some settings ask for is loaded when settings do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from hanbok.building import brought_of, hider_of, routing
from hanbok.core.clock import now
from hanbok.custody import Custody
from hanbok.gateway.asking import Asking, Place
from hanbok.gateway.cache import Cache
from hanbok.gateway.catalogue import Catalogue, Offer
from hanbok.gateway.health import Health
from hanbok.gateway.path import Path
from hanbok.gateway.shared_steps import SharedSteps, with_brought
from hanbok.gateway.step import Step
from hanbok.gateway.steps.admit import Admit
from hanbok.gateway.steps.authenticate import Authenticate
from hanbok.gateway.steps.call_model import CallModel
from hanbok.gateway.steps.decide import Decide
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.mark import Mark
from hanbok.gateway.steps.measure import Measure
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.recall import Recall
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.show import Halt, Show
from hanbok.gateway.steps.witness import Witness
from hanbok.gateway.upstream import Upstream
from hanbok.gateway.vaults import with_vault
from hanbok.guard.guard import Guard
from hanbok.guard.stream import StreamMasker
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.keyring import KeyRing
from hanbok.settings.settings import Settings

if TYPE_CHECKING:
    from hanbok.gateway.answering.aside import Aside
    from hanbok.gateway.answering.shadows import Shadows
    from hanbok.gateway.answering.tallies import Tallies
    from hanbok.gateway.steps.cast import Cast
    from hanbok.gateway.steps.escalate import Escalate
    from hanbok.gateway.steps.resemble import Resemble
    from hanbok.gateway.steps.within import Within
    from hanbok.vault.service import VaultService


@dataclass(frozen=True, slots=True)
class Parts:
    """What one version of the settings is made of."""

    settings: Settings
    guard: Guard
    sharp: Guard
    """Finds what answers must not show, and nothing else."""
    judge: CedarJudge
    catalogue: Catalogue
    places: Mapping[str, Place]
    vault: "VaultService | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    path: Path
    """Of calls."""
    preview: Path
    """Tells what `path` would do: asks no model, writes nothing down, charges nothing."""
    shared: SharedSteps


class Paths:
    """What outlives a version of the settings, for the paths of all of them."""

    def __init__(self, custody: Custody, keyring: KeyRing, upstream: Upstream) -> None:
        self.measure = Measure(custody.registry)
        self._custody = custody
        self._keyring = keyring
        self._upstream = upstream
        self._health = Health()
        self._tallies: Tallies | None = None
        self._shadows: Shadows | None = None
        self._copies: Path | None = None

    def of(self, parts: Parts) -> Laid:
        """Lay the paths of one version of the settings."""
        settings = parts.settings
        steps = self._steps(parts)
        brought = brought_of(settings)
        laid = with_vault(with_brought(steps, brought.values()), parts.vault, parts.guard.kinds)
        self._copies = None
        if any(offer.shadow for offer in parts.catalogue):
            laid = self._with_shadows(laid, parts)
        preview = Path(self._preview_steps(parts, steps))
        everywhere = [brought[name] for name in settings.plugins.steps if name in settings.plugins.everywhere]
        return Laid(path=Path(laid), preview=preview, shared=SharedSteps(steps, everywhere))

    async def settle(self) -> None:
        """Break off copies of calls that went down other paths than the one laid last."""
        if self._shadows is not None:
            await self._shadows.leave(self._copies)

    async def close(self) -> None:
        """Break off all copies of calls."""
        if self._shadows is not None:
            await self._shadows.close()

    def _with_shadows(self, steps: Sequence[Step], parts: Parts) -> list[Step]:
        """Return the steps with the one that copies calls, whose path is made of the others: what was found is known
        already, and an answer that was given before is none.
        """
        cast_kind = cast("type[Cast]", import_module("hanbok.gateway.steps.cast").Cast)
        resemble = cast("type[Resemble]", import_module("hanbok.gateway.steps.resemble").Resemble)
        within = cast("type[Within]", import_module("hanbok.gateway.steps.within").Within)
        if self._shadows is None:
            shadows = cast("type[Shadows]", import_module("hanbok.gateway.answering.shadows").Shadows)
            self._shadows = shadows(self._counted())
        copying = cast_kind(self._shadows, self._keyring, now)
        copies: list[Step] = []
        for step in steps:
            if not isinstance(step, (Inspect, Mark, Recall, resemble)):
                copies.append(step)
            if isinstance(step, Decide):
                copies.append(within(parts.judge))
        copying.path = self._copies = Path(copies)
        behind = next(index for index, step in enumerate(steps) if isinstance(step, Mark))
        return [*steps[:behind], copying, *steps[behind:]]

    def _counted(self) -> "Tallies":
        if self._tallies is None:
            tallies = cast("type[Tallies]", import_module("hanbok.gateway.answering.tallies").Tallies)
            self._tallies = tallies(self._custody.registry)
        return self._tallies

    def _steps(self, parts: Parts) -> list[Step]:
        settings, guard, judge, catalogue = parts.settings, parts.guard, parts.judge, parts.catalogue
        mask_replies = frozenset(settings.guard.mask_replies)
        masks = {key: kind.mask for key, kind in guard.kinds.items()}

        def masker_of(spared: frozenset[str]) -> StreamMasker:
            return StreamMasker(parts.sharp, mask_replies, spared)

        log = self._custody.log
        return [
            self.measure,
            Authenticate(self._keyring, now),
            Witness(log, judge, catalogue),
            Admit(catalogue, self._custody.calls),
            Inspect(guard, guard.kinds),
            Decide(judge),
            Record(log, judge),
            Mark(settings.marking.marks),
            Protect(masks, masker_of if mask_replies else None, hider_of(settings)),
            *self._answering(parts),
        ]

    def _answering(self, parts: Parts) -> list[Step]:
        """Return the steps that find the answer."""
        settings, offers = parts.settings, list(parts.catalogue)
        steps: list[Step] = [Recall(Cache(settings.cache.mib << 20), parts.judge)]
        if any(offer.caching and offer.caching.alike for offer in offers):
            steps.append(self._resemble(parts))
        if any(offer.escalation for offer in offers):
            steps.append(self._escalate(parts, offers))
        asking = Asking(parts.places, self._upstream)
        return [*steps, CallModel(asking, routing(self._health, settings))]

    def _resemble(self, parts: Parts) -> Step:
        said = parts.settings.cache
        if said.embedder is None:
            raise RuntimeError("settings without an embedder must not pass")
        kind = cast("type[Resemble]", import_module("hanbok.gateway.steps.resemble").Resemble)
        place = parts.places[said.embedder.endpoint]
        aside = self._aside(place, said.embedder.model, said.embedder.seconds)
        return kind.of(aside, said.mib << 20, parts.judge, self._counted())

    def _escalate(self, parts: Parts, offers: Sequence[Offer]) -> Step:
        kind = cast("type[Escalate]", import_module("hanbok.gateway.steps.escalate").Escalate)
        judges = {
            offer.name: self._aside(parts.places[one.judge.endpoint], one.judge.model, one.seconds)
            for offer in offers
            if (one := offer.escalation) and one.judge
        }
        return kind(judges, parts.judge, self._counted())

    def _aside(self, place: Place, model: str, seconds: float) -> "Aside":
        aside = cast("type[Aside]", import_module("hanbok.gateway.answering.aside").Aside)
        return aside(place, self._upstream, model, seconds)

    def _preview_steps(self, parts: Parts, steps: list[Step]) -> list[Step]:
        shared = {type(step): step for step in steps}
        policies = {policy.clause.id: policy for policy in parts.judge.policies}
        return [
            shared[Authenticate],
            Admit(parts.catalogue, self._custody.previews),
            Show(parts.guard.kinds, policies, parts.places),
            shared[Inspect],
            shared[Decide],
            shared[Protect],
            Halt(),
        ]
