"""The section `curate` of a recipe, and the stage that it describes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from string import Formatter
from typing import Annotated, Final

import hanbok.studio.curate.lean  # noqa: F401 - before the engines

# isort: split

import msgspec
import polars as pl
from msgspec import Meta

from hanbok.studio.artifacts import MANIFEST, Artifact, Facts, Kind, canonical, find, folder_of, make
from hanbok.studio.artifacts import sha256 as sha256_of
from hanbok.studio.curate import accounts
from hanbok.studio.curate.boilerplate import BoilerplatePlan
from hanbok.studio.curate.content import clearing, declared, screening
from hanbok.studio.curate.decontaminate import Decontaminate, DecontaminatePlan
from hanbok.studio.curate.dedup.copies import ALIKE, Copies
from hanbok.studio.curate.dedup.spans import Spans
from hanbok.studio.curate.errors import OthersMissing
from hanbok.studio.curate.filtering import FilterPlan
from hanbok.studio.curate.job import work
from hanbok.studio.curate.languages import LanguagePlan
from hanbok.studio.curate.licences import LicencePlan
from hanbok.studio.curate.mixing import Mix, MixPlan
from hanbok.studio.curate.normalise import NormalisePlan
from hanbok.studio.curate.personal import PersonalPlan
from hanbok.studio.curate.pipeline import Part, Pipeline, Segment
from hanbok.studio.curate.reader import Source, SourceUnreadable, reader_of
from hanbok.studio.curate.runner import Runner, cores, runner_of
from hanbok.studio.curate.sensitive import SensitivePlan
from hanbok.studio.curate.step import Step
from hanbok.studio.curate.sweep import Sweep
from hanbok.studio.stage import Estimate, Progress

_VERSION: Final = 1
_PATIENCE: Final = 3600  # seconds that a member of an array waits for the one that closes the job
_RATE: Final = 15.0  # megabytes of text that a core curates in a second, at least


class CopiesPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which copies go."""

    near: bool = True
    """Also texts that are alike, not only those that are the same."""
    alike: Annotated[float, Meta(ge=0.4, le=1)] = ALIKE
    """Share of their 5-grams that texts must have in common to be alike."""


class SpansPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which passages are cut that several documents share."""

    least: Annotated[int, Meta(ge=40)] = 100
    """Characters that a passage must have."""
    left: Annotated[int, Meta(ge=0)] = 30
    """A document of which less is left goes."""
    documents: Annotated[int, Meta(ge=2)] = 2
    """In how many documents it must stand."""


class CuratePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From sources to a corpus. A part that is left out has its defaults; a part that is `null` is not done."""

    sources: Annotated[tuple[Source, ...], Meta(min_length=1)]
    licences: LicencePlan = LicencePlan()
    normalise: NormalisePlan | None = NormalisePlan()
    language: LanguagePlan | None = LanguagePlan()
    boilerplate: BoilerplatePlan | None = BoilerplatePlan()
    filters: FilterPlan | None = FilterPlan()
    sensitive: SensitivePlan | None = SensitivePlan()
    personal: PersonalPlan | None = PersonalPlan()
    copies: CopiesPlan | None = CopiesPlan()
    spans: SpansPlan | None = None
    decontaminate: DecontaminatePlan | None = None
    mix: MixPlan | None = None
    shard_mb: Annotated[int, Meta(ge=1)] = 24
    """Megabytes of input that make a shard: what a worker holds in memory two to three times over."""
    seed: int = 0


def judges(plan: CuratePlan) -> list[Step | Sweep]:
    """Return all that judges the rows, in order."""
    found: list[Step | Sweep] = [*screening(plan)]
    if plan.copies:
        found.append(Copies(near=plan.copies.near, alike=plan.copies.alike, fixed=fixed_of(plan.sources)))
    if plan.spans:
        found.append(Spans(least=plan.spans.least, left=plan.spans.left, documents=plan.spans.documents))
    if plan.decontaminate:
        found.append(Decontaminate(plan.decontaminate))
    found.extend(clearing(plan))
    if plan.mix:
        found.append(Mix(plan.mix, plan.seed))
    return found


