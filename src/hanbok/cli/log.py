"""`hanbok log`: the evidence log, read from its files alone; the server need not run, and may."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from hanbok.cli.config import File
from hanbok.cli.org import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import KST
from hanbok.core.values import Text
from hanbok.evidence.chain import Flaw, Line
from hanbok.evidence.entry import Act, AnyEntry, Intent, Outcome, Refusal
from hanbok.evidence.log import Record
from hanbok.evidence.segments import find, lines, open_record, segments, size_of
from hanbok.evidence.verify import verify as verify_files
from hanbok.settings.reading import load

log = App(name="log", result_action="return_value")
Directory = Annotated[
    Path | None,
    Parameter(help=say("로그 폴더. 없으면 설정을 따릅니다.", "The log's folder; none: as in the settings.")),
]
_FLAWS = {
    Flaw.UNREADABLE: Text(ko="로그의 줄이 아닙니다", en="it is not a line of a log"),
    Flaw.CHANGED: Text(ko="내용이 바뀌었습니다", en="its content was changed"),
    Flaw.MISPLACED: Text(
        ko="앞에서 줄이 지워지거나, 되풀이되거나, 뒤섞였습니다",
        en="lines before it were removed, repeated or reordered",
    ),
    Flaw.UNLINKED: Text(ko="바로 앞 줄이 바꿔치기되었습니다", en="the line before it was replaced"),
    Flaw.MISSING: Text(
        ko="있어야 할 기록이 없습니다: 끝이 잘렸거나 다시 쓰였습니다",
        en="the expected entry is gone: the end was cut off or rewritten",
    ),
}


@log.command(
    help=say("로그 전체를 검증합니다. 훼손되었으면 1로 끝납니다.", "Verify the whole log; exit 1 if damaged.")
)
def verify(
    *,
    expect: Annotated[
        str | None,
        Parameter(
            help=say(
                "전에 적어 둔 해시: 지금도 있어야 합니다.", "A digest noted earlier: must still be there."
            )
        ),
    ] = None,
    directory: Directory = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Check every line and print the head, to be noted elsewhere."""
    folder = _folder(directory, config)
    total = sum(segment.path.stat().st_size for segment in segments(folder))
    with Progress(console=Console(stderr=True), transient=True, disable=json) as progress:
        task = progress.add_task(say("검증하는 중", "verifying"), total=total)
        found = verify_files(folder, expect, lambda size: progress.advance(task, size))
    if json:
        print_json({"ok": found.ok} | msgspec.to_builtins(found))
        return 0 if found.ok else 1
    print(say(f"기록 {found.entries}건, 머리 {found.head}", f"{found.entries} entries, head {found.head}"))
    if found.torn:
        unfinished = (
            f"끝에 쓰다 만 {found.torn}바이트가 있습니다",
            f"{found.torn} unfinished bytes at the end",
        )
        print(say(*unfinished))
    if found.fault is None:
        print(say("로그가 온전합니다", "the log is whole"))
        return 0
    fault = found.fault
    why = _FLAWS[fault.flaw].of(LANGUAGE)
    print(
        say(
            f"훼손: {fault.file} {fault.line}번째 줄 (기록 {fault.index}): {why}",
            f"damaged: {fault.file} line {fault.line} (entry {fault.index}): {why}",
        )
    )
    return 1


@log.command(help=say("기록을 보입니다.", "Show entries."))
def show(
    *,
    call: Annotated[
        str | None, Parameter(help=say("이 호출의 기록과 증명만.", "Only this call's entries, with proof."))
    ] = None,
    start: Annotated[int | None, Parameter(help=say("이 번호부터.", "From this index on."))] = None,
    limit: Annotated[
        int, Parameter(name=["--limit", "-n"], help=say("몇 건까지.", "At most so many entries."))
    ] = 20,
    directory: Directory = None,
    json: Json = False,
    config: File = None,
) -> None:
    """Print the latest entries, those from an index on, or those of one call."""
    folder = _folder(directory, config)
    if call is not None:
        chosen = find(folder, call)
    else:
        begin = max(size_of(folder) - limit, 0) if start is None else start
        chosen = list(islice(lines(folder, begin), limit))
    if json:
        print_json([_proof(line, whole=call is not None) for line in chosen])
        return
    columns = {
        "index": "#",
        "at": say("때 (한국)", "at (Korea)"),
        "kind": say("종류", "kind"),
        "call": say("호출", "call"),
        "key": say("키", "key"),
        "what": say("내용", "what"),
        "digest": say("해시", "digest"),
    }
    rows = [_row(open_record(line)) for line in chosen]
    print_rows(rows, columns, json=False, empty=say("기록이 없습니다", "no entries"))


def _folder(directory: Path | None, config: Path | None) -> Path:
    return directory or load(config).settings.evidence_directory


def _proof(line: Line, *, whole: bool) -> dict[str, object]:
    """With `whole`, the very bytes that the digest was made of (see `evidence/chain.py`) are there to be checked."""
    proof: dict[str, object] = {
        "index": line.index,
        "previous": line.previous,
        "entry": msgspec.Raw(line.entry),
        "digest": line.digest,
        "file": line.file,
    }
    return proof | {"line": line.raw.decode()} if whole else proof


def _row(record: Record) -> dict[str, object]:
    entry = record.entry
    return {
        "index": record.index,
        "at": _korean(entry.at),
        "kind": str(entry.__struct_config__.tag),
        "call": entry.call,
        "key": entry.actor if isinstance(entry, Act) else entry.key,
        "what": _what(entry),
        "digest": record.digest[:12],
    }


def _korean(at: str) -> str:
    return datetime.fromisoformat(at).astimezone(KST).strftime("%Y-%m-%d %H:%M:%S")


def _what(entry: AnyEntry) -> str:
    match entry:
        case Intent():
            places = ", ".join(f"{hop.endpoint}({hop.zone}, {hop.form})" for hop in entry.plan)
            return f"{entry.model} {entry.grade} → {places}"
        case Outcome():
            return f"{entry.status} {entry.endpoint} {entry.cost / 1_000_000:,.2f}{say('원', ' won')}"
        case Refusal():
            return f"{entry.model} {entry.grade} {entry.code} {', '.join(entry.articles)}"
        case Act():
            facts = ", ".join(f"{name}={value}" for name, value in entry.facts.items() if name != "outbox")
            return f"{entry.verb} {entry.object} {facts}"
