"""What the first page is made of and asks for: routes, headers, the preview, and the proof of one call."""

import asyncio
import hashlib
import json
import re
import subprocess
import sys
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from console.served import Answered, Ask, Running
from hanbok.console.proof import CallUnknown, prove
from hanbok.core.clock import stamp
from hanbok.core.values import Principal
from hanbok.evidence.entry import Refusal
from hanbok.evidence.journal import Journal
from hanbok.evidence.line import numbered, seal
from hanbok.evidence.proof import Proof
from hanbok.evidence.verify import verify
from hanbok.guard.guard import Guard
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Register
from hanbok.store.database import Store
from hanbok.testing.korean import Identities

PEOPLE = Identities(seed=20261123)
RRN, PHONE, ACCOUNT = PEOPLE.rrn(), PEOPLE.mobile(), PEOPLE.account("신한은행")
PROMPT = f"고객 휴대전화는 {PHONE}이고 신한은행 계좌번호는 {ACCOUNT}입니다. 안내 문자를 써 주세요."


def asking(model: str, text: str, **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def entries(running: Running) -> int:
    """Return how many entries the log holds, once none is on its way any more."""
    folder = running.server.folder / "state" / "evidence"
    count, before = -1, -2
    while count != before:
        time.sleep(0.1)
        count, before = verify(folder).entries, count
    return count


def new_key(running: Running, organisation: str = "default", **limits: int) -> str:
    """Make a key as `hanbok key create` does, without starting a process for it."""
    store = Store.open(f"sqlite:///{running.server.folder / 'state' / 'hanbok.db'}")
    who = Principal(organisation=organisation, key="")
    try:
        return Register(store).create_key(who, actor="test", limits=Limits(**limits)).secret
    finally:
        store.close()


def known(ask: Ask, key: str) -> str:
    """Wait until the server has taken up a key that another process made."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if ask("/v1/models", key=key).status == 200:
            return key
        time.sleep(0.05)
    raise AssertionError("the key is not known")


# the page


@pytest.mark.parametrize(
    ("path", "accept", "language"),
    [
        ("/", "", "ko"),
        ("/", "fr-FR,fr;q=0.9", "ko"),
        ("/", "en-GB,en;q=0.9,ko;q=0.5", "en"),
        ("/", "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("/?lang=en", "ko-KR", "en"),
        ("/?lang=ko", "en-GB", "ko"),
        ("/?lang=xx", "en-GB", "en"),
    ],
)
def test_the_page_speaks_the_language_that_is_asked_for(
    ask: Ask, path: str, accept: str, language: str
) -> None:
    answer = ask(path, key="", accept_language=accept)
    assert answer.status == 200
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}"' in answer.body.decode()
    assert {"ko": "보낼 글", "en": "Prompt"}[language] in answer.body.decode()


def test_the_page_allows_nothing_from_elsewhere_and_nothing_inline(ask: Ask) -> None:
    answer = ask("/", key="")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.body.decode()
    assert not re.search(r"\s(?:style|on\w+)=", text)
    assert "<style" not in text
    assert "//" not in "".join(re.findall(r'(?:src|href|action)="([^"]*)"', text))
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script


def test_static_files_may_be_kept_for_ever_since_their_address_holds_their_digest(ask: Ask) -> None:
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', ask("/", key="").body.decode())
    folder = addresses[0].rpartition("/")[0]
    script = ask(f"{folder}/page.js", key="").body.decode()
    addresses += [f"{folder}/{name}" for name in re.findall(r'from "\./([^"]+)"', script)]
    assert len(set(addresses)) >= 6
    for address in set(addresses):
        answer = ask(address, key="")
        assert answer.status == 200, address
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[
            address.rpartition(".")[2]
        ]
        assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["page.html", "../words.toml", "%2e%2e/words.toml", "", "words.toml"])
def test_what_is_no_static_file_is_not_there(ask: Ask, name: str) -> None:
    folder = re.search(r'"(/static/[0-9a-f]{16}/)page\.js"', ask("/", key="").body.decode())
    assert folder
    assert ask(folder[1] + name, key="").status == 404
    assert ask("/static/0123456789abcdef/page.js", key="").status == 404


def test_a_door_without_visitors_loads_no_template_engine() -> None:
    code = "import sys, hanbok.http.door; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# the preview


def test_a_preview_tells_what_was_found_where_and_why(ask: Ask) -> None:
    told = ask("/console/preview", asking("abroad", "😀 " + PROMPT)).json
    assert told["grade"] == "S"
    assert set(told["reasons"]) == {"PHONE", "ACCOUNT"}
    assert told["texts"] == ["😀 " + PROMPT]
    found = {one["kind"]: one for one in told["findings"]}
    assert {kind: told["texts"][0][one["start"] : one["end"]] for kind, one in found.items()} == {
        "PHONE": PHONE,
        "ACCOUNT": ACCOUNT,
    }
    assert found["PHONE"]["label"] == {"ko": "전화번호", "en": "Telephone number"}
    assert found["PHONE"]["article"] == "개인정보 보호법 제15조"
    assert 0.5 < found["PHONE"]["score"] <= 1
    assert found["PHONE"]["why"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_preview_shows_is_byte_for_byte_what_leaves(running: Running, ask: Ask, stream: bool) -> None:
    body = asking("abroad", PROMPT, stream=stream, x_new=[1.50, {"a": None}])
    told = ask("/console/preview", body).json
    (there,) = told["plan"]
    assert (there["endpoint"], there["zone"], there["country"]) == ("abroad", "foreign", "US")
    assert there["form"] == "pseudonymised"
    assert {one["article"] for one in there["policies"] if one["effect"] == "forbid"} >= {
        "개인정보 보호법 제28조의8"
    }
    assert PHONE not in there["message"]
    assert "[전화번호-" in there["message"]
    assert running.abroad.captured == []
    call = ask("/v1/chat/completions", body).headers["x-hanbok-call"]
    assert running.abroad.captured[0].body.decode() == there["body"]
    outcome = outcome_of(ask, call)
    assert outcome["sent"] == there["digest"] == hashlib.sha256(there["body"].encode()).hexdigest()
    assert PHONE not in there["body"]
    assert ACCOUNT not in there["body"]


def outcome_of(ask: Ask, call: str) -> dict[str, object]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        lines = ask(f"/console/calls/{call}").json["lines"]
        if lines[-1]["entry"]["entry"] == "outcome":
            return dict(lines[-1]["entry"])
        time.sleep(0.02)
    raise AssertionError("no outcome")


def test_a_refusal_by_policy_is_an_answer_and_cites_the_article(running: Running, ask: Ask) -> None:
    before = entries(running)
    answer = ask("/console/preview", asking("abroad", f"주민등록번호 {RRN} 고객입니다."))
    assert answer.status == 200
    told = answer.json
    assert told["refused"] is True
    assert told["plan"] == []
    assert "개인정보 보호법 제24조의2" in told["refusal"]["message"]["ko"]
    assert told["refusal"]["policies"][0]["article"] == "개인정보 보호법 제24조의2"
    assert RRN not in json.dumps(told["refusal"])
    assert entries(running) == before


def test_a_preview_tells_that_another_model_would_answer_instead(ask: Ask) -> None:
    told = ask("/console/preview", asking("careful", f"주민등록번호 {RRN} 고객입니다.")).json
    assert told["refused"] is False
    assert [there["endpoint"] for there in told["plan"]] == ["home"]
    assert told["refusal"]["policies"][0]["id"] == "pipa.24-2.outside"


def test_a_preview_of_an_open_text_goes_as_it_is(ask: Ask) -> None:
    told = ask("/console/preview", asking("abroad", "대한민국의 수도는 어디입니까?")).json
    assert (told["grade"], told["findings"], told["refusal"]) == ("O", [], None)
    assert told["plan"][0]["form"] == "as_is"
    assert told["plan"][0]["altered"] is False
    assert told["plan"][0]["message"] == "대한민국의 수도는 어디입니까?"


def test_the_last_message_is_told_even_in_parts_after_others(ask: Ask) -> None:
    parts = [{"type": "text", "text": f"{PHONE} 맞나요?"}, {"type": "text", "text": "끝"}]
    messages = [{"role": "user", "content": f"휴대전화 {PHONE}"}, {"role": "user", "content": parts}]
    told = ask("/console/preview", {"model": "abroad", "messages": messages}).json
    assert re.fullmatch(r"\[전화번호-\d+\] 맞나요\?\n끝", told["plan"][0]["message"])
    assert [one["text"] for one in told["findings"]] == [0, 1]


def test_previews_write_nothing_down_send_nothing_and_charge_nothing(running: Running, ask: Ask) -> None:
    # The most that this request could cost fits into the day's budget once, not twice.
    key = known(ask, new_key(running, won_per_day=60_000_000))
    body, before = asking("abroad", PROMPT, max_tokens=10_000), entries(running)
    assert [ask("/console/preview", body, key=key).status for _ in range(4)] == [200] * 4
    assert running.abroad.captured == []
    assert entries(running) == before
    assert ask("/v1/chat/completions", body, key=key).status == 200
    dear = ask("/console/preview", asking("abroad", PROMPT, max_tokens=10_000, n=2), key=key)
    assert (dear.status, dear.json["code"]) == (402, "budget_exceeded")


def test_previews_are_limited_as_calls_are_and_take_none_from_them(running: Running, ask: Ask) -> None:
    key = known(ask, new_key(running, requests_per_minute=1))
    statuses = [
        ask(path, asking("abroad", "안녕하세요"), key=key).status
        for path in ("/console/preview", "/v1/chat/completions", "/console/preview", "/v1/chat/completions")
    ]
    assert statuses == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("body", "key", "status", "code"),
    [
        (asking("abroad", "안녕"), "", 401, "key_missing"),
        (asking("abroad", "안녕"), "hb-nobody", 401, "key_unknown"),
        (asking("nowhere", "안녕"), None, 404, "model_unknown"),
        (b"{", None, 400, "invalid_json"),
        (b'{"messages":[]}', None, 400, "invalid_request"),
    ],
)
def test_other_errors_of_a_preview_are_problem_details(
    ask: Ask, body: object, key: str | None, status: int, code: str
) -> None:
    answer = ask("/console/preview", body, key=key)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


def test_a_long_text_is_previewed_too(ask: Ask) -> None:
    told = ask("/console/preview", asking("abroad", PROMPT + " 회의 자료를 정리했습니다." * 1000)).json
    assert {"PHONE", "ACCOUNT"} <= {one["kind"] for one in told["findings"]}
    assert told["plan"][0]["message"].endswith("회의 자료를 정리했습니다.")


# the proof of a call


def called(ask: Ask, key: str | None = None) -> str:
    return ask("/v1/chat/completions", asking("abroad", PROMPT), key=key).headers["x-hanbok-call"]


def test_the_lines_of_a_call_prove_themselves(ask: Ask) -> None:
    call = called(ask)
    assert outcome_of(ask, call)["status"] == "completed"
    answer = ask(f"/console/calls/{call}")
    assert answer.headers["cache-control"] == "no-store"
    proof = answer.json
    assert proof["verified"] is True
    assert [line["entry"]["entry"] for line in proof["lines"]] == ["intent", "outcome"]
    for line in proof["lines"]:
        entry = line["raw"].partition('","entry":')[2][:-1].encode()
        assert line["digest"] == hashlib.sha256(b"\0" + entry).hexdigest()
        if line["proof"]:
            assert Proof.parse(line["proof"]).fits(entry)
        assert line["verified"] is True
    assert PHONE not in answer.body.decode()


def unknown(answer: Answered) -> bool:
    return (answer.status, answer.json["code"]) == (404, "call_unknown")


def test_a_call_is_shown_to_keys_of_its_organisation_only(running: Running, ask: Ask) -> None:
    call = called(ask)
    assert running.server.run("org", "create", "other").returncode == 0
    stranger = known(ask, new_key(running, "other"))
    colleague = known(ask, new_key(running))
    assert ask(f"/console/calls/{call}", key=colleague).status == 200
    assert unknown(ask(f"/console/calls/{call}", key=stranger))
    assert ask(f"/console/calls/{call}", key="").status == 401
    theirs = called(ask, stranger)
    assert unknown(ask(f"/console/calls/{theirs}"))
    assert ask(f"/console/calls/{theirs}", key=stranger).status == 200


@pytest.mark.parametrize("call", ["", "call-", "call-" + "0" * 24, "call-" + "0" * 25, "%22", "../preview"])
def test_a_call_that_is_not_there_is_unknown(ask: Ask, call: str) -> None:
    assert unknown(ask(f"/console/calls/{call}"))


def test_a_changed_line_and_a_changed_line_before_it_are_told(tmp_path: Path) -> None:
    calls = [f"call-{number:024x}" for number in range(3)]
    log = Journal.open(tmp_path)

    async def write() -> None:
        for call in calls:
            await log.append(
                Refusal(at=stamp(), call=call, organisation="ours", route="/", model="aaaa", code="x")
            )

    asyncio.run(write())
    assert [prove(log, call, "ours").verified for call in calls] == [True] * 3
    (file,) = tmp_path.glob("*.jsonl")
    whole = file.read_bytes()
    log.notary.work()
    # The second line says another model, once with its old digest, once with one that fits it.
    lines = whole.splitlines(keepends=True)
    forged = lines[1].replace(b"aaaa", b"bbbb")
    file.write_bytes(b"".join((lines[0], forged, lines[2])))
    assert [prove(log, call, "ours").verified for call in calls] == [True, False, True]
    entry = forged.partition(b'","entry":')[2][:-2]
    file.write_bytes(b"".join((lines[0], numbered(1) + seal(entry)[1], lines[2])))
    assert [prove(log, call, "ours").verified for call in calls] == [True, False, True]
    with pytest.raises(CallUnknown):
        prove(log, calls[0], "theirs")
    log.close()


def test_the_page_has_words_for_every_reason_that_the_guard_gives() -> None:
    guard = Guard.load()
    golden = Path(__file__).parents[1] / "golden" / "recogniser"
    lines = "".join(file.read_text(encoding="utf-8") for file in golden.glob("*.jsonl")).splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    reasons = {why.partition(":")[0] for text in texts for one in guard.find(text) for why in one.why}
    words = tomllib.loads((files("hanbok.console") / "words.toml").read_text(encoding="utf-8"))["script"]
    assert {"format", "context"} <= reasons
    assert {f"why_{reason.replace(' ', '_')}" for reason in reasons} <= words.keys()


def test_every_word_that_the_scripts_say_is_there_in_both_languages() -> None:
    console = files("hanbok.console")
    words = tomllib.loads((console / "words.toml").read_text(encoding="utf-8"))["script"]
    scripts = "".join(
        (console / "static" / f"{name}.js").read_text(encoding="utf-8") for name in ("page", "stations")
    )
    said = set(re.findall(r'say\("(\w+)"', scripts))
    assert len(said) > 30
    assert said <= words.keys()
    assert all(set(texts) == {"ko", "en"} for texts in words.values())
    for name, texts in words.items():
        fields = [sorted(re.findall(r"\{\w+\}", text)) for text in texts.values()]
        assert fields[0] == fields[1], name
