"""Where stages meet: a folder of files that is whole or not there, and a manifest of what it is and where it came from.

An artifact is named by its key: the hash of the stage's spec and of its inputs' digests. What has been made is not
made again, and a stage that was killed finds its own half-done folder when it runs once more.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from hanbok.core.clock import stamp
from hanbok.studio.code import code
from hanbok.studio.errors import ArtifactBroken, ArtifactMissing, ArtifactUnlike

MANIFEST: Final = "manifest.json"
BUILD: Final = "build.json"
NOTE: Final = "build.note"
"""The signed record of the build that made an artifact (`signing.py`), laid beside the manifest of a release."""
Facts: TypeAlias = dict[str, Any]
"""JSON values: counts, licences, seeds, scores."""


class Kind(StrEnum):
    """What an artifact holds.

    `CORPUS`: shards `*.parquet` with the columns of `hanbok.studio.rows`. `MODEL`: a folder in Hugging Face's layout
    (config, safetensors, tokenizer). `ADAPTER`: a PEFT folder. `GGUF`: one `*.gguf`. `SCORES`: `scores.json` and
    `answers.jsonl`. `COMPARISON`: `comparison.json`, scores before and after. `RELEASE`: what the registry serves, with
    its card.
    """

    CORPUS = "corpus"
    MODEL = "model"
    ADAPTER = "adapter"
    GGUF = "gguf"
    SCORES = "scores"
    COMPARISON = "comparison"
    RELEASE = "release"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an artifact."""

    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are named by their path in the folder, `inputs` by the role that each had; `made_by` is the code."""

    kind: Kind
    stage: str
    key: str
    spec: Facts
    inputs: dict[str, str]
    files: dict[str, Held]
    facts: Facts
    made_at: str
    made_by: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over all but when and by what code: two runs that made the same have the same."""
        told = msgspec.to_builtins(self)
        del told["made_at"], told["made_by"]
        return hashlib.sha256(canonical(told)).hexdigest()


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A whole artifact on disk."""

    path: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        return self.manifest.digest


def canonical(value: object) -> bytes:
    """Return the one spelling in JSON by which equal values have equal hashes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def key_of(stage: str, spec: Mapping[str, object], inputs: Mapping[str, Artifact]) -> str:
    """Return the name of what a stage would make of these inputs."""
    digests = {role: one.digest for role, one in inputs.items()}
    return hashlib.sha256(canonical({"stage": stage, "spec": spec, "inputs": digests})).hexdigest()


def folder_of(store: Path, stage: str, spec: Mapping[str, object], inputs: Mapping[str, Artifact]) -> Path:
    """Return where in the store a stage's artifact of these inputs is, or would be."""
    return store / f"{stage}-{key_of(stage, spec, inputs)[:16]}"


def find(folder: Path, kind: Kind | None = None) -> Artifact:
    """Return the artifact in a folder; its files are not compared.

    Raises ArtifactMissing, ArtifactBroken, ArtifactUnlike.
    """
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ArtifactMissing(path=folder) from None
    except (OSError, msgspec.DecodeError) as error:
        raise ArtifactBroken(path=folder, file=MANIFEST) from error
    if kind is not None and manifest.kind is not kind:
        raise ArtifactUnlike(path=folder, found=manifest.kind.value, wanted=kind.value)
    return Artifact(path=folder, manifest=manifest)


def check(artifact: Artifact) -> None:
    """Compare every file with the manifest. Raises ArtifactBroken."""
    for name, held in artifact.manifest.files.items():
        path = artifact.path / name
        if not path.is_file() or path.stat().st_size != held.size or sha256(path) != held.sha256:
            raise ArtifactBroken(path=artifact.path, file=name)
    extra = set(_names(artifact.path)) - artifact.manifest.files.keys()
    if extra:
        raise ArtifactBroken(path=artifact.path, file=min(extra))


def make(
    store: Path,
    kind: Kind,
    stage: str,
    spec: Mapping[str, object],
    inputs: Mapping[str, Artifact],
    work: Callable[[Path], Facts],
) -> Artifact:
    """Return the artifact of this key in the folder `store`, made by `work` unless it is there already.

    `work` gets a folder that keeps what a broken-off run left. Only once its files are on the disk, with their
    manifest, does the folder get its name: nobody ever sees half an artifact.
    """
    target = folder_of(store, stage, spec, inputs)
    if (target / MANIFEST).exists():
        return find(target, kind)
    half = store / f"{target.name}.part"
    half.mkdir(parents=True, exist_ok=True)
    facts = work(half)
    manifest = Manifest(
        kind=kind,
        stage=stage,
        key=key_of(stage, spec, inputs),
        spec=dict(spec),
        inputs={role: one.digest for role, one in inputs.items()},
        files={name: _held(half / name) for name in _names(half)},
        facts=facts,
        made_at=stamp(),
        made_by=code().short,
    )
    _write_down(half / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    half.rename(target)
    _sync(store)
    return Artifact(path=target, manifest=manifest)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(folder: Path) -> list[str]:
    """Names that begin with a dot are a stage's own marks, not part of what it made."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        one.as_posix()
        for one in found
        if one.as_posix() not in (MANIFEST, BUILD, NOTE) and not any(part[0] == "." for part in one.parts)
    )


def _held(path: Path) -> Held:
    _sync(path)
    return Held(sha256=sha256(path), size=path.stat().st_size)


def _write_down(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
