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
from hanbok.cli.log_keeping import cosign, expire, export, rotate_key, witness
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import KST
from hanbok.core.values import Text
from hanbok.evidence.archive import Archive
from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.entry import AnyEntry, Deed, Intent, Outcome, Refusal
from hanbok.evidence.errors import LogUnproven
from hanbok.evidence.export import is_export, verify_export
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.line import Flaw, Line
from hanbok.evidence.log import Record
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey
from hanbok.evidence.proof import SUFFIX, Proof
from hanbok.evidence.reading import Verification
from hanbok.evidence.segments import find, lines, open_record, segments, size_of
from hanbok.evidence.verify import verify as verify_files
from hanbok.settings.reading import load

log = App(name="log", result_action="return_value")
log.command(export, help=say("정적 파일로 내보냅니다.", "Export the log as static files."))
log.command(expire, help=say("보존 기간이 끝난 기록을 지웁니다.", "Remove entries whose time is over."))
log.command(rotate_key, help=say("서명 키를 바꿉니다.", "Give the log a new signing key."))
log.command(cosign, help=say("증인들의 서명을 받습니다.", "Have the witnesses cosign."))
log.command(witness, help=say("다른 로그의 증인이 됩니다.", "Be a witness to other logs."))
Directory = Annotated[
    Path | None,
    Parameter(
        help=say(
            "로그 폴더, 또는 내보낸 폴더나 tar. 없으면 설정을 따릅니다.",
            "The log's folder, or an export; none: as in the settings.",
        )
    ),
]
_BULKY = frozenset({"outbox", "places", "models"})
"""Facts for programs: where each model was reached, in JSON."""
_FLAWS = {
    Flaw.UNREADABLE: Text(ko="로그의 줄이 아닙니다", en="it is not a line of a log"),
    Flaw.CHANGED: Text(ko="내용이 바뀌었습니다", en="its content was changed"),
    Flaw.MISPLACED: Text(
        ko="앞에서 줄이 지워지거나, 되풀이되거나, 뒤섞였습니다",
        en="lines before it were removed, repeated or reordered",
    ),
    Flaw.REPLACED: Text(
        ko="줄은 성하지만 트리에는 다른 기록이 있습니다: 바꿔치기되었습니다",
        en="the line is sound, but the tree has another entry here: it was replaced",
    ),
    Flaw.MISSING: Text(
        ko="있어야 할 기록이 없습니다: 끝이 잘렸거나 다시 쓰였습니다",
        en="the expected entry is gone: the end was cut off or rewritten",
    ),
    Flaw.ERASED: Text(
        ko="기록의 내용이 지워졌는데, 보존 기간이 끝났다는 기록이 로그에 없습니다",
        en="the entry's content is gone, and no act of the log says that its time was over",
    ),
    Flaw.TILE: Text(ko="타일의 해시가 트리와 다릅니다", en="a tile's hash is not the tree's"),
    Flaw.ROOT: Text(
        ko="서명된 것과 다른 로그입니다: 기록과 타일이 함께 바뀌었거나 되돌려졌습니다",
        en="it is not the log that was signed: entries were replaced together with tiles, or rolled back",
    ),
    Flaw.SIGNATURE: Text(ko="로그의 키로 서명되지 않았습니다", en="it is not signed by the log's key"),
}
Key = Annotated[
    str | None,
    Parameter(
        help=say("로그의 공개 키(vkey). 없으면 폴더에 적힌 것.", "The log's vkey; none: the folder's own.")
    ),
]

Since = Annotated[
    Path | None,
    Parameter(
        help=say(
            "전에 받아 둔 체크포인트 파일: 지금 로그가 그 뒤를 이어야 합니다.",
            "A checkpoint kept from before: the log must continue it.",
        )
    ),
]
Expect = Annotated[
    str | None,
    Parameter(
        help=say(
            "전에 적어 둔 기록의 해시: 지금도 있어야 합니다.",
            "An entry's digest noted earlier: must be there.",
        )
    ),
]
ProofFile = Annotated[
    Path | None,
    Parameter(
        help=say("로그 대신 이 증명 파일 하나를 검증합니다.", "Verify this proof file instead of a log.")
    ),
]


