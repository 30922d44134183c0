"""What is done to texts by what they say: the steps before copies are sought, and those after."""

from collections.abc import Sequence
from typing import Final, Protocol

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.boilerplate import Boilerplate, BoilerplatePlan
from hanbok.studio.curate.filtering import Filtering, FilterPlan
from hanbok.studio.curate.languages import Language, LanguagePlan
from hanbok.studio.curate.licences import LicencePlan, Licences, clear
from hanbok.studio.curate.normalise import Normalise, NormalisePlan
from hanbok.studio.curate.personal import UNIQUE, Personal, PersonalPlan, account
from hanbok.studio.curate.reader import Source
from hanbok.studio.curate.sensitive import Sensitive, SensitivePlan
from hanbok.studio.curate.step import Step

_TOLD: Final = {
    "source": "name",
    "licence": "licence",
    "basis": "basis",
    "fetched": "fetched",
    "opt_out": "opt_out",
    "by_row": "licence_key",
}


class ContentPlan(Protocol):
    """The parts of a plan that are about contents."""

    @property
    def sources(self) -> tuple[Source, ...]: ...
    @property
    def licences(self) -> LicencePlan: ...
    @property
    def normalise(self) -> NormalisePlan | None: ...
    @property
    def language(self) -> LanguagePlan | None: ...
    @property
    def boilerplate(self) -> BoilerplatePlan | None: ...
    @property
    def filters(self) -> FilterPlan | None: ...
    @property
    def personal(self) -> PersonalPlan | None: ...
    @property
    def sensitive(self) -> SensitivePlan | None: ...


def screening(plan: ContentPlan) -> list[Step]:
    """Return the steps for every row, the cheapest first: what may not be used is not looked at.

    Raises SourceForbidden, SourceUnlicensed, PresetUnfit, SourceUnreadable.
    """
    clear(plan.sources, plan.licences)
    steps: list[Step] = [Licences(plan.licences, plan.sources)]
    if plan.normalise:
        steps.append(Normalise(plan.normalise))
    if plan.language:
        steps.append(Language(plan.language, dialogues=_dialogues(plan)))
    if plan.boilerplate:
        steps.append(Boilerplate(plan.boilerplate))
    if plan.filters:
        steps.append(Filtering(plan.filters, dialogues=_dialogues(plan)))
    return steps


def clearing(plan: ContentPlan) -> list[Step]:
    """Return the steps for the rows that are left when copies are gone: the dear ones."""
    steps: list[Step] = []
    if plan.sensitive:
        steps.append(Sensitive(plan.sensitive, dialogues=_dialogues(plan)))
    if plan.personal:
        steps.append(Personal(plan.personal))
    return steps


def declared(plan: ContentPlan, spec: Sequence[Facts], counts: Facts) -> Facts:
    """Return what the manifest shall say of rights and personal data; `counts` are the sums of what came out."""
    held = next((one for one in spec if one["name"] == Personal.name), None)
    personal = account(counts, held)
    return {
        "purpose": plan.licences.purpose,
        "licences": [
            {name: getattr(one, key) for name, key in _TOLD.items()} | {"robots": bool(one.robots)}
            for one in plan.sources
        ],
        "personal": personal,
        "unique_identifiers": sum(
            count for kind, count in personal.get("left", {}).items() if kind in UNIQUE
        ),
    }


def _dialogues(plan: ContentPlan) -> bool:
    return any(one.messages for one in plan.sources)
