"""What a rendered report promises: whole, self-contained, every link leads somewhere."""

import html.parser
import re

import pytest

from hanbok.core.values import Language
from hanbok.evidence.attestation import attest
from hanbok.evidence.entry import Act
from hanbok.evidence.rendering import pdf as pdf_module
from hanbok.evidence.rendering.html import html as render
from hanbok.evidence.rendering.pdf import PdfUnavailable, pdf
from hanbok.evidence.reporting import make, report_names
from reports.entries import SETUP, at, facts_of, intent, outcome

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.heads = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.heads += tag == "th" and "scope" not in given
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def made(name, *more):
    entries = (intent("call-1", findings={"PHONE": 1}), outcome("call-1"), *more)
    return make(name, facts_of(*entries), SETUP)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", report_names())
def test_the_page_is_well_formed_and_its_links_lead_to_entries(name, language):
    text = render(made(name), language).decode()
    page = Page(text)
    assert page.open == []
    assert page.heads == 0
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not page.tags & {"script", "img", "link", "iframe", "object", "form"}
    assert not re.search(r"url\(|https?://|src=", text)
    assert f'<html lang="{language}">' in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_what_people_write_is_text_and_not_markup():
    words = attest(
        "fsc_generative_ai/1.4", actor="cli:<b>", by="<script>alert(1)</script>", text='"><img src=x>#{}[*_'
    )
    entry = Act(at=at(), actor=words.actor, verb=words.verb, object=words.object, facts=words.facts)
    report = made("fsc_generative_ai", entry)
    text = render(report, Language.KO).decode()
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert pdf(report, Language.KO).startswith(b"%PDF-")


def test_the_same_report_is_the_same_bytes():
    report = made("n2sf")
    assert render(report, Language.KO) == render(report, Language.KO)
    assert pdf(report, Language.EN) == pdf(report, Language.EN)


def test_without_the_extra_a_pdf_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(pdf_module, "find_spec", lambda _: None)
    with pytest.raises(PdfUnavailable) as caught:
        pdf(made("n2sf"), Language.KO)
    assert "hanbok[reports]" in caught.value.advise(Language.KO)
