"""Backups: one folder with the records, the evidence log and a manifest of digests, made while a server runs.

The records are copied first, from one state of the database, the log after them: what the records say is in the log
is in the copy too. Within the log, the signed checkpoint is copied before the entries, so that it covers no entry
that is missing. Nothing is trusted: the copy is verified before it gets its name, and again before it is restored.

Contents and maps of pseudonyms are in databases of their own and never in it; the keys that seal them only when asked
for: what was destroyed in the system would otherwise live on in its backups (PIPA art. 21; safety measures notice
art. 13).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import LargeBinary, Table, delete, insert, select

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import Act
from hanbok.evidence.keychain import CHECKPOINT
from hanbok.evidence.outbox import put
from hanbok.evidence.segments import segments
from hanbok.evidence.verify import Verification, verify
from hanbok.settings.settings import Settings
from hanbok.store.database import Store
from hanbok.store.schema import VERSION
from hanbok.store.tables import marks, metadata

MANIFEST: Final = "manifest.json"
_RECORDS: Final = "records"
_LOG: Final = "evidence"
_SEALED: Final = frozenset({"data_keys"})
"""Tables with what opens kept contents."""
_BATCH: Final = 500
_encode = msgspec.json.Encoder().encode


class BackupBroken(HanbokError):
    code = "backup_broken"
    message = Text(
        ko="백업의 {file}이(가) 온전하지 않습니다: {why}", en="{file} of the backup is not sound: {why}"
    )
    hint = Text(ko="다른 백업을 쓰십시오.", en="Use another backup.")


class BackupExists(HanbokError):
    code = "backup_exists"
    message = Text(ko="{folder}에 이미 무엇인가 있습니다", en="there is something at {folder} already")
    hint = Text(ko="없는 폴더의 이름을 쓰십시오.", en="Name a folder that does not exist.")


class RestoreRefused(HanbokError):
    code = "restore_refused"
    message = Text(
        ko="{place}에 이미 기록이 있어 백업을 되살리지 않았습니다",
        en="nothing was restored: there are records at {place} already",
    )
    hint = Text(
        ko="서버를 멈추고, 지금의 상태 폴더를 다른 곳으로 옮긴 뒤 다시 하십시오.",
        en="Stop the server, move the present state folder elsewhere, and try again.",
    )


class BackupOtherVersion(HanbokError):
    code = "backup_other_version"
    message = Text(
        ko="백업의 스키마는 {found}, 이 hanbok의 스키마는 {known}입니다",
        en="the backup has schema {found}, this hanbok {known}",
    )
    hint = Text(
        ko="백업을 만든 hanbok {version}에서 되살린 뒤 올리십시오.",
        en="Restore it with hanbok {version}, which made it, and upgrade then.",
    )


class LogPart(Struct, frozen=True, kw_only=True):
    """The log in a backup: compare `root` with a checkpoint that was noted elsewhere."""

    entries: int
    root: str
    head: str
    signed: int


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: Annotated[int, Meta(ge=1, le=1)] = 1
    made: str
    hanbok: str
    schema: str
    sealed: bool
    """Whether the keys to kept contents are in it."""
    log: LogPart
    rows: dict[str, int]
    files: dict[str, str]
    """SHA-256 of every file but this one, by its path, hex."""


def make(settings: Settings, folder: Path, *, sealed: bool = False) -> Manifest:
    """Make a backup in `folder`, which must not exist. Raises BackupExists, BackupBroken, StoreUnavailable, OSError."""
    if folder.exists():
        raise BackupExists(folder=folder)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    rows = _dump(settings.store_url, unfinished / _RECORDS, sealed=sealed)
    _copy_log(settings.evidence_directory, unfinished / _LOG)
    manifest = Manifest(
        made=stamp(),
        hanbok=version("hanbok"),
        schema=VERSION,
        sealed=sealed,
        log=_log(unfinished / _LOG),
        rows=rows,
        files={path: _digest(unfinished / path) for path in _files(unfinished)},
    )
    (unfinished / MANIFEST).write_bytes(msgspec.json.format(_encode(manifest)))
    for path in (*_files(unfinished), MANIFEST):
        _sync(unfinished / path)
    unfinished.rename(folder)
    _sync(folder.parent)
    return manifest


def check(folder: Path) -> Manifest:
    """Verify every file and the log of a backup. Raises BackupBroken."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupBroken(file=MANIFEST, why=str(error)) from error
    there = set(_files(folder)) - {MANIFEST}
    for path in sorted(there ^ manifest.files.keys()):
        raise BackupBroken(file=path, why="missing" if path in manifest.files else "not in the manifest")
    for path, digest in manifest.files.items():
        if _digest(folder / path) != digest:
            raise BackupBroken(file=path, why="its digest is another")
    if _log(folder / _LOG) != manifest.log:
        raise BackupBroken(file=_LOG, why="the log is not the one of the manifest")
    return manifest


