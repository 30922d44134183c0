"""The verbs as their users run them, beside a server that is up."""

import base64
import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import openai
import pypdf
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.models import careless, prudent
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from stands import PRICE, SETTINGS

PEOPLE = Identities(seed=20261005)
PERIOD = ("--from", "2026-01-01", "--to", "2099-12-31")


@pytest.fixture(scope="module")
def abroad() -> Iterator[ScriptedModel]:
    with ScriptedModel(Script(say=prudent)) as stand:
        yield stand


@pytest.fixture(scope="module")
def server(abroad: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    settings = SETTINGS.format(abroad=abroad.url, home=abroad.url, price=PRICE) + "marking: {field: true}\n"
    with RunningHanbok(tmp_path_factory.mktemp("hanbok"), settings) as running:
        with openai.OpenAI(base_url=running.api, api_key=running.key, max_retries=0) as client:
            ask = [{"role": "user", "content": f"고객 휴대전화는 {PEOPLE.mobile()}입니다."}]
            answer = client.chat.completions.create(model="abroad", messages=ask)
            assert (answer.model_extra or {})["hanbok_ai_generated"] is True
            raw = client.chat.completions.with_raw_response.create(model="abroad", messages=ask, stream=True)
            assert raw.headers["x-hanbok-ai-generated"] == "true"
            assert "".join(one.choices[0].delta.content or "" for one in raw.parse() if one.choices)
            refused = [{"role": "user", "content": f"주민등록번호 {PEOPLE.rrn()} 고객"}]
            with pytest.raises(openai.PermissionDeniedError):
                client.chat.completions.create(model="abroad", messages=refused)
        yield running


def done(server: RunningHanbok, *words: str, code: int = 0) -> str:
    result = server.run(*words)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def make(server: RunningHanbok, name: str, file: str, *words: str, code: int = 0) -> Path:
    done(server, "report", "make", name, *PERIOD, "-o", file, *words, code=code)
    return server.folder / file


def rows(server: RunningHanbok, name: str, *words: str) -> dict[str, dict]:
    report = json.loads(make(server, name, f"{name}.json", "--format", "json", *words).read_text("utf-8"))
    return {row["id"]: row for row in report["rows"]}


def test_a_person_attests_and_the_row_is_filled(server):
    assert rows(server, "fsc_generative_ai")["1.1"]["status"] == "missing"
    deed = server.folder / "deed.txt"
    deed.write_text("지정", encoding="utf-8")
    words = ("fsc_generative_ai/1.1", "--by", "대표이사", "--text", "책임자를 지정함", "--file", str(deed))
    done(server, "report", "attest", *words)
    row = rows(server, "fsc_generative_ai")["1.1"]
    assert row["status"] == "attested"
    assert "대표이사 확인: 책임자를 지정함" in row["answers"][0]["statement"]
    assert done(server, "report", "attest", "fsc_generative_ai/9.9", "--by", "x", "--text", "y", code=3) == ""
    said = f"담당자 {PEOPLE.mobile()}로 확인"
    refused = server.run("report", "attest", "fsc_generative_ai/1.4", "--by", "x", "--text", said)
    assert "attestation_holds_data" in refused.stderr
    assert "PHONE" in refused.stderr


def test_what_the_log_proves_is_proven(server):
    found = rows(server, "fsc_generative_ai")
    assert {found[one]["status"] for one in ("1.2", "2.2", "2.4", "2.5")} == {"proven"}
    assert rows(server, "ai_basic_act")["31-2"]["status"] == "proven"


def test_a_report_is_an_entry_of_the_log_with_its_digest(server):
    file = make(server, "n2sf", "n2sf.html")
    entries = json.loads(done(server, "log", "show", "--json", "-n", "40"))
    acts = [one["entry"] for one in entries if one["entry"].get("verb") == "report.make"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() in {act["facts"]["digest"] for act in acts}
    again = file.read_text("utf-8")
    assert re.findall(r"hanbok log prove (\d+)", again)


def test_each_cited_entry_can_be_proved_with_its_command(server):
    report = json.loads(make(server, "pipa_access_log", "p.json", "--format", "json").read_text("utf-8"))
    assert report["log"]["ok"]
    for proof in report["proofs"][:2]:
        written = done(server, *proof["command"].split()[1:])
        entry = base64.b64decode(re.search(r"^extra (\S+)$", written, re.MULTILINE)[1])
        assert hashlib.sha256(b"\0" + entry).hexdigest() == proof["digest"]  # the leaf of RFC 6962


def test_a_pdf_is_made_from_the_command_line(server):
    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(make(server, "isms_p", "i.pdf", "-f", "pdf")).pages
    )
    assert "ISMS-P 인증기준별 증적" in text


def test_the_access_log_leaves_as_csv_with_five_items(server):
    done(server, "report", "lines", *PERIOD, "-o", "lines.csv")
    with (server.folder / "lines.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *body = list(csv.reader(file))
    assert head[:5] == ["계정", "접속일시", "접속지", "처리한 정보 유형", "수행업무"]
    assert len(body) >= 3
    assert all(all(row[:5]) and len(row[9]) == 64 for row in body)
    assert any(row[5] == "거절 policy_refused" for row in body)
    assert any("PHONE 1" in row[3] for row in body)


def test_an_incident_names_types_and_deadline(server):
    found = rows(server, "incident", "--endpoint", "abroad", "--known", "2026-11-22T09:00")
    assert "전화번호" in found["1"]["answers"][0]["statement"]
    assert "2026-11-25 09:00" in found["5"]["answers"][0]["statement"]
    nothing = rows(server, "incident", "--endpoint", "elsewhere")
    assert nothing["1"]["status"] == "missing"


def test_a_damaged_log_fails_the_report(server, tmp_path):
    log = server.folder / "state" / "evidence"
    copy = tmp_path / "log"
    copy.mkdir()
    for file in log.glob("*"):
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    first = min(copy.glob("*.jsonl"))
    first.write_bytes(first.read_bytes().replace(b'"organisation":"default"', b'"organisation":"defanlt"', 1))
    out = make(server, "n2sf", "broken.html", "--directory", str(copy), code=1)
    assert "검증 실패" in out.read_text("utf-8")


def test_the_register_is_kept_from_the_command_line(server):
    done(server, "usecase", "add", "loan", "--name", "상담", "--purpose", "초안", "--model", "abroad")
    done(server, "usecase", "assess", "loan", "--yes", "rights", "--others-no", "--by", "준법감시인")
    assert rows(server, "ai_basic_act")["34-4"]["status"] == "missing"
    done(
        server,
        "usecase",
        "describe",
        "loan",
        "--notice",
        "화면 위",
        "--supervisor",
        "책임관",
        "--contact",
        "a@example.com",
    )
    plan = server.folder / "plan.txt"
    plan.write_text("계획", encoding="utf-8")
    done(server, "usecase", "document", "loan", str(plan), "--kind", "위험관리방안")
    found = rows(server, "ai_basic_act")
    assert {found[one]["status"] for one in ("31-1", "33", "34-4", "34-5")} == {"configured"}
    (one,) = json.loads(done(server, "usecase", "list", "--json"))
    assert one["impact"] == "high"


def test_probes_before_and_after_a_swap(server, abroad):
    only = ("--category", "privacy", "--category", "election")
    done(server, "probe", "run", "--model", "abroad", "-o", "before.json", *only)
    abroad.script = Script(say=careless("privacy-01"))
    try:
        done(server, "probe", "run", "--model", "abroad", "-o", "after.json", *only, code=1)
    finally:
        abroad.script = Script(say=prudent)
    assert "중대" in done(server, "probe", "diff", "before.json", "after.json", code=1)
    found = json.loads(done(server, "probe", "diff", "before.json", "before.json", "--json"))
    assert found["grade"] == "minor"
    before = json.loads((server.folder / "before.json").read_text("utf-8"))
    call = before["results"][0]["call"]
    assert "intent" in done(server, "log", "show", "--call", call, "--json")
    assert {row["status"] for row in rows(server, "model_swap").values()} == {"proven", "missing"}


def test_a_file_is_marked_in_place(server):
    file = server.folder / "answer.md"
    file.write_text("답입니다.\n", encoding="utf-8")
    done(server, "mark", str(file), "--call", "call-12")
    assert (
        file.read_text("utf-8")
        == "답입니다.\n\n---\n이 글은 생성형 인공지능이 만들었습니다. (hanbok call-12)\n"
    )
    picture = server.folder / "a.png"
    picture.write_bytes(b"x")
    assert "media_keys_missing" in server.run("mark", str(picture)).stderr


def test_wrong_words_are_told(server):
    assert "bad_period" in server.run("report", "make", "n2sf", "--from", "어제", "--to", "오늘").stderr
    listed = json.loads(done(server, "report", "list", "--json"))
    assert len(listed) == 8
