"""A folder of office documents becomes a corpus: one row a file, personal data masked, nothing lost silently."""

import json
from pathlib import Path

import polars as pl
import pytest

from contracts.test_document import data_of, golden
from documents.made import pdf, slides, word, workbook
from hanbok.cli.verbs import run
from hanbok.core.plugin import names
from hanbok.documents.reading import FORMATS
from hanbok.testing.korean import Identities

SECRET = Identities(11).rrn()
PLAN = """sources: [{name: office, path: folder, licence: KOGL-1}]
language: null
filters: null
copies: null
"""

LOCKED = ("docx", "pdf", "pptx", "xlsx")
"""Five documents at most are told of those that are dropped for one reason."""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "folder"
    made.mkdir()
    for name in names(FORMATS):
        cases = golden(name)
        read = next(
            one for one in cases if "parts" in one and one["called"].endswith(name.replace("plain", "md"))
        )
        (made / f"golden.{read['called'].rpartition('.')[2]}").write_bytes(data_of(read))
        locked = next((one for one in cases if one.get("error") == "document_locked"), None)
        if locked and name in LOCKED:
            (made / f"locked.{locked['called'].rpartition('.')[2]}").write_bytes(data_of(locked))
    (made / "신청서.pdf").write_bytes(pdf("민원 신청서", f"주민등록번호는 {SECRET}입니다."))
    (made / "계약.docx").write_bytes(word("담당자 메일은 hong@example.kr입니다."))
    (made / "설명회.pptx").write_bytes(slides())
    (made / "매출.xlsx").write_bytes(workbook())
    (made / "깨진.docx").write_bytes(word()[:-200])
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def built(folder, workers, capsys):
    out = folder / f"corpora-{workers}"
    run(
        ["corpus", "build", str(folder / "plan.yaml"), "--out", str(out), "--workers", str(workers), "--json"]
    )
    return Path(json.loads(capsys.readouterr().out)["folder"])


def test_a_corpus_is_built_from_a_folder_of_documents_through_the_command(folder, capsys):
    made = built(folder, 1, capsys)
    rows = {row["origin"]: row for row in pl.read_parquet(made / "*.parquet").to_dicts()}
    dropped = [json.loads(line) for line in (made / "dropped.jsonl").read_text(encoding="utf-8").splitlines()]
    reasons = {one["id"].partition("@")[0]: one["reason"] for one in dropped}

    assert set(rows) >= {
        f"golden.{one}" for one in ("docx", "html", "hwp", "hwpx", "md", "pdf", "pptx", "xlsx")
    }
    locked = {name: reason for name, reason in reasons.items() if name.startswith("locked")}
    assert set(locked) == {f"locked.{one}" for one in LOCKED}
    assert set(locked.values()) == {"read:locked"}
    assert reasons["깨진.docx"] == "read:unreadable"
    assert len(rows) + len(reasons) == len(list((folder / "folder").iterdir()))

    form = rows["신청서.pdf"]["text"]
    assert form.startswith("민원 신청서")
    assert SECRET not in form
    assert "주민등록번호는" in form
    assert "hong@example.kr" not in rows["계약.docx"]["text"]
    assert "각주의 내용" in rows["계약.docx"]["text"]
    assert "대외비" not in rows["계약.docx"]["text"]
    assert rows["매출.xlsx"]["licence"] == "KOGL-1"

    again = built(folder, 2, capsys)
    assert again.name == made.name
    assert [one.read_bytes() for one in sorted(again.glob("*.parquet"))] == [
        one.read_bytes() for one in sorted(made.glob("*.parquet"))
    ]
