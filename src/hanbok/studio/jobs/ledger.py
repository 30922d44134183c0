"""Jobs on disk: each a folder with what it is, what happened, and where it works. A restart finds all of it."""

import os
import re
import secrets
import time
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from hanbok.studio.jobs.errors import JobUnknown
from hanbok.studio.jobs.shapes import Checkpoint, Event, Job

_ID: Final = re.compile(r"ftjob-[0-9a-f]{24}")


def new_id() -> str:
    """Return an id that no other job has."""
    return f"ftjob-{secrets.token_hex(12)}"


class Ledger:
    """The jobs of all organisations; none is ever seen by another than its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, organisation: str, job: str) -> Path:
        """Return a job's folder. Raises JobUnknown for what cannot be a job's id."""
        if not _ID.fullmatch(job):
            raise JobUnknown(job=job[:100])
        return self._folder / organisation / job

    def keep(self, job: Job) -> None:
        """Write a job down, new or changed."""
        keep_job(self.place(job.organization_id, job.id), job)

    def get(self, organisation: str, job: str) -> Job:
        """Raise JobUnknown."""
        return read_job(self.place(organisation, job), job)

    def all(self, organisation: str) -> list[Job]:
        """Return an organisation's jobs, the newest first."""
        folder = self._folder / organisation
        names = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        found = [self.get(organisation, name) for name in names if _ID.fullmatch(name)]
        return sorted(found, key=lambda one: (-one.created_at, one.id))

    def waiting(self) -> list[Job]:
        """Return the jobs that are not over, of every organisation, the oldest first."""
        organisations = [one.name for one in self._folder.iterdir()] if self._folder.is_dir() else []
        jobs = [job for one in organisations for job in self.all(one) if not job.over]
        return sorted(jobs, key=lambda one: (one.status != "running", one.created_at, one.id))

    def events(self, organisation: str, job: str) -> list[Event]:
        """Return what happened, the newest first. Raises JobUnknown."""
        self.get(organisation, job)
        return _lines(self.place(organisation, job) / "events.jsonl", Event)[::-1]

    def checkpoints(self, organisation: str, job: str) -> list[Checkpoint]:
        """Return the steps whose states were kept, the newest first. Raises JobUnknown."""
        self.get(organisation, job)
        return _lines(self.place(organisation, job) / "checkpoints.jsonl", Checkpoint)[::-1]


def keep_job(place: Path, job: Job) -> None:
    """Write a job into its folder so that a reader finds the old or the new one."""
    place.mkdir(parents=True, exist_ok=True)
    half = place / f".job-{os.getpid()}.json"
    half.write_bytes(msgspec.json.encode(job))
    half.replace(place / "job.json")


def read_job(place: Path, job: str = "") -> Job:
    """Return the job in a folder. Raises JobUnknown."""
    try:
        return msgspec.json.decode((place / "job.json").read_bytes(), type=Job)
    except FileNotFoundError:
        raise JobUnknown(job=job[:100]) from None


def tell(
    place: Path,
    message: str,
    level: Literal["info", "warn", "error"] = "info",
    data: dict[str, Any] | None = None,
) -> None:
    """Append an event to a job's folder."""
    event = Event(
        id=f"ftevent-{secrets.token_hex(12)}",
        created_at=int(time.time()),
        message=message,
        level=level,
        type="metrics" if data else "message",
        data=data or {},
    )
    append(place / "events.jsonl", event)


def append(path: Path, one: msgspec.Struct) -> None:
    """Append a value as one line, in one write: a reader sees it whole or not."""
    with path.open("ab", buffering=0) as file:
        file.write(msgspec.json.encode(one) + b"\n")


def _lines(path: Path, kind: type[Any]) -> list[Any]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found: list[Any] = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.DecodeError:
            continue  # the last line of a process that was killed as it wrote
    return found
