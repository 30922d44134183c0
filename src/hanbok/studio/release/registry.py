"""The local registry of releases: folders that are whole or not there, and one index that says which of them answer.

The index is replaced in one step under a lock, so a gateway reads either what was or what is; a release's folder has
its name only once all of it is on the disk.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.gateway.llama.releases import INDEX, Index, Line, Release, read_index, read_release
from hanbok.studio.artifacts import Artifact, Kind, check, find
from hanbok.studio.release.errors import NothingBefore, RegistryNotWritten, ReleaseUnknown, VersionTaken
from hanbok.studio.release.version import PATTERN, rank

_LOCK: Final = ".lock"
_KEPT: Final = 5
"""Versions that `rollback` remembers."""
_CANDIDATES: Final = 3


@dataclass(frozen=True, slots=True)
class Registry:
    folder: Path
    """`<state>/models`: the gateways of this state read it."""

    def names(self) -> list[str]:
        """Return the names of all releases."""
        if not self.folder.is_dir():
            return []
        return sorted(one.name for one in self.folder.iterdir() if one.is_dir() and one.name[0] != ".")

    def versions(self, name: str) -> list[str]:
        """Return the versions of a name, the lowest first. Raises ReleaseUnknown."""
        place = self.folder / name
        if "/" in name or name.startswith(".") or not place.is_dir():
            raise ReleaseUnknown(name=name, known=", ".join(self.names()) or "-")
        found = [one.name for one in place.iterdir() if one.is_dir() and re.match(PATTERN, one.name)]
        return sorted(found, key=rank)

    def line(self, name: str) -> Line:
        """Return which versions of a name answer."""
        return read_index(self.folder).models.get(name, Line())

    def artifact(self, name: str, version: str) -> Artifact:
        """Return a release. Raises ReleaseUnknown, ArtifactBroken."""
        if version not in self.versions(name):
            known = ", ".join(f"{name}@{one}" for one in self.versions(name))
            raise ReleaseUnknown(name=f"{name}@{version}", known=known or "-")
        return find(self.folder / name / version, Kind.RELEASE)

    def release(self, name: str, version: str) -> Release:
        """Return how a release is served. Raises ReleaseUnknown, ReleaseUnusable."""
        self.artifact(name, version)
        return read_release(self.folder, f"{name}@{version}")

    def take_in(self, made: Artifact) -> str:
        """Put a release on the shelf, as a candidate that may be asked by `name@version`; return its key. Doing it
        again does nothing. Raises VersionTaken, ArtifactBroken, RegistryNotWritten.
        """
        check(made)
        name, version = _named(made)
        with self._written():
            target = self.folder / name / version
            if target.exists():
                if find(target, Kind.RELEASE).digest != made.digest:
                    raise VersionTaken(name=name, version=version)
            else:
                _bring(made.path, target)
            self._change(name, lambda line: _with_candidate(line, version))
        return f"{name}@{version}"

    def promote(self, name: str, version: str, *, percent: int = 100) -> Line:
        """Have a version answer for its name: alone, or as a canary for so many calls in a hundred. Raises
        ReleaseUnknown, ArtifactBroken, ReleaseUnusable, RegistryNotWritten.
        """
        check(self.artifact(name, version))
        self.release(name, version).check()
        with self._written():
            return self._change(name, lambda line: _promoted(line, version, percent))

    def rollback(self, name: str) -> Line:
        """Take the canary back or, where there is none, have the version before answer again. Raises NothingBefore,
        RegistryNotWritten.
        """
        self.versions(name)
        with self._written():
            return self._change(name, lambda line: _rolled_back(name, line))

    def retire(self, name: str) -> Line:
        """Take a name out of service; its releases stay on the shelf. Raises ReleaseUnknown, RegistryNotWritten."""
        self.versions(name)
        with self._written():
            return self._change(name, lambda line: Line(before=_before(line), since=stamp()))

    def _change(self, name: str, how: Callable[[Line], Line]) -> Line:
        index = read_index(self.folder)
        line = how(index.models.get(name, Line()))
        _replace(self.folder / INDEX, Index(models=index.models | {name: line}))
        return line

    @contextmanager
    def _written(self) -> Iterator[None]:
        """One writer at a time. A full disk becomes an error of ours; nothing has changed then."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise RegistryNotWritten(folder=self.folder, why=error.strerror or str(error)) from error


def _named(made: Artifact) -> tuple[str, str]:
    facts = made.manifest.facts
    return str(facts["name"]), str(facts["version"])


def _with_candidate(line: Line, version: str) -> Line:
    if version in (line.live, line.canary, *line.candidates):
        return line
    return msgspec.structs.replace(line, candidates=(version, *line.candidates)[:_CANDIDATES])


def _promoted(line: Line, version: str, percent: int) -> Line:
    others = tuple(one for one in line.candidates if one != version)
    if percent < 100 and line.live and line.live != version:  # noqa: PLR2004 - a canary is less than all
        return msgspec.structs.replace(
            line, canary=version, percent=percent, candidates=others, since=stamp()
        )
    before = _before(line) if line.live != version else line.before
    return Line(
        live=version, before=tuple(one for one in before if one != version), candidates=others, since=stamp()
    )


def _rolled_back(name: str, line: Line) -> Line:
    if line.canary:
        return msgspec.structs.replace(
            line,
            canary="",
            percent=0,
            candidates=(line.canary, *line.candidates)[:_CANDIDATES],
            since=stamp(),
        )
    if not line.before:
        raise NothingBefore(name=name)
    first, *others = line.before
    left = (line.live, *line.candidates) if line.live else line.candidates
    return Line(live=first, before=tuple(others), candidates=left[:_CANDIDATES], since=stamp())


def _before(line: Line) -> tuple[str, ...]:
    return (
        (line.live, *(one for one in line.before if one != line.live))[:_KEPT] if line.live else line.before
    )


def _bring(source: Path, target: Path) -> None:
    """Copy a folder, each file on the disk before the folder gets its name. The same disk holds each file once."""
    half = target.with_name(f".{target.name}.part")
    if half.exists():
        shutil.rmtree(half)
    half.mkdir(parents=True)
    for path in sorted(source.rglob("*")):
        if path.is_dir() or any(part.startswith(".") for part in path.relative_to(source).parts):
            continue
        place = half / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        _lay(path, place)
        _sync(place)
    for folder in {place.parent for place in half.rglob("*")} | {half}:
        _sync(folder)
    half.rename(target)
    _sync(target.parent)


def _lay(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        shutil.copyfile(source, target)


def _replace(path: Path, index: Index) -> None:
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(index), indent=1))
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
