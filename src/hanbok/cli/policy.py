"""`hanbok policy`: policies looked over, tried, explained, simulated, and changed by two people."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.building import catalogue_of, judge_of, rules_of, scene_of
from hanbok.cli.config import File
from hanbok.cli.explained import print_explanation
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.policy_changes import apply, diff, history, propose, rollback, withdraw
from hanbok.cli.policy_files import PolicyCallUnknown, read_texts, texts_of, tried_of
from hanbok.cli.records import opened
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import KST, today
from hanbok.core.values import Grade, Principal
from hanbok.evidence.entry import AnyEntry, Intent, Refusal
from hanbok.evidence.segments import find, lines, open_record
from hanbok.gateway.catalogue import ModelUnknown
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.changes import Changes, Rules
from hanbok.policy.explain import explain as explain_request
from hanbok.policy.governing import Governing, govern
from hanbok.policy.pack import packs as all_packs
from hanbok.policy.review import review
from hanbok.policy.simulate import Effect, Simulated
from hanbok.policy.simulate import simulate as simulate_entries
from hanbok.settings.reading import Loaded, load

policy = App(name="policy", result_action="return_value")
FOUND = 1
Files = Annotated[
    tuple[Path, ...],
    Parameter(help=say("Cedar 파일. 없으면 지금 적용되는 것.", "Cedar files; none: those in force.")),
]
Packs = Annotated[
    tuple[str, ...],
    Parameter(
        help=say("법 정책 묶음. 없으면 설정을 따릅니다.", "Law packs; none: as in the settings."),
        consume_multiple=True,
    ),
]
On = Annotated[
    date | None, Parameter(help=say("이 날의 법으로. 없으면 오늘.", "By the law of this day; none: today."))
]
Unread = Annotated[
    bool,
    Parameter(
        help=say("그림, 소리처럼 읽을 수 없는 것이 있음.", "It holds what cannot be read: pictures, sound."),
        negative="",
    ),
]
_CHANGES: dict[Callable[..., object], str] = {
    propose: say(
        "조직의 정책이나 hanbok.yaml의 정책을 제안합니다.",
        "Propose policies of the organisation, or of hanbok.yaml.",
    ),
    diff: say("변경이 무엇을 바꾸는지 보입니다.", "Show what a change would alter."),
    apply: say("제안된 변경을 적용합니다.", "Put a proposed change in force."),
    rollback: say("전에 적용되던 정책으로 되돌립니다.", "Go back to policies that were in force before."),
    withdraw: say("제안을 거둡니다.", "Take a proposal back."),
    history: say("정책이 바뀐 내력을 보입니다.", "Show how policy has changed."),
}
for _verb, _help in _CHANGES.items():
    policy.command(_verb, help=_help)
EFFECTS = {
    Effect.SAME: say("그대로", "the same"),
    Effect.REFUSED: say("새로 거절", "newly refused"),
    Effect.ALLOWED: say("새로 허용", "newly allowed"),
    Effect.MORE_ALTERED: say("더 가려서", "more altered"),
    Effect.LESS_ALTERED: say("덜 가려서", "less altered"),
    Effect.ELSEWHERE: say("다른 곳으로", "elsewhere"),
}


@policy.command(
    help=say(
        "정책 파일을 검사합니다: 문법, 스키마, 주석, 날짜, 적용될 일이 없는 정책.",
        "Look policies over: syntax, schema, annotations, days, policies that never decide.",
    )
)
def check(
    *files: Annotated[
        Path,
        Parameter(help=say("Cedar 파일. 없으면 지금 적용되는 것.", "Cedar files; none: those in force.")),
    ],
    packs: Packs = (),
    on: On = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Print errors and warnings with file and line. Exit code 1 when there is an error."""
    loaded = load(config)
    texts = read_texts(files) if files else texts_of(loaded)
    custom = {one.name: one.like for one in loaded.settings.guard.custom}
    found = list(review(texts, packs or loaded.settings.policy.packs, on or today(), custom))
    rows = [
        {
            "file": one.file,
            "line": one.line,
            "policy": one.policy,
            "level": "error" if one.error else "warning",
            "what": one.what.of(LANGUAGE),
        }
        for one in found
    ]
    columns = {
        "file": say("파일", "file"),
        "line": say("줄", "line"),
        "policy": say("정책", "policy"),
        "level": say("정도", "level"),
        "what": say("내용", "what"),
    }
    good = (f"파일 {len(texts)}개에 이상이 없습니다", f"{len(texts)} files, nothing to remark")
    print_rows(rows, columns, json=json, empty=say(*good))
    return FOUND if any(one.error for one in found) else 0


