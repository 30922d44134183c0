"""Like questions, shadows and escalation through a running server: what clients, the log and the money see of them."""

import json
import signal
import time

import openai
import pytest

from hanbok.cli.models_shadow import shadow
from hanbok.evidence.segments import lines
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from hanbok.testing.wire.script import Said

pytestmark = pytest.mark.usefixtures("counted")

PRICE = "price: {input: 1000, output: 4000, as_of: 2026-11-01}"
SETTINGS = """\
state: state
server: {{port: 0}}
cache: {{embedder: {{endpoint: small, model: embed}}}}
endpoints:
  small: {{kind: openai_compatible, url: {small}, zone: home, operator: self, data_use: {{trains: false}}}}
  big: {{kind: openai_compatible, url: {big}, zone: home, operator: self, data_use: {{trains: false}}}}
  judge: {{kind: openai_compatible, url: {judge}, zone: home, operator: self, data_use: {{trains: false}}}}
  abroad:
    kind: openai_compatible
    url: {abroad}
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, retention_days: 30}}
models:
  like:
    targets: [{{endpoint: big, model: b}}]
    cache: {{similar: {{seconds: 600, threshold: 0.01}}}}
    {price}
  ruled:
    targets: [{{endpoint: small, model: s}}, {{endpoint: big, model: b, group: big}}]
    escalation: {{to: big, min_characters: 3}}
    {price}
  weighed:
    targets: [{{endpoint: small, model: s}}, {{endpoint: big, model: b, group: big}}]
    escalation: {{to: big, judge: {{model: judge}}}}
    {price}
  strict:
    targets: [{{endpoint: small, model: s}}, {{endpoint: big, model: b, group: big}}]
    escalation: {{to: big, judge: {{model: judge}}, unjudged: refuse, unanswered: refuse}}
    {price}
  trusting:
    targets: [{{endpoint: small, model: s}}, {{endpoint: big, model: b, group: big}}]
    escalation: {{to: big, judge: {{model: judge}}, unjudged: keep}}
    {price}
  judge: {{targets: [{{endpoint: judge, model: j}}], {price}}}
  shown:
    targets: [{{endpoint: small, model: s}}]
    shadow: {{model: abroad, percent: 100, keys: [{key}], at_once: 2}}
    {price}
  poor:
    targets: [{{endpoint: small, model: s}}]
    shadow: {{model: abroad, percent: 100, keys: [{poor}]}}
    {price}
  abroad: {{targets: [{{endpoint: abroad, model: a}}], {price}}}
"""
"""The keys that pay for copies are named once they are made."""


@pytest.fixture(scope="module")
def stands():
    with (
        ScriptedModel() as small,
        ScriptedModel() as big,
        ScriptedModel() as judge,
        ScriptedModel() as abroad,
    ):
        yield {"small": small, "big": big, "judge": judge, "abroad": abroad}


@pytest.fixture(autouse=True)
def fresh(stands):
    for one in stands.values():
        one.script = Script(say="이것은 넉넉한 답입니다")
        one.captured.clear()
    stands["judge"].script = Script(say="yes")


@pytest.fixture(scope="module")
def server(stands, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answering")
    urls = {name: one.url for name, one in stands.items()}

    def settings(key: str, poor: str) -> str:
        return SETTINGS.format(key=key, poor=poor, price=PRICE, **urls)

    with RunningHanbok(folder, settings("none", "none")) as running:
        running.run("org", "create", "other")
        rich, poor, other = (
            json.loads(running.run("key", "create", "--json", *options).stdout)
            for options in ([], ["--won-per-day", "1"], ["--org", "other"])
        )
        running.settings.write_text(settings(rich["id"], poor["id"]), encoding="utf-8")
        before = len(entries(running))
        running.process.send_signal(signal.SIGHUP)
        soon(lambda: any(one.get("verb") == "settings" for one in entries(running)[before:]))
        running.payer, running.other = rich["id"], other["secret"]
        time.sleep(0.5)  # keys made by another process are known
        running.clients = {
            key: openai.OpenAI(base_url=running.api, api_key=key, max_retries=0)
            for key in (running.key, running.other)
        }
        yield running
        for one in running.clients.values():
            one.close()


def soon(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found


def raw(server, model, text, *, stream=False, key="", **more):
    return server.clients[key or server.key].chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": text}], stream=stream, **more
    )


def said(answer, *, stream):
    if stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer.parse() if chunk.choices)
    return answer.parse().choices[0].message.content


def entries(server):
    return [json.loads(line.entry) for line in lines(server.folder / "state" / "evidence")]


