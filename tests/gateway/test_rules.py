"""Rules by content and windows of maintenance: data in, an order out."""

import json
from dataclasses import replace
from datetime import date, datetime, time

import pytest

from hanbok.core.clock import KST
from hanbok.core.values import DataUse, Destination, Form, Grade, Zone
from hanbok.gateway.call import Call, Operation, Planned
from hanbok.gateway.catalogue import Need, Offer, Rule, Target
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.fronts.anthropic import Anthropic
from hanbok.gateway.head import read_head
from hanbok.gateway.health import Breaker, Health
from hanbok.gateway.maintenance import Window
from hanbok.gateway.routing import Router
from hanbok.gateway.rules import TASK, asked_of, choose, language_of

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
TOOL = {"type": "function", "function": {"name": "f"}}


def call(content="안녕하세요", *, grade=Grade.OPEN, task="", **more):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": content}], **more}).encode()
    return Call(
        id="c",
        route="/v1/chat/completions",
        operation=Operation.CHAT,
        body=body,
        headers={TASK: task} if task else {},
        origin="",
        digest="",
        model="m",
        stream=False,
        grade=grade,
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("안녕하세요, 반갑습니다.", "ko"),
        ("API key를 rotate하는 방법을 알려 주세요", "ko"),
        ("Please summarise this report.", "en"),
        ("Please say 안녕 to everybody in the whole company for me today", "en"),
        ("これは日本語の文章です", "ja"),
        ("请总结这份报告", "zh"),
        ("12345 !?", ""),
        ("", ""),
    ],
)
def test_a_language_is_told_by_its_letters(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("asked", "needs"),
    [
        (call(), set()),
        (call([{"type": "text", "text": "이게 뭐죠?"}, PICTURE]), {Need.VISION}),
        (call(tools=[TOOL]), {Need.TOOLS}),
        (call(tools=[]), set()),
        (call(response_format={"type": "json_object"}, tools=[TOOL]), {Need.STRUCTURED, Need.TOOLS}),
        (call(response_format={"type": "text"}), set()),
    ],
)
def test_needs_are_read_from_the_request(asked, needs):
    assert asked_of(asked).needs == needs


def test_needs_of_another_front_are_read_in_its_own_words():
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    body = json.dumps(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [picture]}]}
    ).encode()
    asked = replace(call(), body=body, front=Anthropic(), head=read_head(body)[0])
    assert asked_of(asked).needs == {Need.VISION}
    assert asked_of(replace(asked, body=b"[]")).needs == set()


KOREAN = call("한국어로 물어봅니다")
LONG = call("가" * 3000)


@pytest.mark.parametrize(
    ("rule", "fits", "not_"),
    [
        ({"languages": {"ko"}}, KOREAN, call("in English")),
        ({"languages": {"en", "ja"}}, call("in English"), KOREAN),
        ({"min_characters": 1000}, LONG, KOREAN),
        ({"max_characters": 1000}, KOREAN, LONG),
        ({"min_tokens": 1000}, LONG, KOREAN),
        ({"max_tokens": 1000}, KOREAN, LONG),
        ({"needs": {Need.TOOLS}}, call(tools=[TOOL]), KOREAN),
        ({"grades": {Grade.SENSITIVE}}, call(grade=Grade.SENSITIVE), KOREAN),
        ({"tasks": {"report"}}, call(task="report"), call(task="chat")),
        ({"tasks": {"report"}, "languages": {"ko"}}, call(task="report"), call("English", task="report")),
    ],
)
def test_a_rule_fits_when_all_its_conditions_hold(rule, fits, not_):
    rules = (Rule(use="x", **{key: frozenset(v) if isinstance(v, set) else v for key, v in rule.items()}),)
    assert choose(rules, fits) is rules[0]
    assert choose(rules, not_) is None


def target(name, zone, group):
    there = Destination(
        endpoint=name,
        country="KR",
        zone=zone,
        operator="self",
        data_use=DataUse(trains=False),
        certificates=(),
    )
    return Target(endpoint=name, destination=there, model="m", facts=unknown_facts("m"), group=group)


A, B, C = (
    target("a", Zone.HOME, "small"),
    target("b", Zone.DOMESTIC, "large"),
    target("c", Zone.HOME, "large"),
)


def planned(asked, *rules):
    plan = tuple(Planned(target=one, form=Form.AS_IS) for one in (A, B, C))
    return replace(asked, plan=plan, offer=Offer(name="m", targets=(A, B, C), rules=rules))


def order(router, asked):
    return [one.target.endpoint for one in router.ranked(asked)]


def test_the_first_rule_that_fits_says_who_is_tried_first_and_nobody_is_lost():
    rules = (
        Rule(name="1: large", use="large", tasks=frozenset({"report"})),
        Rule(name="2: home", zone=Zone.HOME, languages=frozenset({"en"})),
        Rule(name="3: large", use="large", zone=Zone.HOME, min_characters=1000),
    )
    router = Router(Health())
    for asked, wanted, name in (
        (call(task="report"), ["b", "c", "a"], "1: large"),
        (call("Hello there"), ["a", "c", "b"], "2: home"),
        (LONG, ["c", "a", "b"], "3: large"),
        (KOREAN, ["a", "b", "c"], None),
    ):
        ruled = planned(asked, *rules)
        assert order(router, ruled) == wanted
        assert ruled.ending.steps.get("rule") == name
        ruled.ending.steps.clear()


def test_a_place_that_fails_comes_last_even_where_a_rule_wants_it():
    health = Health(breaker=Breaker(failures=1))
    health.enter(B).failed(EndpointUnavailable(endpoint="b", why="x"))
    asked = planned(call(task="report"), Rule(use="large", tasks=frozenset({"report"})))
    assert order(Router(health), asked) == ["c", "a", "b"]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=KST)


NIGHT = Window(begins=time(23), ends=time(2))
SUNDAY = Window(begins=time(2), ends=time(5), days=frozenset({6}))
EVE = Window(begins=time(23), ends=time(1), day=date(2026, 12, 24))


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        (NIGHT, "2026-11-22T23:00", True),
        (NIGHT, "2026-11-23T01:59", True),
        (NIGHT, "2026-11-23T02:00", False),
        (NIGHT, "2026-11-22T22:59", False),
        (SUNDAY, "2026-11-22T03:00", True),
        (SUNDAY, "2026-11-23T03:00", False),
        (EVE, "2026-12-24T23:30", True),
        (EVE, "2026-12-25T00:30", True),
        (EVE, "2026-12-25T23:30", False),
        (EVE, "2026-12-24T00:30", False),
        (Window(begins=time(0), ends=time(0)), "2026-11-22T12:00", True),
    ],
)
def test_a_window_holds_from_its_beginning_to_its_end(window, moment, inside):
    assert window.holds(at(moment)) is inside


def test_an_endpoint_in_maintenance_is_not_asked_at_all():
    def router(*names):
        return Router(Health(), windows=dict.fromkeys(names, (SUNDAY,)), at=lambda: at("2026-11-22T03:00"))

    asked = planned(KOREAN)
    assert order(router("a"), asked) == ["b", "c"]
    with pytest.raises(EndpointUnavailable):
        router("a", "b", "c").ranked(asked)