@log.command(
    help=say("로그 전체를 검증합니다. 훼손되었으면 1로 끝납니다.", "Verify the whole log; exit 1 if damaged.")
)
def verify(
    *,
    key: Key = None,
    since: Since = None,
    expect: Expect = None,
    proof: ProofFile = None,
    directory: Directory = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Check every line, tile and signature, and print the size and root, to be noted elsewhere."""
    trusted = _key(key)
    if proof is not None:
        return _verify_proof(proof, trusted or _known_key(_folder(directory, config)), json=json)
    folder = _folder(directory, config)
    if is_export(folder):
        found = verify_export(folder, key=trusted, since=_checkpoint(since) if since else None, expect=expect)
        return _tell(found, json=json)
    total = sum(segment.path.stat().st_size for segment in segments(folder))
    with Progress(console=Console(stderr=True), transient=True, disable=json) as progress:
        task = progress.add_task(say("검증하는 중", "verifying"), total=total)
        found = verify_files(
            folder,
            key=trusted,
            since=_checkpoint(since) if since else None,
            expect=expect,
            watch=lambda size: progress.advance(task, size),
        )
    return _tell(found, json=json)


@log.command(
    help=say("기록이 로그에 들어 있다는 증명 파일을 만듭니다.", "Write a proof that an entry is in the log.")
)
def prove(
    index: Annotated[int | None, Parameter(help=say("기록 번호.", "The entry's index."))] = None,
    *,
    call: Annotated[
        str | None, Parameter(help=say("이 호출의 모든 기록.", "All entries of this call."))
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(help=say("파일을 둘 폴더. 없으면 화면에 씁니다.", "Folder for the files; none: print.")),
    ] = None,
    directory: Directory = None,
    config: File = None,
) -> int:
    """Write one self-contained file for each entry: the entry, its place, the path to the root, the checkpoint."""
    folder = _folder(directory, config)
    archive = Archive(folder)
    chosen = [line.index for line in find(folder, call)] if call else []
    chosen += [index] if index is not None else []
    for one in chosen:
        text = msgspec.structs.replace(archive.proof(one), entry=archive.entry(one)).text()
        if out is None:
            print(text)
        else:
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"{one}{SUFFIX}"
            path.write_text(text, encoding="utf-8")
            print(path)
    if not chosen:
        print(say("그런 기록이 없습니다", "there is no such entry"))
    return 0 if chosen else 1


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


def _tell(found: Verification, *, json: bool) -> int:
    if json:
        print_json({"ok": found.ok} | msgspec.to_builtins(found))
        return 0 if found.ok else 1
    print(say(f"기록 {found.entries}건, 뿌리 {found.root}", f"{found.entries} entries, root {found.root}"))
    if found.expired:
        print(say(f"보존 기간이 끝난 기록 {found.expired}건", f"{found.expired} entries whose time is over"))
    if found.torn:
        unfinished = (
            f"끝에 쓰다 만 {found.torn}바이트가 있습니다",
            f"{found.torn} unfinished bytes at the end",
        )
        print(say(*unfinished))
    if found.fault is None:
        signed = (f"{found.signed}건까지 {found.key}의 서명", f"signed up to {found.signed} by {found.key}")
        print(say(*signed))
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


def _key(text: str | None) -> VerifierKey | None:
    try:
        return VerifierKey.parse(text) if text else None
    except NoteInvalid as error:
        raise LogUnproven(why=str(error)) from error


def _known_key(folder: Path) -> VerifierKey:
    try:
        return read_keys(folder)[-1]
    except (NoteInvalid, FileNotFoundError, IndexError) as error:
        raise LogUnproven(why="log.vkey") from error


def _checkpoint(path: Path) -> Checkpoint:
    try:
        return Checkpoint.parse(Note.parse(path.read_bytes()).text)
    except (NoteInvalid, OSError) as error:
        raise LogUnproven(why=f"{path}: {error}") from error


def _verify_proof(path: Path, key: VerifierKey, *, json: bool) -> int:
    try:
        proof = Proof.parse(path.read_text(encoding="utf-8"))
        checkpoint = proof.check(key)
    except (NoteInvalid, OSError, UnicodeDecodeError) as error:
        raise LogUnproven(why=f"{path}: {error}") from error
    if json:
        told = {"ok": True, "index": proof.index, "size": checkpoint.size, "root": checkpoint.root.hex()}
        print_json(told | {"origin": checkpoint.origin, "entry": msgspec.Raw(proof.entry)})
        return 0
    print(
        say(
            f"{checkpoint.origin}의 {proof.index}번 기록이 맞습니다",
            f"entry {proof.index} of {checkpoint.origin}",
        )
    )
    print(proof.entry.decode())
    return 0


def _proof(line: Line, *, whole: bool) -> dict[str, object]:
    """With `whole`, the very bytes that the digest was made of (see `evidence/line.py`) are there to be checked."""
    proof: dict[str, object] = {
        "index": line.index,
        "entry": msgspec.Raw(line.entry or b"null"),
        "digest": line.leaf,
        "file": line.file,
    }
    return proof | {"line": line.raw.decode()} if whole else proof


def _row(record: Record) -> dict[str, object]:
    entry = record.entry
    return {
        "index": record.index,
        "at": _korean(entry.at) if entry.at else "",
        "kind": str(entry.__struct_config__.tag),
        "call": entry.call,
        "key": entry.actor if isinstance(entry, Deed) else getattr(entry, "key", ""),
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
        case Deed():
            facts = ", ".join(f"{name}={value}" for name, value in entry.facts.items() if name not in _BULKY)
            return f"{entry.verb} {entry.object} {facts}"
        case _:
            return say("보존 기간이 끝났습니다", "its time is over")