def ended(server, call):
    """Return the last entry of a call, once it is there."""
    done = {"outcome", "refusal"}
    return soon(lambda: [one for one in entries(server) if one["entry"] in done and one.get("call") == call])[
        0
    ]


def test_a_like_question_is_answered_from_memory_and_says_so(server, stands):
    for stream in (False, True):
        first = raw(server, "like", "환불을 어떻게 받나요?", stream=stream)
        assert said(first, stream=stream) == "이것은 넉넉한 답입니다"
        second = raw(server, "like", "환불을 받는 방법을 알려 주세요.", stream=stream)
        assert said(second, stream=stream) == "이것은 넉넉한 답입니다"
        call, told = first.headers["x-hanbok-call"], second.headers["x-hanbok-cache"]
        assert told.startswith("similar; likeness=0.")
        assert told.endswith(f"; call={call}")
        outcome = ended(server, second.headers["x-hanbok-call"])
        assert outcome.get("cost", 0) == 0
        assert outcome["steps"]["cache"] == "similar"
        assert call in outcome["steps"]["similar"]
    assert len(stands["big"].captured) == 2
    raw(server, "like", "환불을 언제 받나요?")
    raw(server, "like", "환불을 어떻게 받나요?", key=server.other)
    raw(server, "like", "환불을 어떻게 받나요?", temperature=0.5)
    assert len(stands["big"].captured) == 5


@pytest.mark.parametrize("stream", [False, True])
def test_a_good_first_answer_is_kept(server, stands, stream):
    answer = raw(server, "ruled", "안녕", stream=stream)
    assert said(answer, stream=stream) == "이것은 넉넉한 답입니다"
    outcome = ended(server, answer.headers["x-hanbok-call"])
    assert outcome["endpoint"] == "small"
    assert outcome["steps"]["escalation"] == "small: kept"
    assert not stands["big"].captured


BAD = {
    "too_short": (Said(text="음"), {}),
    "refusal": (Said(text="죄송하지만 그 질문에는 답변드릴 수 없습니다."), {}),
    "invalid_json": (Said(text="{이건 JSON이"), {"response_format": {"type": "json_object"}}),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("why", BAD)
def test_a_bad_first_answer_is_not_shown_and_both_are_paid(server, stands, why, stream):
    bad, more = BAD[why]
    stands["small"].script = Script(say=bad)
    stands["big"].script = Script(say='{"답": "큰 모델"}')
    answer = raw(server, "ruled", "안녕", stream=stream, **more)
    assert said(answer, stream=stream) == '{"답": "큰 모델"}'
    outcome = ended(server, answer.headers["x-hanbok-call"])
    assert (outcome["endpoint"], outcome["status"]) == ("big", "completed")
    assert outcome["steps"]["escalation"].startswith(f"small: {why}; ")
    tokens = outcome["steps"]["escalation"].partition("; ")[2].removesuffix(" tokens")
    asked, answered = map(int, tokens.split("+"))
    assert outcome["cost"] == 1000 * (outcome["input"] + asked) + 4000 * (outcome["output"] + answered)
    assert outcome["beside"] == asked + answered
    assert len(stands["small"].captured) == len(stands["big"].captured) == 1
    intent = next(one for one in entries(server) if one.get("call") == outcome["call"])
    assert intent["reserved"] > 2 * 131_072 * 4000, "both answers are reserved for"


def test_a_stream_that_breaks_off_before_it_was_judged_is_asked_again_elsewhere(server, stands):
    stands["small"].script = Script(say="이것은 넉넉한 답입니다", error_after=3)
    answer = raw(server, "ruled", "안녕", stream=True)
    assert said(answer, stream=True) == "이것은 넉넉한 답입니다"
    assert ended(server, answer.headers["x-hanbok-call"])["endpoint"] == "big"


@pytest.mark.parametrize(
    ("model", "verdict", "who", "told"),
    [
        ("weighed", "yes", "small", "kept"),
        ("weighed", "No.", "big", "judged"),
        ("weighed", "글쎄요", "big", "unjudged"),
        ("trusting", "글쎄요", "small", "kept"),
        ("strict", "yes", "small", "kept"),
    ],
)
def test_a_judge_decides(server, stands, model, verdict, who, told):
    stands["judge"].script = Script(say=verdict)
    answer = raw(server, model, "안녕")
    assert answer.headers["x-hanbok-endpoint"] == who
    assert answer.headers["x-hanbok-escalation"] == told
    shown = stands["judge"].captured[0].json["messages"][1]["content"]
    assert json.loads(shown) == {"question": "안녕", "answer": "이것은 넉넉한 답입니다"}
    outcome = ended(server, answer.headers["x-hanbok-call"])
    intent = next(one for one in entries(server) if one.get("call") == outcome["call"])
    assert [hop["endpoint"] for hop in intent["plan"]] == ["small", "big", "judge"]
    assert any(one.startswith("judge:") for one in outcome["attempts"]), (
        "a report tells that it was sent there"
    )
    assert outcome["steps"]["protect"] == "as_is"
    if verdict == "yes":
        assert "judge:judged good" in outcome["attempts"]
        assert outcome["cost"] > 1000 * outcome["input"] + 4000 * outcome["output"]


def test_without_a_judgement_the_call_fails_where_the_settings_say_so(server, stands):
    stands["judge"].script = Script(say="글쎄요")
    with pytest.raises(openai.APIStatusError) as refused:
        raw(server, "strict", "안녕")
    assert refused.value.code == "answer_unjudged"
    assert not stands["big"].captured


@pytest.mark.parametrize(("model", "kept"), [("weighed", True), ("strict", False)])
def test_where_the_second_fails_the_first_answer_is_given_or_none(server, stands, model, kept):
    stands["judge"].script = Script(say="no")
    stands["big"].script = Script(status=500)
    if kept:
        answer = raw(server, model, "안녕")
        assert said(answer, stream=False) == "이것은 넉넉한 답입니다"
        assert answer.headers["x-hanbok-escalation"] == "judged, upstream_failed"
        return
    with pytest.raises(openai.APIStatusError) as refused:
        raw(server, model, "안녕")
    assert refused.value.code == "upstream_failed"


def test_a_client_that_leaves_while_the_first_answers_ends_it(server, stands):
    stands["small"].script = Script(say="가" * 400, pace=0.2)
    asked = {"model": "ruled", "messages": [{"role": "user", "content": "안녕"}], "stream": True}
    with (
        openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0, timeout=0.6) as sdk,
        pytest.raises(openai.APITimeoutError),
    ):
        sdk.chat.completions.create(**asked)
    soon(lambda: stands["small"].cancelled)
    assert not stands["big"].captured
    cancelled = soon(lambda: [one for one in entries(server) if one.get("status") == "cancelled"])[-1]
    assert cancelled["endpoint"] == "small"
    assert cancelled["cost"] > 0


