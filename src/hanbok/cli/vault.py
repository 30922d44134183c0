"""`hanbok vault`: keys of organisations, contents that are kept, maps of pseudonyms."""

import hashlib
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import plain, print_json, print_rows
from hanbok.cli.records import opened as records
from hanbok.cli.records import send
from hanbok.cli.second_person import Approval, Ask, SecondPerson, asked
from hanbok.cli.words import say
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.segments import find, open_record
from hanbok.gateway.vaults import tell
from hanbok.settings.settings import Settings
from hanbok.vault.act import VaultAct
from hanbok.vault.contents import Kept
from hanbok.vault.data_keys import Purpose
from hanbok.vault.errors import KeyActUnsupported
from hanbok.vault.maps import reveal_arguments
from hanbok.vault.vault import Vault

vault = App(name="vault", result_action="return_value")
Call = Annotated[str, Parameter(help=say("호출의 번호.", "The call's id."))]
_BOTH = (Purpose.INDEX, Purpose.PSEUDONYMS)
"""Contents and their index are wrapped by one key, maps by another."""


class Opened(NamedTuple):
    vault: Vault
    second: SecondPerson
    settings: Settings


@contextmanager
def opened(config: Path | None) -> Generator[Opened]:
    """Open the vault; what it tells goes to the log, by us or by the server that is running."""
    with records(config) as (loaded, store):
        settings = loaded.settings
        made = Vault(settings.vault.config(settings.state), store, tell)
        try:
            yield Opened(made, SecondPerson(store, settings), settings)
        finally:
            try:
                send(loaded, store)
            finally:
                made.close()


@vault.command(help=say("조직마다 키의 상태를 보입니다.", "Show the state of each organisation's keys."))
def status(*, organisation: Organisation = "", json: Json = False, config: File = None) -> int:
    """Print one row for each organisation and wrapping key; exit 1 when one does not answer."""
    with opened(config) as here:
        names = {row.organisation for row in here.vault.acts.rows()} | set(here.vault.config.holders)
        wanted = sorted(names & {organisation} if organisation else names)
        rows = [_state(here.vault, one, purpose) for one in wanted for purpose in _BOTH]
    columns = {
        "organisation": say("조직", "organisation"),
        "purpose": say("용도", "purpose"),
        "provider": say("제공자", "provider"),
        "key": say("키", "key"),
        "version": say("버전", "version"),
        "state": say("상태", "state"),
        "data_keys": say("데이터 키", "data keys"),
        "own": say("자기 키", "own key"),
    }
    shown = rows if json else [row | {"own": say("예", "yes") if row["own"] else "-"} for row in rows]
    print_rows(shown, columns, json=json, empty=say("키가 없습니다", "no keys"))
    return 0 if all(row["state"] == "enabled" or not row["data_keys"] for row in rows) else 1


def _state(here: Vault, organisation: str, purpose: Purpose) -> dict[str, object]:
    place = here.keys.place(organisation, purpose)
    apart = purpose is Purpose.PSEUDONYMS
    rows = [row for row in here.acts.rows(organisation) if (row.purpose == Purpose.PSEUDONYMS) is apart]
    version, state = "-", ""
    try:
        told = here.keys.describe(organisation, purpose)
        version, state = told.version, told.state
    except HanbokError as error:
        state = error.code
    return {
        "organisation": organisation,
        "purpose": "pseudonyms" if apart else "contents",
        "provider": place.name,
        "key": place.key,
        "version": version,
        "state": state,
        "data_keys": len(rows),
        "own": organisation in here.config.holders,
    }


@vault.command(
    name="create-key",
    help=say("제공자에 조직의 키를 만듭니다.", "Make an organisation's keys at its provider."),
)
def create_key(*, organisation: Organisation, config: File = None) -> None:
    """Make the wrapping keys that are not there."""
    with opened(config) as here:
        for purpose in _BOTH:
            here.vault.acts.create(organisation, purpose, actor=here.second.who())
    print(say(f"키가 있습니다: {organisation}", f"the keys are there: {organisation}"))


