"""Verbs that change policy: one person proposes, another allows, and it comes in force with evidence."""

from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.building import judge_of, rules_of
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.policy_files import cases_beside, read_texts
from hanbok.cli.records import opened
from hanbok.cli.second_person import Approval, SecondPerson
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.policy.approvals import PLATFORM
from hanbok.policy.cases import read_cases, try_cases
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.changes import (
    IN_FORCE,
    KIND,
    NOTHING,
    ORGANISATION,
    PROPOSED,
    REPLACED,
    SETTINGS,
    WITHDRAWN,
    Change,
    Changes,
    ChangeUnknown,
    Rules,
    arguments_of,
)
from hanbok.policy.circumstances import Circumstances
from hanbok.policy.governing import Governing, govern
from hanbok.settings.reading import Loaded

Number = Annotated[int, Parameter(help=say("변경의 번호.", "The change's number."))]
Note = Annotated[str, Parameter(help=say("까닭.", "Why."))]
_STATES = {
    PROPOSED: Text(ko="제안됨", en="proposed"),
    IN_FORCE: Text(ko="적용 중", en="in force"),
    REPLACED: Text(ko="지나감", en="replaced"),
    WITHDRAWN: Text(ko="거둠", en="withdrawn"),
}


class CasesFail(HanbokError):
    code = "policy_cases_fail"
    message = Text(
        ko="정책의 사례 {failed}개가 맞지 않습니다",
        en="{failed} cases of the policy do not come as they must",
    )
    hint = Text(ko="`hanbok policy test`로 확인하십시오.", en="See `hanbok policy test`.")


def propose(
    *files: Annotated[
        Path,
        Parameter(
            help=say(
                "조직의 정책 전체가 될 Cedar 파일들.",
                "The Cedar files that would be the organisation's policies, all.",
            )
        ),
    ],
    settings: Annotated[
        bool,
        Parameter(
            help=say("hanbok.yaml의 정책을 제안합니다.", "Propose what hanbok.yaml says of policy."),
            negative="",
        ),
    ] = False,
    note: Note = "",
    config: File = None,
) -> None:
    """Keep a text for others to look at and allow; it is checked and its cases are tried first."""
    source = SETTINGS if settings else ORGANISATION
    with opened(config, changes=True) as (loaded, store):
        rules = rules_of(loaded) if settings else Rules(files=_named(files), cases=cases_by_name(files))
        changes, second = Changes(store), SecondPerson(store, loaded.settings)
        _try(loaded, changes, rules, source)
        made = changes.propose(source, rules, proposer=second.who(), note=note)
        print(say(f"변경 {made.id}을(를) 제안했습니다", f"change {made.id} is proposed"))
        print(f"  {made.digest}")
        if loaded.settings.roles.dual_control:
            what = arguments_of(made, changes.in_force(source))
            approval = second.ask(KIND, PLATFORM, what, note or f"change {made.id}")
            print(
                say(
                    f"다른 사람이 `hanbok approval approve {approval}`로 승인하면 "
                    f"`hanbok policy apply {made.id} --approval {approval}`로 적용하십시오.",
                    f"When another person ran `hanbok approval approve {approval}`, put it in force with "
                    f"`hanbok policy apply {made.id} --approval {approval}`.",
                )
            )
        else:
            print(
                say(
                    f"`hanbok policy apply {made.id}`로 적용하십시오.",
                    f"Put it in force with `hanbok policy apply {made.id}`.",
                )
            )


def apply(change: Number, /, *, approval: Approval = "", config: File = None) -> None:
    """Put a proposed change in force; running servers take it up within seconds."""
    _put_in_force(change, approval, config)


def rollback(
    change: Annotated[
        int | None,
        Parameter(
            help=say("되돌아갈 변경. 없으면 바로 앞의 것.", "The change to go back to; none: the one before.")
        ),
    ] = None,
    /,
    *,
    settings: Annotated[
        bool, Parameter(help=say("hanbok.yaml의 정책을.", "The policy of hanbok.yaml."), negative="")
    ] = False,
    ask: Annotated[
        str,
        Parameter(help=say("이 까닭으로 승인을 요청합니다.", "Ask for leave for this reason.")),
    ] = "",
    approval: Approval = "",
    config: File = None,
) -> None:
    """Put a text that was in force before in force again; like every change it may need a second person."""
    source = SETTINGS if settings else ORGANISATION
    if change is None:
        with opened(config) as (_, store):
            former = [one for one in Changes(store).history(source) if one.state == REPLACED]
        if not former:
            raise ChangeUnknown(change="-")
        change = former[0].id
    if ask:
        with opened(config, changes=True) as (loaded, store):
            changes = Changes(store)
            what = arguments_of(changes.find(change), changes.in_force(source))
            asked = SecondPerson(store, loaded.settings).ask(KIND, PLATFORM, what, ask)
        print(
            say(
                f"승인을 요청했습니다: {asked} (변경 {change})", f"asked for leave: {asked} (change {change})"
            )
        )
        return
    _put_in_force(change, approval, config)