@policy.command(
    name="test",
    help=say(
        "정책의 사례를 시험합니다. 조직의 `X.cedar`는 옆의 `X.cases.toml`로 시험합니다.",
        "Try the cases of policies; those of your `X.cedar` stand beside it in `X.cases.toml`.",
    ),
)
def try_out(
    *files: Annotated[
        Path,
        Parameter(
            help=say("Cedar 파일. 없으면 모든 것.", "Cedar files; none: all packs, and those in force.")
        ),
    ],
    packs: Packs = (),
    json: Json = False,
    config: File = None,
) -> int:
    """Print the cases that did not come as they must. Exit code 1 when there are any."""
    loaded = load(config)
    chosen = packs or (() if files else tuple(all_packs()))
    tried = list(tried_of(loaded, files, chosen))
    bad = [one for one in tried if not one.good]
    rows = [
        {
            "file": one.file,
            "case": one.says + (say(" (하루 전)", " (the day before)") if one.eve else ""),
            "expected": list(one.expected),
            "found": list(one.found),
        }
        for one in bad
    ]
    if json:
        print_json({"tried": len(tried), "failed": rows})
        return FOUND if bad else 0
    columns = {
        "file": say("파일", "file"),
        "case": say("사례", "case"),
        "expected": say("막아야 할 정책", "must forbid"),
        "found": say("막은 정책", "forbade"),
    }
    print_rows(rows, columns, json=False, empty=say("모두 맞습니다", "all come as they must"))
    print(say(f"사례 {len(tried)}개, 실패 {len(bad)}개", f"{len(tried)} cases, {len(bad)} failed"))
    return FOUND if bad else 0


