"""Requests for a second person's approval. Who may do what with them is decided in `hanbok.policy.approvals`."""

from collections.abc import Callable, Iterator

from hanbok.core.values import Text
from hanbok.http.admin.route import Answer, Ask, Page, Route, page_of, text_place
from hanbok.http.admin.views import ApprovalQuery, ApprovalView, Decision, NewApproval
from hanbok.policy.approval import Approval
from hanbok.policy.approval_errors import ApprovalUnknown
from hanbok.policy.approvals import PLATFORM

_PLACES = ("/admin/v1/organisations/{organisation}/approvals", "/admin/v1/approvals")
"""An organisation's, and those about the whole installation."""


def _list(ask: Ask) -> Answer:
    asked = ask.asked(ApprovalQuery)
    found = ask.approvals.list(
        _about(ask),
        by=ask.who.principal,
        state=asked.state,
        after=text_place(asked.cursor),
        limit=asked.limit + 1,
    )
    return Answer(body=page_of(found, asked.limit, ApprovalView.of, lambda one: one.id))


def _request(ask: Ask) -> Answer:
    body, who = ask.taken(NewApproval), ask.who.principal
    made = ask.approvals.request(
        body.kind, _about(ask), body.arguments, by=who, reason=body.reason, origin=ask.who.origin
    )
    return Answer(body=ApprovalView.of(ask.approvals.find(made, by=who)))


def _read(ask: Ask) -> Answer:
    return Answer(body=ApprovalView.of(_here(ask)))


def _decide(verb: str) -> Callable[[Ask], Answer]:
    def decide(ask: Ask) -> Answer:
        here, note = _here(ask), ask.taken(Decision).note
        act = ask.approvals.approve if verb == "approve" else ask.approvals.decline
        return Answer(
            body=ApprovalView.of(act(here.id, by=ask.who.principal, note=note, origin=ask.who.origin))
        )

    return decide


def _withdraw(ask: Ask) -> Answer:
    done = ask.approvals.withdraw(_here(ask).id, by=ask.who.principal, origin=ask.who.origin)
    return Answer(body=ApprovalView.of(done))


def _here(ask: Ask) -> Approval:
    found = ask.approvals.find(ask.parts["approval"], by=ask.who.principal)
    if found.organisation != _about(ask):
        raise ApprovalUnknown
    return found


def _about(ask: Ask) -> str:
    return ask.parts.get("organisation", PLATFORM)


def _routes(place: str) -> Iterator[Route]:
    one = f"{place}/{{approval}}"
    yield Route(
        method="GET",
        path=place,
        permission="approval.use",
        title=Text(ko="승인 요청의 목록: 권한이 없으면 자기 것만", en="List requests, or only one's own"),
        handle=_list,
        query=ApprovalQuery,
        gives=Page[ApprovalView],
    )
    yield Route(
        method="POST",
        path=place,
        permission="approval.use",
        title=Text(ko="승인 요청하기", en="Ask for approval"),
        handle=_request,
        takes=NewApproval,
        gives=ApprovalView,
        status=201,
    )
    yield Route(
        method="GET",
        path=one,
        permission="approval.use",
        title=Text(ko="승인 요청 보기", en="Show a request"),
        handle=_read,
        gives=ApprovalView,
    )
    for verb, title, handle in _ACTS:
        yield Route(
            method="POST",
            path=f"{one}/{verb}",
            permission="approval.use",
            title=title,
            handle=handle,
            takes=Decision,
            gives=ApprovalView,
        )


_ACTS = (
    ("approve", Text(ko="승인하기", en="Allow it"), _decide("approve")),
    ("decline", Text(ko="거절하기", en="Refuse it"), _decide("decline")),
    ("withdraw", Text(ko="자기 요청 거두기", en="Take one's own request back"), _withdraw),
)
ROUTES = tuple(route for place in _PLACES for route in _routes(place))
