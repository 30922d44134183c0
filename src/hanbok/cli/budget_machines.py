"""`hanbok budget machines` and `release-machine`: what machines hold of the budgets that they share."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, opened, won
from hanbok.cli.words import say
from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import put
from hanbok.policy.errors import LimitsNotShared
from hanbok.policy.shared.at import At
from hanbok.policy.shared.extra import part
from hanbok.settings.settings import Settings


def show(*, json: Json = False, config: File = None) -> None:
    """Print one row for each machine that Redis knows."""
    with opened(config) as (loaded, _):
        found = asyncio.run(part("machines").machines(_at(loaded.settings)))
    rows = [
        {
            "machine": one.name,
            "heard": one.heard if json else say("예", "yes") if one.heard else say("아니요", "no"),
            "calls": one.calls,
            "held": won(one.held, json=json),
        }
        for one in found
    ]
    columns = {
        "machine": say("서버", "machine"),
        "heard": say("살아 있음", "heard"),
        "calls": say("열린 호출", "open calls"),
        "held": say("잡아 둔 돈", "held won"),
    }
    print_rows(rows, columns, json=json, empty=say("서버가 없습니다", "no machines"))


def release(
    machine: Annotated[
        str,
        Parameter(help=say("`hanbok budget machines`가 보인 이름.", "As `hanbok budget machines` names it.")),
    ],
    /,
    *,
    config: File = None,
) -> None:
    """Give back what a lost machine's calls hold; should it come back, they are charged what its log says."""
    with opened(config, changes=True) as (loaded, store):
        at = _at(loaded.settings)
        # In one transaction: what could not be released leaves no act.
        with store.write() as connection:
            done = asyncio.run(part("machines").release(at, machine))
            facts = {"calls": str(done.calls), "held": str(done.held)}
            act = Act(at=stamp(), actor=actor(), verb="limits.release", object=machine, facts=facts)
            put(connection, act)
    held = won(done.held, json=False)
    print(
        say(
            f"풀었습니다: 호출 {done.calls}건이 잡아 둔 {held}원",
            f"released: {held} won that {done.calls} calls held",
        )
    )


def _at(settings: Settings) -> At:
    if settings.limits.shared is None:
        raise LimitsNotShared
    return settings.limits.shared.at()


def register(budget: App) -> None:
    """Add both verbs to `hanbok budget`."""
    budget.command(
        show,
        name="machines",
        help=say(
            "한도를 함께 세는 서버와, 그 호출들이 잡아 둔 돈을 보입니다.",
            "Show the machines that count limits together, and what their calls hold.",
        ),
    )
    budget.command(
        release,
        name="release-machine",
        help=say(
            "영영 잃은 서버가 잡아 둔 돈을 풉니다. 기록이 남습니다.",
            "Release what a machine holds that is lost for good; the log records it.",
        ),
    )
