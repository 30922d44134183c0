"""The signed record of a build: what it was made of, by which code, under which licences, with which scores.

`build.json` holds every step with its manifest, so the SHA-256 of every file; `build.note` is a signed note (C2SP)
over the digest of `build.json`. Both lie with the record of the build, and in the folder of its release.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.files import replace_durably
from hanbok.evidence.note import Note, NoteInvalid, Signature, VerifierKey
from hanbok.evidence.signer import Signer
from hanbok.studio.artifacts import BUILD, MANIFEST, NOTE, Facts, Kind, Manifest, check, find
from hanbok.studio.build import Made
from hanbok.studio.code import Code, code
from hanbok.studio.errors import ArtifactMissing, BuildUnproven
from hanbok.studio.scores import scores_of

_HEADER: Final = "hanbok.build/v1"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One step: `digest` is that of its manifest."""

    name: str
    section: str
    digest: str
    manifest: Manifest


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """`build.json`. `licences` and `scores` are told by the steps named; all the rest of it is in the manifests."""

    format: int = 1
    name: str
    version: str
    recipe: str
    """The text of the recipe."""
    recipe_sha256: str
    seed: int
    code: Code
    licences: dict[str, list[str]]
    scores: dict[str, dict[str, float]]
    steps: list[Recorded]
    made_at: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified: whose signature, how many files; `absent` names steps whose artifacts are not here."""

    record: Record
    key: str
    steps: int
    files: int
    absent: list[str]


def recorded(name: str, release: str, recipe: str, seed: int, made: Sequence[Made]) -> Record:
    """Return the record of a build."""
    steps = [
        Recorded(
            name=one.step.name,
            section=one.step.section,
            digest=one.artifact.digest,
            manifest=one.artifact.manifest,
        )
        for one in made
    ]
    return Record(
        name=name,
        version=release,
        recipe=recipe,
        recipe_sha256=hashlib.sha256(recipe.encode()).hexdigest(),
        seed=seed,
        code=code(),
        licences={one.step.name: told for one in made if (told := _licences(one.artifact.manifest.facts))},
        scores={
            one.step.name: {task.name: task.score.value for task in scores_of(one.artifact).tasks}
            for one in made
            if one.artifact.manifest.kind is Kind.SCORES
        },
        steps=steps,
        made_at=stamp(),
    )


def sign(record: Record, folder: Path, signer: Signer) -> bool:
    """Lay a record and its note into a folder; False if the one there tells the same, which then stays."""
    if (found := _record_in(folder)) and _same(found, record) and _is_signed(folder, signer.key):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(record), indent=1)
    text = (
        f"{_HEADER}\n{record.name} {record.version}\n{BUILD} sha256 {hashlib.sha256(content).hexdigest()}\n"
    )
    line = Signature(signer.key.name, signer.key.id, signer.sign(text.encode())).line()
    (folder / NOTE).unlink(missing_ok=True)  # a note never stands beside a record that it is not of
    replace_durably(folder / BUILD, content)
    replace_durably(folder / NOTE, f"{text}\n{line}".encode())
    return True


def verify(folder: Path, key: VerifierKey) -> Proof:
    """Check a release, or the record of a build with all artifacts that are in its workspace. Raises BuildUnproven,
    ArtifactBroken.
    """
    record = _signed(folder, key)
    _hangs_together(folder, record)
    if (folder / MANIFEST).exists():
        of_this = [one for one in record.steps if one.manifest == find(folder).manifest]
        if not of_this:
            raise BuildUnproven(folder=folder, why=f"{MANIFEST} is of no step of this build")
        check(find(folder))
        return _proof(record, key, of_this, [])
    absent: list[str] = []
    present: list[Recorded] = []
    for one in record.steps:
        place = folder.parent.parent / "artifacts" / f"{one.manifest.stage}-{one.manifest.key[:16]}"
        try:
            artifact = find(place)
        except ArtifactMissing:
            absent.append(one.name)
            continue
        if artifact.manifest != one.manifest:
            raise BuildUnproven(folder=place, why=f"{MANIFEST} is not that of the step {one.name!r}")
        check(artifact)
        present.append(one)
    return _proof(record, key, present, absent)


def _proof(record: Record, key: VerifierKey, checked: list[Recorded], absent: list[str]) -> Proof:
    count = sum(len(one.manifest.files) for one in checked)
    return Proof(record=record, key=str(key), steps=len(checked), files=count, absent=absent)


def _signed(folder: Path, key: VerifierKey) -> Record:
    try:
        note = Note.parse((folder / NOTE).read_bytes())
        content = (folder / BUILD).read_bytes()
        note.signed_by(key)
        record = msgspec.json.decode(content, type=Record)
    except OSError as error:
        raise BuildUnproven(folder=folder, why=f"{error.filename}: {error.strerror}") from None
    except (NoteInvalid, msgspec.DecodeError) as error:
        raise BuildUnproven(folder=folder, why=str(error)) from None
    told = (
        f"{_HEADER}\n{record.name} {record.version}\n{BUILD} sha256 {hashlib.sha256(content).hexdigest()}\n"
    )
    if note.text != told:
        raise BuildUnproven(folder=folder, why=f"{BUILD} is not the file that was signed")
    return record


def _hangs_together(folder: Path, record: Record) -> None:
    """Check that every input of a step is what another step of this build made."""
    digests = {one.digest for one in record.steps}
    for one in record.steps:
        if one.manifest.digest != one.digest or not set(one.manifest.inputs.values()) <= digests:
            raise BuildUnproven(folder=folder, why=f"the step {one.name!r} does not fit the others")


def _record_in(folder: Path) -> Record | None:
    try:
        return msgspec.json.decode((folder / BUILD).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def _is_signed(folder: Path, key: VerifierKey) -> bool:
    try:
        _signed(folder, key)
    except BuildUnproven:
        return False
    return True


def _same(one: Record, other: Record) -> bool:
    return msgspec.structs.replace(one, made_at="") == msgspec.structs.replace(other, made_at="")


def _licences(facts: Facts) -> list[str]:
    told = facts.get("licences") or facts.get("licence") or []
    return sorted({str(one) for one in ([told] if isinstance(told, str) else told)})
