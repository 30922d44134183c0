"""`hanbok subject`: what is kept of one person (개인정보 보호법 제35조 열람, 제36조 정정·삭제)."""

import getpass
import hashlib
import sys
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.second_person import Approval, Ask, asked
from hanbok.cli.vault import Opened, digests_of, opened, shown
from hanbok.cli.words import say
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.vault.act import VaultAct
from hanbok.vault.contents import Mention

subject = App(name="subject", result_action="return_value")


class NoIdentifier(HanbokError):
    code = "no_identifier"
    message = Text(ko="식별자를 받지 못했습니다", en="no identifier was given")
    hint = Text(
        ko="전화번호, 주민등록번호, 이름 같은 값을 표준 입력으로 주십시오. 명령줄에는 쓰지 않습니다.",
        en="Give a number, name or address on standard input; it never stands on the command line.",
    )


def _value() -> str:
    """Read an identifier where other users of the machine, and the shell's history, do not see it."""
    asks = sys.stdin.isatty()
    text = getpass.getpass(say("식별자: ", "identifier: ")) if asks else sys.stdin.readline()
    if not text.strip():
        raise NoIdentifier
    return text.strip()


@subject.command(
    name="list",
    help=say(
        "그 사람의 정보가 든 호출을 보입니다. 값은 표준 입력으로 받습니다.",
        "List the calls that hold a person's data; the identifier comes on standard input.",
    ),
)
def show(*, organisation: Organisation = "default", json: Json = False, config: File = None) -> None:
    """Print one row for each call."""
    value = _value()
    with opened(config) as here:
        found = _mentions(here, organisation, value, "subject.list")
    columns = {
        "call": say("호출", "call"),
        "day": say("날짜", "day"),
        "kinds": say("유형", "kinds"),
        "kept": say("보관된 것", "kept"),
    }
    rows = [{"call": one.call, "day": one.day, "kinds": one.kinds, "kept": one.kept} for one in found]
    print_rows(rows, columns, json=json, empty=say("찾은 호출이 없습니다", "no calls"))


@subject.command(
    help=say(
        "그 사람의 정보가 든 내용을 JSON으로 내보냅니다. 다른 사람의 승인이 있어야 합니다.",
        "Export what is kept of a person as JSON; another person must allow it.",
    )
)
def export(
    *,
    organisation: Organisation = "default",
    approval: Approval = "",
    ask: Ask = "",
    config: File = None,
) -> None:
    """Print every kept request and reply that holds the identifier, with what the log says of it."""
    value = _value()
    with opened(config) as here:
        # The approval is for this person: by the keyed digest, as the value stands nowhere.
        arguments = {"subject": here.vault.contents.tag(organisation, value)}
        if ask:
            asked(here.second, "data_export", organisation, arguments, ask)
            return
        here.second.leave("data_export", organisation, arguments, approval)
        rows: list[dict[str, object]] = []
        for mention in _mentions(here, organisation, value, "subject.export"):
            known = digests_of(here.settings.evidence_directory, mention.call)
            if mention.kept:
                kept = here.vault.contents.read(organisation, mention.call)
                rows += [shown(one, known) for one in kept]
    print_json(rows)


@subject.command(
    help=say(
        "그 사람의 정보가 든 내용을 지우고 그 키를 파기합니다.",
        "Erase what is kept of a person, and destroy the keys of it.",
    )
)
def erase(
    *,
    organisation: Organisation = "default",
    yes: Annotated[
        bool, Parameter(help=say("묻지 않고 지웁니다.", "Erase without another question."))
    ] = False,
    config: File = None,
) -> int:
    """Delete for good; the log keeps its entries, which hold no content, and an entry of the erasure."""
    value = _value()
    with opened(config) as here:
        if not yes:
            count = len(here.vault.contents.mentions(organisation, value))
            print(say(f"호출 {count}건을 지웁니다. --yes로 실행하십시오.", f"{count} calls; run with --yes."))
            return 1
        gone = here.vault.erase_subject(organisation, value, actor=here.second.who())
    print(
        say(
            f"호출 {len(gone.calls)}건의 내용과 대응표 {gone.maps}건을 지웠습니다",
            f"contents of {len(gone.calls)} calls and {gone.maps} maps are erased",
        )
    )
    return 0


def _mentions(here: Opened, organisation: str, value: str, verb: str) -> list[Mention]:
    """Look, and say in the log that somebody looked; who the person is stands there as a digest of the calls."""
    found = here.vault.contents.mentions(organisation, value)
    digest = hashlib.sha256("\n".join(one.call for one in found).encode()).hexdigest()
    facts = {"organisation": organisation, "calls": str(len(found)), "calls_sha256": digest}
    here.vault.tell(VaultAct(actor=here.second.who(), verb=verb, object=organisation, facts=facts))
    return found