def restore(settings: Settings, folder: Path, *, actor: str) -> Manifest:
    """Put a backup in the place of records and log, of which there must be none. No server may run. Raises
    BackupBroken, BackupOtherVersion, RestoreRefused, StoreUnavailable, OSError.
    """
    manifest = check(folder)
    if manifest.schema != VERSION:
        raise BackupOtherVersion(found=manifest.schema, known=VERSION, version=manifest.hanbok)
    if segments(settings.evidence_directory):
        raise RestoreRefused(place=settings.evidence_directory)
    with closing(Store.open(settings.store_url)) as store, store.write() as connection:
        tables = (table for table in metadata.sorted_tables if table is not marks)
        if any(connection.execute(select(table).limit(1)).first() for table in tables):
            raise RestoreRefused(place="store.url")
        connection.execute(delete(marks))
        for table in metadata.sorted_tables:
            for rows in _read(folder / _RECORDS, table):
                connection.execute(insert(table), rows)
        facts = {"made": manifest.made, "entries": str(manifest.log.entries), "root": manifest.log.root}
        put(connection, Act(at=stamp(), actor=actor, verb="backup.restore", object=folder.name, facts=facts))
        # Last, and still before the records are in force: without its log no record may count.
        shutil.copytree(folder / _LOG, settings.evidence_directory, dirs_exist_ok=True)
    return manifest


def _dump(url: str, folder: Path, *, sealed: bool) -> dict[str, int]:
    folder.mkdir()
    counts: dict[str, int] = {}
    with closing(Store.open(url)) as store, store.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in _SEALED and not sealed:
                continue
            result = connection.execution_options(yield_per=_BATCH).execute(select(table))
            with (folder / f"{table.name}.jsonl").open("wb") as file:
                counts[table.name] = sum(
                    file.write(_encode(dict(row)) + b"\n") > 0 for row in result.mappings()
                )
    return counts


def _read(folder: Path, table: Table) -> Iterator[list[dict[str, object]]]:
    path = folder / f"{table.name}.jsonl"
    if not path.exists():
        return
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    batch: list[dict[str, object]] = []
    with path.open("rb") as file:
        for line in file:
            row = msgspec.json.decode(line, type=dict[str, object])
            for name in binary:
                row[name] = msgspec.convert(row[name], bytes | None)
            batch.append(row)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _copy_log(source: Path, target: Path) -> None:
    entries = [one.path for one in segments(source)]
    others = [path for path in _walk(source) if path not in entries]
    for path in (
        *sorted(others, key=lambda path: path.name != CHECKPOINT),
        *(one.path for one in segments(source)),
    ):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        # A tile that is not yet full gives way to a fuller one. What should be there and is not, `verify` finds.
        with suppress(FileNotFoundError):
            shutil.copy2(path, copied)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith(".") and path.name != "lock":
            yield path


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _log(folder: Path) -> LogPart:
    proved: Verification = verify(folder)
    if proved.fault is not None:
        fault = proved.fault
        raise BackupBroken(file=f"{_LOG}/{fault.file}:{fault.line}", why=fault.flaw)
    return LogPart(entries=proved.entries, root=proved.root, head=proved.head, signed=proved.signed)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
