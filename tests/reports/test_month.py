"""It is done when: reports of a bank and of a ministry come out of a simulated month with no hand-made row."""

import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from hanbok.building import judge_of, rules_of
from hanbok.core.clock import today
from hanbok.core.values import Language
from hanbok.evidence.gather import gather
from hanbok.evidence.log_files import checked, records
from hanbok.evidence.persons import index_of_persons
from hanbok.evidence.rendering.html import html
from hanbok.evidence.rendering.pdf import pdf
from hanbok.evidence.report import Made, Question, Status
from hanbok.evidence.reporting import make, period, report_names
from hanbok.policy.changes import Changes
from hanbok.policy.governing import govern
from hanbok.settings.report_setup import persons_url, read_setup
from hanbok.store.database import Store
from hanbok.testing.month import Month, lived
from hanbok.testing.offices import OFFICES

NOT_IN_THE_LOG = {"gaon-bank": {}, "nuri-ministry": {"incident": {"3"}}}
"""The ministry's profile keeps no contents, so there is no index of persons, and the report says so."""


def reports(month: Month) -> dict[str, Made]:
    begin, end = period(month.since, month.until)
    asked = Question(
        since=begin, until=end, organisation=month.office.id, endpoint=month.office.place, known=end
    )
    store = Store.open(month.loaded.settings.store_url)
    try:
        setup = read_setup(
            month.loaded.settings,
            store,
            log=checked(month.log),
            judge=judge_of(month.loaded, today(), govern(Changes(store), rules_of(month.loaded))),
            organisation=month.office.id,
        )
    finally:
        store.close()
    with index_of_persons(persons_url(month.loaded.settings)) as persons_of:
        facts = gather(records(month.log), asked, persons_of)
    return {name: make(name, facts, setup) for name in report_names()}


@pytest.fixture(scope="module", params=sorted(OFFICES))
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    with lived(tmp_path_factory.mktemp(request.param), OFFICES[request.param], seed=20261001) as lives:
        yield lives


@pytest.fixture(scope="module")
def made(month: Month) -> dict[str, Made]:
    return reports(month)


def test_every_row_has_evidence(month: Month, made: dict[str, Made]) -> None:
    lacking = {
        name: {row.id for row in one.rows if row.status in {Status.MISSING, Status.CONTRADICTED}}
        for name, one in made.items()
    }
    assert {name: rows for name, rows in lacking.items() if rows} == NOT_IN_THE_LOG[month.office.id]


def test_every_proof_is_an_entry_of_the_log(month: Month, made: dict[str, Made]) -> None:
    log = {record.index: record.digest for record in records(month.log)}
    for one in made.values():
        assert one.proofs
        assert {proof.index: proof.digest for proof in one.proofs}.items() <= log.items()
        for row in one.rows:
            for answer in row.answers:
                assert answer.proofs or answer.status in {Status.CONFIGURED, Status.MISSING}, (row.id, answer)


def test_nothing_of_what_was_said_is_in_a_report(month: Month, made: dict[str, Made]) -> None:
    for one in made.values():
        page = html(one, Language.KO).decode()
        assert not re.search(r"\d{6}-\d{7}|010-\d{4}-\d{4}", page)
        assert "써 줘" not in page


def test_the_same_seed_lives_the_same_month(month: Month, tmp_path: Path) -> None:
    def calls(one: Month) -> list[tuple[str, str, str]]:
        return [
            (record.entry.call, record.entry.at, str(getattr(record.entry, "digest", "")))
            for record in records(one.log)
            if record.entry.call
        ]

    before = calls(month)
    with lived(tmp_path, OFFICES[month.office.id.partition("-")[2]], seed=20261001) as again:
        assert [one[0::2] for one in calls(again)] == [one[0::2] for one in before]
    assert len(before) > 400


@pytest.mark.parametrize("name", report_names())
def test_the_pdf_holds_korean_text_links_and_the_whole_sheet(
    name: str, made: dict[str, Made], tmp_path: Path
) -> None:
    file = tmp_path / f"{name}.pdf"
    file.write_bytes(pdf(made[name], Language.KO))
    document = pypdf.PdfReader(file)
    text = "".join(page.extract_text() for page in document.pages)
    flat = re.sub(r"\s", "", text)
    assert made[name].setup.organisation in text
    for row in made[name].rows:
        assert re.sub(r"\s", "", row.text.ko) in flat
        for answer in row.answers:
            assert re.sub(r"[\s`]", "", answer.statement.ko) in flat.replace("`", "")
    for proof in made[name].proofs:
        assert proof.digest in flat
        assert re.sub(r"\s", "", proof.command) in flat
    links = [link for page in document.pages for link in page.get("/Annots", [])]
    assert len(links) >= len(made[name].proofs)
    assert 1 <= len(document.pages) <= 12
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in document.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("NotoSansKR" in font for font in fonts)
    assert made[name].title.ko in document.metadata.title