def fixed_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the lines that templates of dialogues put into every row, the longest first."""
    turns = [turn for one in sources if not isinstance(one.messages, str) for turn in one.messages]
    literals = [literal for turn in turns for literal, *_ in Formatter().parse(turn.content)]
    lines = {line.strip() for literal in literals for line in literal.splitlines()}
    return tuple(sorted((one for one in lines if one), key=lambda one: (-len(one), one)))


@dataclass(frozen=True)
class Curation:
    """A plan as workers get it."""

    plan: CuratePlan

    @cached_property
    def files(self) -> list[tuple[Source, Path, str]]:
        """All files of the sources in order, with their SHA-256. Raises SourceUnreadable."""
        return [(source, path, sha256_of(path)) for source in self.plan.sources for path in files_of(source)]

    @cached_property
    def spec(self) -> Facts:
        """What decides the corpus. Paths do not, names of files do: ids come from them."""
        plan = msgspec.to_builtins(self.plan, enc_hook=lambda path: path.name)
        for source in plan["sources"]:
            del source["path"]
            source["robots"] = sha256_of(Path(source["robots"])) if source["robots"] else ""
            source["files"] = [
                [path.name, digest] for one, path, digest in self.files if one.name == source["name"]
            ]
        return {"version": _VERSION, "plan": plan, "judges": self.pipeline().spec}

    @cached_property
    def token(self) -> str:
        return sha256(canonical(self.spec)).hexdigest()

    def parts(self) -> Sequence[Part]:
        return [
            Part(source=source, piece=piece, digest=digest)
            for source, path, digest in self.files
            for piece in reader_of(path, source).split(path, self._size)
        ]

    def pipeline(self) -> Pipeline:
        segments: list[Segment] = []
        steps: list[Step] = []
        for one in judges(self.plan):
            if isinstance(one, Sweep):
                segments.append(Segment(steps=tuple(steps), sweep=one))
                steps = []
            else:
                steps.append(one)
        return Pipeline(
            read=_read,
            segments=(*segments, Segment(steps=tuple(steps))),
            seed=self.plan.seed,
            portion=self._size,
        )

    @property
    def _size(self) -> int:
        return self.plan.shard_mb * 1_000_000


def _read(part: Part) -> Iterator[pl.DataFrame]:
    return reader_of(part.piece.path, part.source).read(part.piece, part.source)


def files_of(source: Source) -> list[Path]:
    """Return the files that a source's path names: a file, all below a folder, or those of a pattern, in order of
    their paths. Raises SourceUnreadable.
    """
    path = Path(source.path)
    if path.is_file():
        found = [path]
    elif path.is_dir():
        found = [one for one in path.rglob("*") if one.is_file() and not one.name.startswith(".")]
    else:
        anchor = Path(path.anchor or ".")
        found = [one for one in anchor.glob(str(path.relative_to(path.anchor))) if one.is_file()]
    if not found:
        raise SourceUnreadable(source=source.name, path=source.path, why="no such file")
    return sorted(found)


@dataclass(frozen=True)
class Curate:
    """Makes a corpus. How it runs (`runner`, `workers`, `shard`) does not matter to what it makes."""

    plan: CuratePlan
    runner: str = "processes"
    workers: int = 0
    shard: str = ""

    name = "curate"
    makes = Kind.CORPUS

    @cached_property
    def _curation(self) -> Curation:
        return Curation(self.plan)

    @property
    def spec(self) -> Mapping[str, object]:
        return self._curation.spec

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:  # noqa: ARG002 - the contract of a stage
        size = sum(path.stat().st_size for source in self.plan.sources for path in files_of(source)) / 1e6
        workers = self.workers or cores()
        return Estimate(
            cpu_seconds=size / _RATE + 2,
            memory_mib=150 + workers * (130 + 4 * self.plan.shard_mb),
            disk_mib=2.5 * size,
        )

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:  # noqa: ARG002 - the contract
        """Make the corpus of all sources."""
        if (facts := accounts.closed(folder)) is None:
            self.labour(folder, progress)
            facts = accounts.close(folder, self._curation.pipeline())
        return facts | declared(self.plan, self._curation.pipeline().spec, facts["out"]["counts"])

    def make(self, store: Path, progress: Progress) -> Artifact:
        """Return the corpus of this plan in a folder of artifacts, made unless it is there.

        Of an array, member 0 closes the job; the others do their share and wait for it. Raises HanbokError.
        """
        if not self.shard or self.shard.startswith("0/"):
            return make(
                store, self.makes, self.name, self.spec, {}, lambda half: self.run({}, half, progress)
            )
        target = folder_of(store, self.name, self.spec, {})
        half = target.with_name(f"{target.name}.part")
        if not (target / MANIFEST).exists() and accounts.closed(half) is None:
            self.labour(half, progress)
        since = time.monotonic()
        while not (target / MANIFEST).exists():
            if time.monotonic() - since > _PATIENCE:
                raise OthersMissing(seconds=_PATIENCE)
            time.sleep(0.2)
        return find(target, self.makes)

    def labour(self, folder: Path, progress: Progress) -> None:
        """Do all that is to be done in the folder, or this member's share of it, and wait for the others'."""
        runner: Runner = runner_of(self.runner, self.workers, self.shard)
        work(folder, self._curation, runner, progress)
