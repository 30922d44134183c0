"""What every format of documents owes: its golden cases, one that it does not know and one that it refuses.

A case holds a file as `content`, as `base64`, or as the `entries` of a ZIP package, and the name it comes under.
"""

import base64
import json
import zipfile
from dataclasses import astuple
from io import BytesIO
from pathlib import Path

import pytest

from hanbok.core.plugin import load, names
from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.reading import FORMATS, HEAD, format_of, read

GOLDEN = Path(__file__).parents[1] / "golden" / "document"


def golden(name):
    lines = (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def data_of(case):
    if "entries" in case:
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in case["entries"].items():
                package.writestr(name, content)
        return out.getvalue()
    return base64.b64decode(case["base64"]) if "base64" in case else case["content"].encode()


CASES = [(name, case) for name in names(FORMATS) for case in golden(name)]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['name']}" for name, case in CASES])
def test_a_format_reads_its_golden_cases(name, case):
    data = data_of(case)
    known = load(FORMATS, name)().knows(data[:HEAD], case["called"])
    assert known == case.get("knows", True)
    if "error" in case:
        with pytest.raises(DocumentUnreadable) as raised:
            read(data, case["called"], Limits(**case.get("limits", {})))
        assert raised.value.code == case["error"]
    elif known:
        assert type(format_of(data, case["called"])).__name__.lower() == name
        document = read(data, case["called"])
        assert [[one.kind, one.place, one.text] for one in document.parts] == case["parts"]
        told = {"title": document.title, "author": document.author, "unread": list(document.unread)}
        assert told == {"title": "", "author": "", "unread": []} | case.get("told", {})
        assert all(isinstance(one, str) for part in document.parts for one in astuple(part))


@pytest.mark.parametrize("name", names(FORMATS))
def test_a_format_has_cases_that_it_reads_refuses_and_does_not_know(name):
    cases = golden(name)
    assert any("parts" in one for one in cases)
    assert any("error" in one for one in cases)
    assert any(not one.get("knows", True) for one in cases)