def withdraw(change: Number, /, *, config: File = None) -> None:
    """Take a proposal back."""
    with opened(config, changes=True) as (loaded, store):
        Changes(store).withdraw(change, actor=SecondPerson(store, loaded.settings).who())
    print(say(f"변경 {change}을(를) 거두었습니다", f"change {change} is withdrawn"))


def diff(
    change: Number,
    /,
    *,
    config: File = None,
) -> int:
    """Print what a change would alter of what is in force. Exit code 1 when it alters anything."""
    with opened(config) as (_, store):
        changes = Changes(store)
        one = changes.find(change)
        now = changes.in_force(one.source)
    lines = _diff(now.rules if now else NOTHING, one.rules)
    print("\n".join(lines) or say("차이가 없습니다", "no difference"))
    return 1 if lines else 0


def history(*, json: Json = False, config: File = None) -> None:
    """List all changes of policy, newest first: who proposed, who allowed, when they came in force."""
    with opened(config) as (_, store):
        found = Changes(store).history()
    rows = [_row(one, json=json) for one in found]
    columns = {
        "id": "#",
        "source": say("출처", "source"),
        "digest": say("해시", "digest"),
        "state": say("상태", "state"),
        "proposer": say("제안", "proposed by"),
        "approver": say("승인", "allowed by"),
        "applier": say("적용", "applied by"),
        "applied": say("적용한 때 (UTC)", "applied (UTC)"),
        "note": say("까닭", "note"),
    }
    print_rows(rows, columns, json=json, empty=say("정책이 바뀐 적이 없습니다", "policy has never changed"))


def cases_by_name(files: tuple[Path, ...]) -> dict[str, str]:
    """Return the cases beside files by their bare names, which mean the same on every machine."""
    return {Path(name).name: text for name, text in cases_beside(files).items()}


def _named(files: tuple[Path, ...]) -> dict[str, str]:
    return {Path(name).name: text for name, text in read_texts(files).items()}


def _put_in_force(change: int, approval: str, config: Path | None) -> None:
    with opened(config, changes=True) as (loaded, store):
        changes, second = Changes(store), SecondPerson(store, loaded.settings)
        one = changes.find(change)
        judge = _try(loaded, changes, one.rules, one.source)
        what = arguments_of(one, changes.in_force(one.source))
        leave = second.leave(KIND, PLATFORM, what, approval)
        articles = {policy.clause.article for policy in judge.policies if policy.clause.article}
        done = changes.apply(
            change,
            applier=second.who(),
            approved=leave,
            articles=tuple(sorted(articles)),
            instead_of=str(what["before"]),
        )
    print(say(f"변경 {done.id}이(가) 적용되었습니다", f"change {done.id} is in force"))
    print(f"  {done.digest}")


def _try(loaded: Loaded, changes: Changes, rules: Rules, source: str) -> CedarJudge:
    """Return the judge that would govern. Raises PolicyInvalid, CasesFail."""
    now = govern(changes, rules_of(loaded))
    governing = (
        Governing(settings=rules, organisation=now.organisation)
        if source == SETTINGS
        else Governing(settings=now.settings, organisation=rules)
    )
    judge = judge_of(loaded, today(), governing)
    failed = 0
    for file, text in rules.cases.items():
        read = read_cases(file, text)
        packs = () if read.packs else governing.settings.packs
        spoken = Circumstances.read(governing.settings.facts)
        tried = try_cases(file, read, governing.files, packs, spoken)
        failed += sum(not one.good for one in tried)
    if failed:
        raise CasesFail(failed=failed)
    return judge


def _diff(before: Rules, after: Rules) -> list[str]:
    lines: list[str] = []
    for name in sorted({*before.files, *after.files}):
        one, other = (rules.files.get(name, "").splitlines() for rules in (before, after))
        lines += unified_diff(one, other, f"a/{name}", f"b/{name}", lineterm="")
    one, other = (_plain(rules) for rules in (before, after))
    return lines + list(unified_diff(one, other, "a/hanbok.yaml", "b/hanbok.yaml", lineterm=""))


def _plain(rules: Rules) -> list[str]:
    whole = {"packs": rules.packs, "facts": rules.facts, "dual_control": rules.dual_control}
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=2).decode().splitlines()


def _row(one: Change, *, json: bool) -> dict[str, object]:
    return {
        "id": one.id,
        "source": one.source,
        "digest": one.digest if json else one.digest[:12],
        "state": one.state if json else _STATES[one.state].of(LANGUAGE),
        "proposer": one.proposer,
        "approver": one.approver,
        "applier": one.applier,
        "applied": one.applied if json or not one.applied else one.applied[:19],
        "note": one.note,
    }
