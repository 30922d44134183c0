"""What auditors read: calls, acts and money of an organisation. Reading the log is an entry of the log."""

from hanbok.core.clock import today
from hanbok.core.values import Text
from hanbok.http.admin.record_views import ActQuery, ActView, CallQuery, CallView, SpendQuery, SpendView
from hanbok.http.admin.route import Answer, Ask, Page, Route, cursor_of, number_place, page_of, pair_place
from hanbok.policy.audit import Question, act_of_reading, find_acts, find_calls

_ONE = "/admin/v1/organisations/{organisation}"


def _spend(ask: Ask) -> Answer:
    asked, day = ask.asked(SpendQuery), today()
    since = asked.since or day.replace(day=1)
    found = ask.desk.spending.by_day(
        ask.organisation,
        since.isoformat(),
        (asked.until or day).isoformat(),
        after=pair_place(asked.cursor),
        limit=asked.limit + 1,
    )
    return Answer(body=page_of(found, asked.limit, SpendView.of, lambda one: one.day, lambda one: one.key))


def _calls(ask: Ask) -> Answer:
    asked = ask.asked(CallQuery)
    question = Question(
        organisation=ask.organisation,
        since=asked.since,
        until=asked.until,
        person=asked.person,
        team=asked.team,
        application=asked.application,
        key=asked.key,
        kind=asked.kind,
    )
    start = number_place(asked.cursor) if asked.cursor else None
    page = find_calls(ask.log, question, start, asked.limit)
    more = None if page.next is None else cursor_of(page.next)
    return Answer(
        body=Page(items=[CallView.of(one) for one in page.calls], next=more),
        deed=act_of_reading(question, str(ask.actor), ask.who.origin, "calls"),
    )


def _acts(ask: Ask) -> Answer:
    asked = ask.asked(ActQuery)
    question = Question(
        organisation=ask.parts.get("organisation", ""),
        since=asked.since,
        until=asked.until,
        actor=asked.actor,
        verb=asked.verb,
    )
    start = number_place(asked.cursor) if asked.cursor else None
    page = find_acts(ask.log, question, start, asked.limit)
    more = None if page.next is None else cursor_of(page.next)
    return Answer(
        body=Page(items=[ActView.of(index, entry) for index, entry in page.acts], next=more),
        deed=act_of_reading(question, str(ask.actor), ask.who.origin, "acts"),
    )


ROUTES = (
    Route(
        method="GET",
        path=f"{_ONE}/spend",
        permission="spend.read",
        title=Text(ko="날마다 키마다 쓴 돈", en="Money spent, by day and key"),
        handle=_spend,
        query=SpendQuery,
        gives=Page[SpendView],
    ),
    Route(
        method="GET",
        path=f"{_ONE}/calls",
        permission="log.read",
        title=Text(
            ko="호출 기록: 때, 사람, 정보 유형으로 찾기", en="Calls, by time, person and kind of data"
        ),
        handle=_calls,
        query=CallQuery,
        gives=Page[CallView],
    ),
    Route(
        method="GET",
        path=f"{_ONE}/acts",
        permission="log.read",
        title=Text(ko="관리 행위 기록", en="Acts of administrators"),
        handle=_acts,
        query=ActQuery,
        gives=Page[ActView],
    ),
    Route(
        method="GET",
        path="/admin/v1/acts",
        permission="log.read",
        title=Text(ko="설치 전체에 대한 관리 행위 기록", en="Acts about the whole installation"),
        handle=_acts,
        query=ActQuery,
        gives=Page[ActView],
    ),
)
