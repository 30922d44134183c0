"""Whether a source may be trained on: its licence, what its owner said, what its site says to crawlers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal
from urllib.robotparser import RobotFileParser

import msgspec
import polars as pl

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.reader import Source, SourceUnreadable
from hanbok.studio.curate.step import drop
from hanbok.studio.licences import licence_of

AGENTS: Final = (
    "GPTBot", "CCBot", "Google-Extended", "ClaudeBot", "anthropic-ai", "Applebot-Extended", "Bytespider",
    "meta-externalagent", "cohere-ai", "Amazonbot", "Diffbot",
)  # fmt: skip
"""Crawlers that collect for training, by the names that robots.txt gives them."""
_NOT_OUT: Final = ("", "none")


class SourceForbidden(HanbokError):
    code = "source_forbidden"
    message = Text(
        ko="자료 {source!r}의 이용조건 {licence}은(는) 이 학습을 허락하지 않습니다: {why}",
        en="the licence {licence} of the source {source!r} does not allow this training: {why}",
    )
    hint = Text(
        ko="그 자료를 빼거나, 따로 받은 허락이나 계약을 `basis`에 적으십시오. 비상업 연구면 `purpose: research`",
        en="Leave it out, or state your permission or contract in `basis`; for research: `purpose: research`",
    )


class SourceUnlicensed(HanbokError):
    code = "source_unlicensed"
    message = Text(
        ko="자료 {source!r}의 이용조건을 알 수 없습니다: {licence!r}",
        en="the licence of the source {source!r} is not known: {licence!r}",
    )
    hint = Text(
        ko="`licence`에 SPDX 식별자, KOGL-0~4, KOGL-3+AI 가운데 하나를 쓰거나 `basis`에 근거를 적으십시오",
        en="Put an SPDX id, KOGL-0..4 or KOGL-3+AI into `licence`, or say by what right in `basis`",
    )


class LicencePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the corpus is for, and how owners' words are heard."""

    purpose: Literal["commercial", "research"] = "commercial"
    """What the model will be used for. Licences that exclude commercial use stop a source only for `commercial`."""
    opt_outs: Literal["honour", "record"] = "honour"
    """`honour`: rows whose owner keeps them from training are dropped; `record`: they stay, and the report says so."""

    @property
    def commercial(self) -> bool:
        return self.purpose == "commercial"


def clear(sources: Iterable[Source], plan: LicencePlan) -> None:
    """Check that all sources may be trained on. Raises SourceForbidden, SourceUnlicensed."""
    for source in sources:
        if source.basis:
            continue
        if (known := licence_of(source.licence)) is None:
            if source.licence_key and not source.licence:
                continue  # each row says its own
            raise SourceUnlicensed(source=source.name, licence=source.licence)
        if (why := known.forbids(commercial=plan.commercial)) is not None:
            raise SourceForbidden(source=source.name, licence=source.licence, why=why)


class Licences:
    """Drops rows as `licence:forbids`, `licence:unknown`, `licence:opt_out` or `licence:robots`."""

    name: str = "licence"

    def __init__(self, plan: LicencePlan, sources: Iterable[Source]) -> None:
        self._plan = plan
        self._sources = {one.name: one for one in sources}
        self._robots = {one.name: _robots(one) for one in self._sources.values() if one.robots}

    @property
    def spec(self) -> Facts:
        robots = {name: text for name, (text, _) in self._robots.items()}
        return {"version": 1, **msgspec.to_builtins(self._plan), "robots": robots}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Judge each row by its own licence and its owner's words."""
        licences = rows["licence"].unique().to_list()
        judged = {one: self._judged(one or "") for one in licences}
        grounded = pl.col("source").is_in([name for name, one in self._sources.items() if one.basis])
        reasons: dict[str, pl.Expr] = {
            "forbids": pl.col("licence").is_in([one for one, how in judged.items() if how == "forbids"])
            & ~grounded,
            "unknown": pl.col("licence").is_in(
                [one for one, how in judged.items() if how == "unknown"], nulls_equal=True
            )
            & ~grounded,
        }
        if self._plan.opt_outs == "honour":
            reasons["opt_out"] = ~pl.col("opt_out").fill_null("").is_in(_NOT_OUT)
        if self._robots:
            closed = pl.Series(
                "closed",
                [self._closed(*one) for one in rows.select("source", "origin").iter_rows()],
                dtype=pl.Boolean,
            )
            rows = rows.with_columns(
                pl.when(closed).then(pl.lit("robots")).otherwise(pl.col("opt_out")).alias("opt_out")
            )
            if self._plan.opt_outs == "honour":
                reasons = {"robots": pl.col("opt_out") == "robots", **reasons}
        return drop(rows, self.name, reasons)

    def _judged(self, licence: str) -> str:
        if (known := licence_of(licence)) is None:
            return "unknown"
        return "forbids" if known.forbids(commercial=self._plan.commercial) else ""

    def _closed(self, source: str, origin: str) -> bool:
        _, robots = self._robots.get(source, ("", None))
        return robots is not None and not all(robots.can_fetch(agent, origin) for agent in AGENTS)


def _robots(source: Source) -> tuple[str, RobotFileParser]:
    """Read the copy of a site's robots.txt. Raises SourceUnreadable."""
    try:
        text = Path(source.robots).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SourceUnreadable(source=source.name, path=source.robots, why=error.strerror) from error
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return text, parser
