"""`hanbok log export|expire|rotate-key|cosign|witness`: what keeps the log, and what others keep of it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, LogFolder
from hanbok.cli.output import print_json
from hanbok.cli.records import actor
from hanbok.cli.words import say
from hanbok.core.clock import KST, now
from hanbok.evidence.cosigning import have_cosigned
from hanbok.evidence.errors import LogUnproven
from hanbok.evidence.expiry import expire as expire_entries
from hanbok.evidence.expiry import preview
from hanbok.evidence.export import export as export_files
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.note import Kind, NoteInvalid, VerifierKey
from hanbok.evidence.rotation import rotate_key as give_new_key
from hanbok.evidence.signer import kept_or_new
from hanbok.evidence.witness import Witness
from hanbok.http.witness import WitnessServer
from hanbok.settings.reading import load


def export(
    target: Annotated[
        Path, Parameter(help=say("폴더, 또는 .tar나 .tar.gz 파일.", "A folder, or a .tar or .tar.gz file."))
    ],
    *,
    directory: LogFolder = None,
    config: File = None,
) -> None:
    """Write checkpoint, tiles and entries as static files."""
    entries = export_files(_folder(directory, config), target)
    print(say(f"기록 {entries}건을 {target}에 썼습니다", f"wrote {entries} entries to {target}"))


def expire(
    *,
    at: Annotated[
        datetime | None,
        Parameter(help=say("이때까지 끝난 기록. 없으면 지금.", "Entries over by then; none: now.")),
    ] = None,
    dry_run: Annotated[bool, Parameter(help=say("세기만 합니다.", "Only count."), negative="")] = False,
    directory: LogFolder = None,
    json: Json = False,
    config: File = None,
) -> int:
    """Remove entries whose years are over; hashes and proofs stay. A date to come is refused."""
    moment = at if at is None or at.tzinfo else at.replace(tzinfo=KST)
    until = min(moment or now(), now())
    folder = _folder(directory, config)
    count = preview(folder, until) if dry_run else asyncio.run(_expired(folder, _options(config), until))
    if json:
        print_json({"expired": count, "until": until.isoformat(), "dry_run": dry_run})
    elif dry_run:
        print(say(f"지울 기록 {count}건", f"{count} entries would be removed"))
    else:
        print(say(f"기록 {count}건을 지웠습니다", f"{count} entries were removed"))
    return 0


def rotate_key(*, directory: LogFolder = None, config: File = None) -> None:
    """Give the log a new signing key. The old one names it in an entry of the log."""
    key = asyncio.run(_rotated(_folder(directory, config), _options(config)))
    print(
        say(
            "새 공개 키. 옛 키를 적어 둔 곳마다 적으십시오:",
            "The new vkey. Note it where the old one is noted:",
        )
    )
    print(key)


def cosign(*, directory: LogFolder = None, config: File = None) -> None:
    """Have the newest checkpoint cosigned by the witnesses of the settings, now."""
    evidence = load(config).settings.evidence
    names = have_cosigned(_folder(directory, config), evidence.asked(), evidence.needed())
    print(say(f"함께 서명한 증인: {', '.join(names)}", f"cosigned by {', '.join(names)}"))


def witness(
    *,
    log: Annotated[
        tuple[str, ...],
        Parameter(help=say("증인이 될 로그의 공개 키(vkey).", "The vkey of a log to be cosigned.")),
    ],
    name: Annotated[
        str,
        Parameter(
            help=say(
                "증인의 이름. 키를 처음 만들 때만 씁니다.", "The witness's name; used when its key is made."
            )
        ),
    ] = "",
    state: Annotated[
        Path, Parameter(help=say("증인의 키와 기억을 둘 폴더.", "Folder for the witness's key and memory."))
    ] = Path("witness"),
    host: str = "127.0.0.1",
    port: int = 8081,
) -> int:
    """Cosign other machines' checkpoints until stopped (C2SP tlog-witness)."""
    try:
        keys = [VerifierKey.parse(one) for one in log]
    except NoteInvalid as error:
        raise LogUnproven(why=str(error)) from error
    state.mkdir(parents=True, exist_ok=True)
    signer = kept_or_new(state / "witness.key", name, Kind.COSIGNATURE)
    answering = Witness(state, signer, keys)
    with WitnessServer((host, port), answering, str(signer.key)) as server:
        print(f"{signer.key}\nhttp://{host}:{server.server_address[1]}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            answering.close()
    return 0


def _folder(directory: Path | None, config: Path | None) -> Path:
    return directory or load(config).settings.evidence_directory


def _options(config: Path | None) -> Options:
    return load(config).settings.evidence.options()


async def _expired(folder: Path, options: Options, until: datetime) -> int:
    journal = await asyncio.to_thread(Journal.open, folder, options)
    try:
        return await expire_entries(journal, until)
    finally:
        await asyncio.to_thread(journal.close)


async def _rotated(folder: Path, options: Options) -> str:
    journal = await asyncio.to_thread(Journal.open, folder, options)
    try:
        return str(await give_new_key(journal, actor=actor()))
    finally:
        await asyncio.to_thread(journal.close)