@vault.command(
    help=say(
        "조직의 키를 새 판으로 바꿉니다. 그동안 멈추지 않습니다.",
        "Give an organisation's keys a new version; nothing stops meanwhile.",
    )
)
def rotate(
    *,
    organisation: Organisation,
    rewrap_only: Annotated[
        bool,
        Parameter(
            help=say("새 판은 키의 주인이 만들었습니다.", "The new version is there: its owner has made it.")
        ),
    ] = False,
    config: File = None,
) -> None:
    """Rotate the wrapping keys and wrap every data key anew."""
    with opened(config) as here:
        for purpose in () if rewrap_only else _BOTH:
            try:
                version = here.vault.acts.rotate(organisation, purpose, actor=here.second.who())
            except KeyActUnsupported as error:
                print(error.say(here.settings.language))
            else:
                print(say(f"새 판: {purpose} {version}", f"new version: {purpose} {version}"))
        count = here.vault.acts.rewrap(organisation, actor=here.second.who())
    print(say(f"데이터 키 {count}개를 다시 감쌌습니다", f"{count} data keys are wrapped anew"))


@vault.command(
    name="withdraw-test",
    help=say(
        "키를 거두면 멈추는지 봅니다. 거두어졌으면 1로 끝납니다.",
        "Watch whether a withdrawn key stops the organisation; exit 1 if it is withdrawn.",
    ),
)
def withdraw_test(
    *,
    organisation: Organisation,
    seconds: Annotated[
        float, Parameter(help=say("몇 초 동안 지켜봅니다.", "Watch for so many seconds."))
    ] = 0.0,
    config: File = None,
) -> int:
    """Ask the provider as the server does, and print each change with its time."""
    with opened(config) as here:
        until = time.monotonic() + seconds
        before: str | None = None
        while True:
            began = time.monotonic()
            answer = _probe(here.vault, organisation)
            if answer != before:
                took = (time.monotonic() - began) * 1000
                print(f"{time.strftime('%H:%M:%S')} {answer or say('답합니다', 'answers')} ({took:.0f} ms)")
                before = answer
            if time.monotonic() >= until:
                return 1 if answer else 0
            time.sleep(here.vault.config.check_every)


def _probe(here: Vault, organisation: str) -> str:
    try:
        here.keys.probe(organisation)
    except HanbokError as error:
        return error.code
    return ""


@vault.command(
    help=say(
        "보관된 내용을 열고 증거 로그의 해시와 맞는지 봅니다. 다른 사람의 승인이 있어야 합니다.",
        "Open what is kept of a call and check it against the log; another person must allow it.",
    )
)
def show(
    call: Call,
    /,
    *,
    organisation: Organisation = "default",
    approval: Approval = "",
    ask: Ask = "",
    json: Json = False,
    config: File = None,
) -> int:
    """Print request and reply; exit 1 when the log's digests are not theirs."""
    arguments = {"call": call}
    with opened(config) as here:
        if ask:
            asked(here.second, "data_export", organisation, arguments, ask)
            return 0
        leave = here.second.leave("data_export", organisation, arguments, approval)
        facts = {"organisation": organisation, "approval": leave.id or "waived"}
        here.vault.tell(VaultAct(actor=here.second.who(), verb="contents.read", object=call, facts=facts))
        kept = here.vault.contents.read(organisation, call)
        known = digests_of(here.settings.evidence_directory, call)
    rows = [shown(one, known) for one in kept]
    if json:
        print_json(rows)
    else:
        for row in rows:
            print(f"── {row['part']} {row['at']} {row['state']} sha256={row['digest']} {row['log']}")
            print(plain(str(row["content"])))
    return 0 if all(row["log"] != "differs" for row in rows) else 1


def digests_of(directory: Path, call: str) -> dict[str, str]:
    """Return what the log says of a call's request and reply."""
    known: dict[str, str] = {}
    for line in find(directory, call):
        entry = open_record(line).entry
        if isinstance(entry, Intent):
            known["request"] = entry.digest
        elif isinstance(entry, Outcome) and entry.received:
            known["reply"] = entry.received
    return known


