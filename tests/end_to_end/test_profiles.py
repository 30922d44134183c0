"""Each profile as `hanbok init` writes it, run as it is against stand-ins, and again with its proofs on record."""

import os
import re
import sqlite3
import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openai
import pytest

from hanbok.building import catalogue_of, judge_of, scene_of
from hanbok.core.clock import today
from hanbok.core.values import Grade, Language, Principal
from hanbok.policy.cases import read_cases, try_cases
from hanbok.policy.explain import explain
from hanbok.policy.profile import profiles, write
from hanbok.policy.review import review
from hanbok.settings.reading import load
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 22)
PEOPLE = Identities(seed=20261122)
RRN, PHONE, PASSPORT = PEOPLE.rrn(), PEOPLE.mobile(), PEOPLE.passport()
PLAIN = "대한민국의 수도는 어디입니까?"
PERSONAL = f"고객 휴대전화 {PHONE}로 보낼 안내 문자를 써 주세요."
CREDIT = f"고객 {PHONE}의 대출 연체금 350만원에 대한 안내문을 써 주세요. 신용점수는 620점입니다."
NUMBER = f"주민등록번호 {RRN} 고객의 자격을 알려 주세요."
UNIQUE = f"여권번호 {PASSPORT} 고객의 출국 안내를 써 주세요."

PNG = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(90)).decode()
PICTURE = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]

CONTRACT = "contract: {issued: 2026-01-01}"
PLEDGE = "no_training: {issued: 2026-01-01}"
TRANSFER = "bases: [{ground: consent, issued: 2026-01-01}]"


def certificate(*names: str) -> str:
    return f"certificates: [{', '.join(f'{{name: {name!r}, issued: 2026-01-01}}' for name in names)}]"


@dataclass(frozen=True)
class Row:
    """What is asked of a model outside, and where it must end: there as it is, there altered, or inside."""

    text: str
    ends: str
    article: str = ""


@dataclass(frozen=True)
class Plan:
    endpoint: str
    model: str
    proofs: tuple[str, ...]
    bare: tuple[Row, ...]
    proved: tuple[Row, ...]


