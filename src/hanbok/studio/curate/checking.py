"""What stands against training on a corpus: by its record, and, when asked, by its rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from hanbok.core.values import Text
from hanbok.guard.kinds import kinds
from hanbok.studio.artifacts import Artifact
from hanbok.studio.curate.finding import found_in, guard_for
from hanbok.studio.curate.personal import UNIQUE
from hanbok.studio.curate.report import rights_of
from hanbok.studio.curate.said import texts_in
from hanbok.studio.licences import licence_of
from hanbok.studio.rows import shards_of

_MAY_RISE = ("", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing that stands against it. `stops`: nobody may go on before it is settled."""

    what: str
    where: str
    why: Text
    stops: bool = True


def doubts(corpus: Artifact, *, scan: bool = False, names: bool = False) -> list[Doubt]:
    """Return all there is; with `scan` every row is read again, `names` too."""
    return [*_rights(corpus), *_recorded(corpus), *(_scanned(corpus, names=names) if scan else ())]


def _rights(corpus: Artifact) -> Iterator[Doubt]:
    facts = corpus.manifest.facts
    purpose = facts.get("purpose", "commercial")
    grounds = {one["source"]: one["basis"] for one in facts.get("licences", [])}
    for one in rights_of(corpus):
        where = f"{one['source']}: {one['rows']}"
        licence = one["licence"] or ""
        known = licence_of(licence)
        if not grounds.get(one["source"]):
            if known is None:
                yield Doubt(
                    what="licence",
                    where=where,
                    why=Text(
                        ko=f"이용조건을 모릅니다: {licence!r}", en=f"its licence is not known: {licence!r}"
                    ),
                )
            elif (why := known.forbids(commercial=purpose == "commercial")) is not None:
                yield Doubt(
                    what="licence",
                    where=where,
                    why=Text(ko=f"{licence}: {why.ko}", en=f"{licence}: {why.en}"),
                )
        if (one["opt_out"] or "") not in _MAY_RISE:
            yield Doubt(
                what="opt_out",
                where=where,
                why=Text(
                    ko=f"권리자가 학습을 거부했습니다({one['opt_out']})",
                    en=f"its owner opted out ({one['opt_out']})",
                ),
            )


def _recorded(corpus: Artifact) -> Iterator[Doubt]:
    said = corpus.manifest.facts.get("personal", {})
    if not said.get("checked"):
        yield Doubt(
            what="personal",
            where="manifest",
            why=Text(
                ko="만들 때 개인정보를 확인하지 않았습니다",
                en="nobody looked for personal data when it was made",
            ),
        )
    yield from _kinds(said.get("left", {}), "manifest")


def _scanned(corpus: Artifact, *, names: bool) -> Iterator[Doubt]:
    guard = guard_for(names=names)
    for shard in shards_of(corpus):
        found = found_in(guard, texts_in(shard).to_list())
        yield from _kinds(Counter(one.kind for some in found.values() for one in some), shard.name)


def _kinds(counts: Counter[str] | dict[str, int], where: str) -> Iterator[Doubt]:
    """Yield a doubt for each kind; only unique identifiers (개인정보 보호법 제24조, 제24조의2) stop it."""
    for kind, count in sorted(counts.items()):
        label = kinds()[kind].label
        yield Doubt(
            what=kind,
            where=where,
            why=Text(ko=f"{label.ko} {count}개가 있습니다", en=f"it holds {count} of: {label.en}"),
            stops=kind in UNIQUE,
        )
