"""The model card, in Korean and in English, filled from the manifests of all that went into a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import jinja2
import msgspec
from msgspec import Meta

from hanbok.core.values import Language, Text
from hanbok.gateway.llama.releases import Serving
from hanbok.studio.artifacts import Artifact
from hanbok.studio.code import code
from hanbok.studio.release.licences import Duty
from hanbok.studio.scores import Scores, scores_of

CARDS: Final = {Language.KO: "CARD.ko.md", Language.EN: "CARD.en.md"}
_MOST_SOURCES: Final = 40


class CardPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only people can say of a model. All else in its card comes from the manifests."""

    title: Annotated[Text | None, Meta(description="What it is, in a few words; none: its name.")] = None
    use: Annotated[Text | None, Meta(description="What it is for.")] = None
    limits: Annotated[Text | None, Meta(description="What it cannot do, and must not be used for.")] = None
    contact: Annotated[str, Meta(description="Who answers for it.")] = ""


class Figure(NamedTuple):
    """One score, before and after where there is one before."""

    task: str
    metric: str
    n: int
    before: str
    after: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    name: str
    version: str
    purpose: str
    licence: str
    said: CardPlan
    duties: Sequence[Duty]
    serving: Serving
    inputs: Mapping[str, Artifact]

    def figures(self, language: Language) -> list[Figure]:
        """Return every score, with its 95% interval."""
        if "scores" not in self.inputs:
            return []
        after = scores_of(self.inputs["scores"])
        before = scores_of(self.inputs["scores_base"]) if "scores_base" in self.inputs else None
        return [_figure(after, before, task.name, language) for task in after.tasks]


def write_cards(folder: Path, card: Card) -> None:
    """Write the card in each language."""
    for language, name in CARDS.items():
        (folder / name).write_text(render(card, language), encoding="utf-8")


def render(card: Card, language: Language) -> str:
    """Return the card in one language."""
    pages = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown
    )
    facts = {role: one.manifest.facts for role, one in card.inputs.items()}
    return pages.get_template(f"card.{language}.md.jinja").render(
        card=card,
        serving=card.serving,
        base=facts["base"],
        tuned=facts["tuned"],
        plan=_spec_of(card.inputs["tuned"]),
        parity=facts["parity"],
        corpus=facts.get("corpus", {}),
        base_file="embedded" if facts.get("export_base", {}).get("bundled") else "BASE.gguf",
        digests={role: one.digest for role, one in sorted(card.inputs.items())},
        figures=card.figures(language),
        sources=_sources(facts.get("corpus", {})),
        duties=[(one, one.title.of(language), one.why.of(language)) for one in card.duties],
        title=card.said.title.of(language) if card.said.title else card.name,
        use=card.said.use.of(language) if card.said.use else "",
        limits=card.said.limits.of(language) if card.said.limits else "",
        code=code().short,
    )


def _template(name: str) -> str:
    return (files("hanbok.studio.release") / "templates" / name).read_text(encoding="utf-8")


def _spec_of(one: Artifact) -> Mapping[str, Any]:
    return one.manifest.spec


def _sources(corpus: Mapping[str, Any]) -> list[str]:
    """Return the names of the sources that the corpus tells of."""
    told = corpus.get("sources") or ()
    return [str(one) for one in told][:_MOST_SOURCES]


def _figure(after: Scores, before: Scores | None, name: str, language: Language) -> Figure:
    task = after.task(name)
    assert task is not None  # noqa: S101 - the name came from there
    earlier = before.task(name) if before else None
    return Figure(
        task=task.title.of(language),
        metric=task.main,
        n=task.score.n,
        before=_told(earlier.score.value, earlier.score.low, earlier.score.high) if earlier else "-",
        after=_told(task.score.value, task.score.low, task.score.high),
        protocol=task.protocol.digest[:16],
    )


def _told(value: float, low: float, high: float) -> str:
    return f"{value:.3f} ({low:.3f}-{high:.3f})"