SCREENED = "전자금융감독규정 제15조제1항제3호"
PLANS = {
    "public-office": Plan(
        "cloud",
        "office",
        (CONTRACT, PLEDGE, certificate("CSAP:중")),
        (Row(PLAIN, "inside", "클라우드컴퓨팅법 제23조의2"), Row(PERSONAL, "inside", "N2SF")),
        (Row(PLAIN, "as is"), Row(PERSONAL, "as is"), Row(NUMBER, "inside", "개인정보 보호법 제24조의2")),
    ),
    "public-internet": Plan(
        "abroad",
        "public",
        (PLEDGE,),
        (Row(PLAIN, "inside"), Row(PERSONAL, "inside", "N2SF")),
        (Row(PLAIN, "as is"), Row(PERSONAL, "inside", "N2SF"), Row(NUMBER, "inside", "N2SF")),
    ),
    "bank-internal": Plan(
        "saas",
        "saas",
        (CONTRACT, PLEDGE, certificate("금융보안원:충족")),
        (Row(PLAIN, "inside", SCREENED), Row(CREDIT, "inside", SCREENED)),
        (Row(PLAIN, "as is"), Row(PERSONAL, "as is"), Row(CREDIT, "altered"), Row(UNIQUE, "altered")),
    ),
    "bank-sandbox": Plan(
        "designated",
        "designated",
        (PLEDGE, TRANSFER, certificate("혁신금융서비스", "SOC2")),
        (Row(PLAIN, "inside", "금융혁신지원 특별법 제4조"), Row(CREDIT, "inside", "금융분야 AI 가이드라인")),
        (Row(PLAIN, "as is"), Row(PERSONAL, "as is"), Row(CREDIT, "altered"), Row(UNIQUE, "altered")),
    ),
    "telco": Plan(
        "abroad",
        "abroad",
        (PLEDGE, TRANSFER),
        (Row(PLAIN, "inside"), Row(PERSONAL, "inside", "개인정보 보호법 제28조의8")),
        (Row(PLAIN, "as is"), Row(PERSONAL, "as is"), Row(NUMBER, "inside", "개인정보 보호법 제24조의2")),
    ),
    "open": Plan(
        "abroad",
        "abroad",
        (TRANSFER, PLEDGE),
        (Row(PLAIN, "as is"), Row(PERSONAL, "altered"), Row(NUMBER, "inside", "개인정보 보호법 제24조의2")),
        (Row(PLAIN, "as is"), Row(PERSONAL, "as is"), Row(NUMBER, "inside", "개인정보 보호법 제24조의2")),
    ),
}


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hanbok", *arguments],
        cwd=folder,
        env=os.environ | {"HANBOK_LANGUAGE": "ko", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", profiles())
def test_what_init_writes_passes_every_check(name: str, language: Language, tmp_path: Path) -> None:
    for file, text in write(name, language, DAY).files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
    loaded = load(tmp_path / "hanbok.yaml", {})
    settings = loaded.settings
    assert list(review(dict(loaded.policies), settings.policy.packs, DAY, {})) == []
    cases = read_cases("f", (tmp_path / "policy/organisation.cases.toml").read_text("utf-8"))
    tried = list(
        try_cases("f", cases, dict(loaded.policies), settings.policy.packs, settings.policy.circumstances)
    )
    assert [one for one in tried if not one.good] == []
    assert {bool(one.expected) for one in tried} == {True, False}
    comments = "".join(re.findall("#.*", (tmp_path / "hanbok.yaml").read_text("utf-8")))
    korean = len(re.findall("[가-힣]", comments))
    # What is Korean in an English file are the names of proofs and laws.
    assert korean > 300 if language is Language.KO else korean < 60
    assert "ProtectSystem=strict" in (tmp_path / "hanbok.service").read_text("utf-8")


def test_init_lists_its_profiles_and_overwrites_nothing_unasked(tmp_path: Path) -> None:
    assert set(profiles()) == set(PLANS)
    listed = command(tmp_path, "init").stdout
    assert all(name in listed for name in profiles())
    assert command(tmp_path, "init", "--profile", "open").returncode == 0
    assert (tmp_path / "hanbok.env").stat().st_mode & 0o077 == 0
    assert command(tmp_path, "config", "check").returncode == 0
    (tmp_path / "hanbok.yaml").write_text("mine", "utf-8")
    again = command(tmp_path, "init", "--profile", "open")
    assert (again.returncode, "init_would_overwrite" in again.stderr) == (3, True)
    assert (tmp_path / "hanbok.yaml").read_text("utf-8") == "mine"
    assert "profile_unknown" in command(tmp_path, "init", "--profile", "bank").stderr


def with_proofs(yaml: str, endpoint: str, proofs: tuple[str, ...]) -> str:
    """Write proofs into the record of a processor, in the place of what stands there empty."""
    head, mark, rest = yaml.partition(f"    {endpoint}:\n      name:")
    assert mark
    record, border, tail = rest.partition("\nendpoints:")
    names = [proof.partition(":")[0] for proof in proofs]
    first, *others = re.split(r"(?=\n    \S)", record, maxsplit=1)
    kept = [line for line in first.splitlines() if line.strip().partition(":")[0] not in names]
    written = "\n".join([*kept, *(f"      {proof}" for proof in proofs)])
    return head + mark + written + "".join(others) + ("\n" if not others else "") + border + tail


def ends(client: openai.OpenAI, model: str, text: Any, outside: ScriptedModel, home: ScriptedModel) -> str:
    for stand in (outside, home):
        stand.captured.clear()
        stand.script = Script()
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    if home.captured:
        assert outside.captured == []
        return "inside"
    sent = outside.captured[0].json["messages"][0]["content"]
    return "as is" if sent == text else "altered"


@pytest.mark.parametrize("name", profiles())
def test_the_law_decides_as_the_profile_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = PLANS[name]
    for file, text in write(name, Language.KO, DAY).files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, "utf-8")
    yaml = (tmp_path / "hanbok.yaml").read_text("utf-8").replace("port: 8700", "port: 0")
    with ScriptedModel() as outside, ScriptedModel() as home:
        monkeypatch.setenv("HANBOK_HOME_URL", home.url)
        monkeypatch.setenv(f"HANBOK_{wanted.endpoint.upper()}_URL", outside.url)
        with RunningHanbok(tmp_path, yaml) as server:
            answered(server, wanted, wanted.bare, outside, home)
            server.stop()
            server.settings.write_text(with_proofs(yaml, wanted.endpoint, wanted.proofs), "utf-8")
            server.start()
            answered(server, wanted, wanted.proved, outside, home)
            with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
                ended = ends(client, wanted.model, PICTURE, outside, home)
            assert ended == ("as is" if name == "open" else "inside")
    with closing(sqlite3.connect(tmp_path / "state" / "hanbok.db")) as records:
        assert records.execute("SELECT source, state FROM policy_changes").fetchall() == [
            ("settings", "in_force")
        ]


def answered(
    server: RunningHanbok, wanted: Plan, rows: tuple[Row, ...], outside: ScriptedModel, home: ScriptedModel
) -> None:
    """Ask each row of the model outside, and see where it ends and which article kept it from going as it is."""
    loaded = load(server.settings)
    judge = judge_of(loaded, today())
    scene = scene_of(catalogue_of(loaded.settings, today()))
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        for row in rows:
            assert ends(client, wanted.model, row.text, outside, home) == row.ends, row
            assert holds_nothing(outside, row)
            if row.article:
                kinds = frozenset(KINDS.get(row.text, []))
                grade = Grade.SENSITIVE if kinds else Grade.OPEN
                caller = Principal(organisation="default", key="k")
                told = explain(judge, {}, caller, scene.targets(wanted.model)[:1], grade, kinds)
                cited = {clause.article for one in told.asked for clause in one.clauses}
                assert any(row.article in article for article in cited), cited


KINDS = {PERSONAL: ["PHONE"], CREDIT: ["PHONE", "CREDIT_INFO"], NUMBER: ["RRN"], UNIQUE: ["PASSPORT"]}


def holds_nothing(outside: ScriptedModel, row: Row) -> bool:
    """Whether no real value of a text that had to be altered is in the bytes that left."""
    if row.ends == "as is":
        return True
    raw = b"".join(one.raw for one in outside.captured).decode()
    return not any(value in raw for value in (RRN, PHONE, PASSPORT))