@policy.command(
    help=say(
        "왜 그렇게 정해지는지, 무엇이 있으면 나갈 수 있는지 보입니다. 로그의 호출 번호나 요청의 설명을 받습니다.",
        "Show why it is decided so, and what would let it go: for a call of the log, or a request described.",
    )
)
def explain(  # noqa: PLR0913 - each is an option
    call: Annotated[str, Parameter(help=say("로그의 호출 번호.", "Id of a call in the log."))] = "",
    /,
    *,
    model: Annotated[str, Parameter(help=say("모델 이름.", "Model."))] = "",
    found: Annotated[
        tuple[str, ...],
        Parameter(
            help=say("글에 든 정보의 종류: RRN 등.", "Kinds that the text holds: RRN, ..."),
            consume_multiple=True,
        ),
    ] = (),
    grade: Annotated[
        Grade | None,
        Parameter(help=say("등급. 없으면 O, 종류가 있으면 S.", "Grade; none: O, or S with kinds.")),
    ] = None,
    unread: Unread = False,
    organisation: str = "default",
    team: str = "",
    person: str = "",
    application: str = "",
    on: On = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Print each form at each place with the policies that decided. Exit code 1 when it goes nowhere."""
    loaded = load(config)
    day = on or today()
    scene = scene_of(catalogue_of(loaded.settings, day))
    if call:
        entry = _entry(loaded, call)
        who, model = _who(entry), entry.model
        grade, kinds = Grade(entry.grade or "O"), frozenset(entry.findings)
        unread = bool(entry.unread)
    else:
        who = Principal(organisation=organisation, key="", team=team, person=person, application=application)
        kinds = frozenset(found)
    grade = grade or (Grade.SENSITIVE if kinds else Grade.OPEN)
    if model not in scene.models:
        raise ModelUnknown(model=model[:100], known=", ".join(sorted(scene.models)))
    judge = judge_of(loaded, day, _governing(loaded, config))
    policies = {one.clause.id: one for one in judge.policies}
    told = explain_request(judge, policies, who, scene.targets(model), grade, kinds, unread=unread)
    print_explanation(told, grade, kinds, json=json)
    return 0 if told.leaves else FOUND


@policy.command(
    help=say(
        "로그에 남은 요청을 다른 정책으로 다시 판정해 달라지는 것을 보입니다.",
        "Judge the requests of the log again by other policies, and show what would change.",
    )
)
def simulate(
    *files: Annotated[
        Path,
        Parameter(
            help=say(
                "조직의 정책을 대신할 Cedar 파일. 없으면 지금 것.",
                "Cedar files in the place of the organisation's policies; none: those in force.",
            )
        ),
    ],
    packs: Packs = (),
    since: Annotated[
        date | None, Parameter(help=say("이 날부터. 없으면 30일 전.", "From this day on; none: 30 days ago."))
    ] = None,
    until: Annotated[
        date | None, Parameter(help=say("이 날까지. 없으면 오늘.", "Until this day; none: today."))
    ] = None,
    on: On = None,
    examples: Annotated[int, Parameter(help=say("변화마다 보일 호출 수.", "Calls shown a change."))] = 5,
    json: Json = False,
    config: File = None,
) -> int:
    """Print how many requests would be decided otherwise, by what, with examples. Exit code 1 when any would."""
    loaded, day = load(config), on or today()
    governing = _governing(loaded, config)
    said = governing.settings
    own = read_texts(files) if files else governing.files
    settings = Rules(packs=packs or said.packs, files=own, facts=said.facts)
    judge: CedarJudge = judge_of(loaded, day, Governing(settings=settings, organisation=Rules()))
    last = until or today()
    begin = _midnight(since or last - timedelta(days=30))
    scene = scene_of(catalogue_of(loaded.settings, day))
    result = simulate_entries(
        _entries(loaded),
        judge,
        scene,
        since=begin,
        until=_midnight(last + timedelta(days=1)),
        examples=examples,
    )
    if json:
        print_json(msgspec.to_builtins(result) | {"policy": judge.version})
    else:
        _print(result, judge.version)
    return FOUND if result.judged != result.effects[Effect.SAME] else 0


def _print(result: Simulated, version: str) -> None:
    print(
        say(
            f"요청 {result.judged}건을 정책 {version}(으)로 다시 판정했습니다 (제외 {result.left_out}건)",
            f"{result.judged} requests judged again by the policies {version} ({result.left_out} left out)",
        )
    )
    if result.by_todays_settings:
        print(
            say(
                f"그중 {result.by_todays_settings}건은 당시 설정이 로그에 없어 오늘의 엔드포인트로 판정했습니다",
                f"{result.by_todays_settings} of them on today's endpoints: the log did not note those of then",
            )
        )
    by = {
        say("전체", "all"): {"": result.effects},
        say("조직", "organisation"): result.organisations,
        say("모델", "model"): result.models,
        say("종류", "kind"): result.kinds,
    }
    rows = list(_counted(by)) if result.judged else []
    if rows:
        print_rows(rows, _columns(rows), json=False, empty="")
    for name, times in result.policies.most_common(10):
        print(say(f"  {name}: {times}건", f"  {name}: {times} times"))
    _print_examples(result)


def _print_examples(result: Simulated) -> None:
    print_rows(
        [
            {
                "call": one.call,
                "at": one.at[:19],
                "effect": EFFECTS[one.effect],
                "model": one.model,
                "kinds": one.kinds,
                "before": one.before.endpoint + " " + one.before.form if one.before.endpoint else "-",
                "after": one.after.endpoint + " " + one.after.form
                if one.after.endpoint
                else one.after.policies,
            }
            for one in result.examples
        ],
        {
            "call": say("호출", "call"),
            "at": say("때 (UTC)", "at (UTC)"),
            "effect": say("변화", "change"),
            "model": say("모델", "model"),
            "kinds": say("종류", "kinds"),
            "before": say("전", "before"),
            "after": say("뒤", "after"),
        },
        json=False,
        empty=say("달라지는 요청이 없습니다", "no request would be decided otherwise"),
    )


def _counted(by: dict[str, dict[str, Counter[str]]]) -> Iterator[dict[str, object]]:
    for title, counters in by.items():
        for name, counts in sorted(counters.items()):
            yield {
                "by": title,
                "name": name,
                **{effect: counts[effect] for effect in EFFECTS if counts[effect]},
            }


def _columns(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    shown = {effect: title for effect, title in EFFECTS.items() if any(effect in row for row in rows)}
    return {"by": "", "name": ""} | {str(effect): title for effect, title in shown.items()}


def _governing(loaded: Loaded, config: Path | None) -> Governing:
    with opened(config) as (_, store):
        return govern(Changes(store), rules_of(loaded))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=KST)


def _entries(loaded: Loaded) -> Iterator[AnyEntry]:
    return (open_record(line).entry for line in lines(loaded.settings.evidence_directory))


def _entry(loaded: Loaded, call: str) -> Intent | Refusal:
    for line in find(loaded.settings.evidence_directory, call):
        entry = open_record(line).entry
        if isinstance(entry, Intent | Refusal):
            return entry
    raise PolicyCallUnknown(call=call[:100])


def _who(entry: Intent | Refusal) -> Principal:
    return Principal(
        organisation=entry.organisation,
        key=entry.key,
        team=entry.team,
        person=entry.person,
        application=entry.application,
    )