def test_a_shadow_answers_for_nobody_and_the_log_compares(server, stands, capsys):
    stands["abroad"].script = Script(say="이것은 다른 답입니다", delay=1.0)
    begun = time.monotonic()
    answer = raw(server, "shown", "제 번호는 010-1234-5678입니다. 안녕")
    assert time.monotonic() - begun < 1
    assert said(answer, stream=False) == "이것은 넉넉한 답입니다"
    call = answer.headers["x-hanbok-call"]
    outcome = ended(server, f"{call}-shadow")
    assert outcome["key"] == server.payer
    assert outcome["endpoint"] == "abroad"
    assert outcome["steps"]["shadow_of"] == call
    assert outcome["steps"]["shadow"] in {"similar", "different"}
    assert outcome["cost"] > 0
    assert "010-1234-5678" not in json.dumps(stands["abroad"].captured[0].json, ensure_ascii=False)
    first = ended(server, call)
    assert first["key"] != server.payer
    assert first["cost"] == 1000 * first["input"] + 4000 * first["output"], (
        "the client pays for its own alone"
    )
    stands["abroad"].script = Script(say="이것은 넉넉한 답입니다")
    streamed = raw(server, "shown", "안녕", stream=True)
    said(streamed, stream=True)
    assert ended(server, f"{streamed.headers['x-hanbok-call']}-shadow")["steps"]["shadow"] == "exact"
    [row] = json.loads(server.run("models", "shadow", "--json").stdout)
    assert (row["model"], row["shadow"], row["copies"], row["exact"]) == ("shown", "abroad", 2, 0.5)
    shadow(directory=server.folder / "state" / "evidence")
    assert "shown" in capsys.readouterr().out


def test_what_a_shadow_may_not_do_the_client_never_notices(server, stands):
    """Its key has no money, or the caller's organisation has no such key."""
    poor = raw(server, "poor", "안녕")
    assert ended(server, f"{poor.headers['x-hanbok-call']}-shadow")["code"] == "budget_exceeded"
    raw(server, "shown", "안녕", key=server.other)
    soon(lambda: 'hanbok_shadows_total{how="budget_exceeded",model="poor"} 1' in metrics(server))
    assert 'hanbok_shadows_total{how="no_key",model="shown"} 1' in metrics(server)


def metrics(server):
    with openai.OpenAI(base_url=server.url, api_key=server.key) as sdk:
        return sdk.get("/metrics", cast_to=str)