def shown(one: Kept, known: dict[str, str]) -> dict[str, object]:
    """Return one kept thing with what the log says of it: `matches`, `differs` or `unknown`."""
    digest = hashlib.sha256(one.body.whole).hexdigest()
    said = known.get(one.part)
    return {
        "call": one.call,
        "part": one.part,
        "at": one.at,
        "state": one.body.state,
        "digest": digest,
        "log": "unknown" if said is None else "matches" if said == digest else "differs",
        "content": "\n".join(piece.decode(errors="replace") for piece in one.body.pieces),
    }


@vault.command(
    help=say(
        "가명 뒤의 실제 값을 봅니다. 다른 사람의 승인이 있어야 합니다.",
        "See the real value behind a pseudonym; another person must allow it.",
    )
)
def reveal(
    call: Call,
    pseudonym: Annotated[str, Parameter(help=say("가명, 예: [전화번호-1].", "Pseudonym, as [전화번호-1]."))],
    /,
    *,
    organisation: Organisation = "default",
    approval: Approval = "",
    ask: Ask = "",
    config: File = None,
) -> None:
    """Print the value. The log tells who saw which pseudonym's value, and who allowed it; never the value."""
    arguments = reveal_arguments(organisation, call, pseudonym)
    with opened(config) as here:
        if ask:
            asked(here.second, "reveal", organisation, arguments, ask)
            return
        leave = here.second.leave("reveal", organisation, arguments, approval)
        facts = {"organisation": organisation, "pseudonym": pseudonym, "approval": leave.id or "waived"}
        facts |= {"approvers": ", ".join(leave.approvers)} if leave.approvers else {}
        here.vault.tell(VaultAct(actor=here.second.who(), verb="pseudonyms.reveal", object=call, facts=facts))
        print(plain(here.vault.maps.reveal(organisation, call, pseudonym, leave).value))


class WrongPeriod(HanbokError):
    code = "wrong_period"
    message = Text(ko="{day!r}의 키가 없습니다", en="there is no key of {day!r}")
    hint = Text(ko="날짜는 한국 날짜로 YYYY-MM-DD입니다.", en="A day is a Korean day, YYYY-MM-DD.")


@vault.command(
    help=say(
        "하루치 내용의 키를 파기합니다. 되돌릴 수 없고, 다른 사람의 승인이 있어야 합니다.",
        "Destroy the key of a day's contents for good; another person must allow it.",
    )
)
def destroy(
    day: Annotated[str, Parameter(help=say("한국 날짜, YYYY-MM-DD.", "Korean day, YYYY-MM-DD."))],
    /,
    *,
    organisation: Organisation,
    purpose: Annotated[
        Purpose, Parameter(help=say("contents 또는 pseudonyms.", "contents or pseudonyms."))
    ] = Purpose.CONTENTS,
    approval: Approval = "",
    ask: Ask = "",
    config: File = None,
) -> None:
    """Shred a day: the log still verifies, the contents can never be read."""
    arguments = {"organisation": organisation, "purpose": purpose.value, "period": day}
    with opened(config) as here:
        if ask:
            asked(here.second, "key_destroy", organisation, arguments, ask)
            return
        if not here.vault.acts.rows(organisation, purpose, day):
            raise WrongPeriod(day=day)
        leave = here.second.leave("key_destroy", organisation, arguments, approval)
        count = here.vault.destroy(organisation, purpose, day, actor=here.second.who(), approval=leave)
    print(say(f"키 {count}개를 파기했습니다: {day}", f"{count} keys are destroyed: {day}"))


@vault.command(help=say("가명처리 대장을 보입니다.", "Show the ledger of pseudonymised data."))
def ledger(*, organisation: Organisation = "default", json: Json = False, config: File = None) -> None:
    """Print what was pseudonymised why, for whom and until when."""
    with opened(config) as here:
        entries = here.vault.ledger.entries(organisation)
    columns = {
        "id": say("번호", "id"),
        "purpose": say("목적", "purpose"),
        "items": say("항목", "items"),
        "recipient": say("받는 자", "recipient"),
        "began": say("시작", "began"),
        "until": say("기한", "until"),
        "destroyed": say("파기", "destroyed"),
        "keep_until": say("대장 보존", "kept until"),
    }
    rows = [msgspec.to_builtins(asdict(one)) for one in entries]
    print_rows(rows, columns, json=json, empty=say("대장이 비어 있습니다", "the ledger is empty"))
