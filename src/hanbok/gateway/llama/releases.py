"""Released models as the gateway finds them: a folder of names and versions, and a file that says which of them answer.

`hanbok.studio.release.registry` writes it; every process of every gateway on the machine reads it.

    <state>/models/index.json              which version of each name answers
    <state>/models/NAME/VERSION/           a release: serving.json, the GGUF, its cards and notices
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

from hanbok.gateway.llama.errors import ReleaseNotServed, ReleaseUnusable

INDEX: Final = "index.json"
SERVING: Final = "serving.json"
_CERTAIN: Final = 100


class Sampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands where a request does not say otherwise."""

    stops: tuple[str, ...] = ()
    temperature: float | None = None
    min_p: float | None = None
    choices: tuple[str, ...] = ()
    """The only answers that it may give; empty: any."""

    def members(self) -> dict[str, bytes]:
        """Return them as members of a request's body."""
        said: dict[str, object] = {}
        if self.stops:
            said["stop"] = self.stops
        if self.temperature is not None:
            said["temperature"] = self.temperature
        if self.min_p is not None:
            said["min_p"] = self.min_p
        if self.choices:
            said["grammar"] = "root ::= " + " | ".join(map(_literal, self.choices))
        return {name: msgspec.json.encode(value) for name, value in said.items()}


class Serving(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a release is served; the file `serving.json` in its folder."""

    name: str
    version: str
    form: Literal["adapter", "model"]
    file: str
    """The GGUF, beside this file."""
    sha256: str
    base: str = ""
    """SHA-256 of the GGUF that an adapter belongs to."""
    template: str = ""
    """Jinja text that makes a prompt of the messages; empty: the base's own."""
    sampling: Sampling = Sampling()
    licence: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which versions of one name answer."""

    live: str = ""
    before: tuple[str, ...] = ()
    """Versions that were live, the latest first: `rollback` goes to the first."""
    canary: str = ""
    percent: int = 0
    """Calls in a hundred that the canary answers."""
    since: str = ""
    candidates: tuple[str, ...] = ()
    """Released and not live: they may be asked by `name@version`, so that probes can reach them."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions that a gateway keeps ready, the live one first."""
        every = (self.live, self.canary, *self.before[:1], *self.candidates)
        return tuple(dict.fromkeys(one for one in every if one))


class Index(msgspec.Struct, frozen=True, kw_only=True):
    models: dict[str, Line] = {}


@dataclass(frozen=True, slots=True)
class Release:
    """A release that may be asked."""

    serving: Serving
    path: Path
    """Its GGUF."""

    @property
    def key(self) -> str:
        return self.serving.key

    def check(self) -> None:
        """Compare the file with its digest. Raises ReleaseUnusable."""
        try:
            with self.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ReleaseUnusable(endpoint="", release=self.key, why=error.strerror) from error
        if found != self.serving.sha256:
            raise ReleaseUnusable(endpoint="", release=self.key, why="SHA-256")


@dataclass(slots=True)
class Shelf:
    """The registry's folder, read again whenever its index is another file."""

    folder: Path
    _seen: tuple[int, int] = (0, 0)
    _index: Index = field(default_factory=Index)
    _known: dict[str, Release] = field(default_factory=dict[str, Release])

    @property
    def version(self) -> tuple[int, int]:
        """Something that is another value after every change. It costs one look at the file."""
        try:
            found = (self.folder / INDEX).stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)

    def index(self) -> Mapping[str, Line]:
        """Return which versions answer. Raises ReleaseUnusable for a file that cannot be read."""
        seen = self.version
        if seen != self._seen:
            self._index = read_index(self.folder) if seen[0] else Index()
            self._seen, self._known = seen, {}
        return self._index.models

    def find(self, key: str) -> Release:
        """Return the release `name@version`. Raises ReleaseNotServed, ReleaseUnusable."""
        self.index()
        if key not in self._known:
            self._known[key] = read_release(self.folder, key)
        return self._known[key]

    def choose(self, model: str) -> Release | None:
        """Return what answers for a name, or for `name@version`; None for a name that no release has. Raises
        ReleaseNotServed for a version that is not there, or a name of which none is live.
        """
        name, at, version = model.partition("@")
        line = self.index().get(name)
        if line is None:
            if at:
                raise ReleaseNotServed(endpoint="", release=model)
            return None
        if not at:
            canary = line.canary and secrets.randbelow(_CERTAIN) < line.percent
            version = line.canary if canary else line.live
        if not version:
            raise ReleaseNotServed(endpoint="", release=model)
        return self.find(f"{name}@{version}")

    def ready(self) -> list[Release]:
        """Return what a gateway keeps ready; a release that cannot be read is not among it."""
        found: list[Release] = []
        for name, line in self.index().items():
            for version in line.versions:
                try:
                    found.append(self.find(f"{name}@{version}"))
                except (ReleaseNotServed, ReleaseUnusable):
                    continue  # told to whoever asks for it
        return found


def read_index(folder: Path) -> Index:
    """Return the index of a registry. Raises ReleaseUnusable."""
    try:
        return msgspec.json.decode((folder / INDEX).read_bytes(), type=Index)
    except FileNotFoundError:
        return Index()
    except (OSError, msgspec.MsgspecError) as error:
        raise ReleaseUnusable(endpoint="", release=INDEX, why=type(error).__name__) from error


def read_release(folder: Path, key: str) -> Release:
    """Return the release `name@version` of a registry. Raises ReleaseNotServed, ReleaseUnusable."""
    name, _, version = key.partition("@")
    if not (name and version) or {"/", "\\", "\0"} & set(key) or version in {".", ".."}:
        raise ReleaseNotServed(endpoint="", release=key[:100])
    place = folder / name / version
    try:
        serving = msgspec.json.decode((place / SERVING).read_bytes(), type=Serving)
    except FileNotFoundError:
        raise ReleaseNotServed(endpoint="", release=key[:100]) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise ReleaseUnusable(endpoint="", release=key, why=type(error).__name__) from error
    return Release(serving, place / serving.file)


def _literal(text: str) -> str:
    """Spell a text as GBNF does."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
