"""The signed record of a build: what it was made of, by which code, under which licences, with which scores.

`build.json` holds every step with its manifest, so the SHA-256 of every file; `build.note` is a signed note (C2SP)
over the digest of `build.json`. Both lie with the record of the build, and in the folder of its release.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act
from hanbok.evidence.files import replace_durably
from hanbok.evidence.note import Note, NoteInvalid, Signature, VerifierKey
from hanbok.evidence.signer import SecretSigner, Signer, kept_or_new
from hanbok.studio.artifacts import BUILD, MANIFEST, NOTE, Facts, Kind, Manifest, check, find, sha256
from hanbok.studio.build import Made
from hanbok.studio.code import Code, code
from hanbok.studio.errors import ArtifactMissing, BuildUnproven, KeyUnknown
from hanbok.studio.scores import scores_of
from hanbok.studio.workspace import ARTIFACTS, Workspace

_HEADER: Final = "hanbok.build/v1"
_NOTED: Final = "noted"
"""File with the digest of the record that the evidence log tells of."""
_KEY: Final = "builder.key"
PUBLIC_KEY: Final = "builder.vkey"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says of the recipe: its name, version and seed, and its whole text."""

    name: str
    version: str
    seed: int
    text: str


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


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A record in its folder. `fresh`: the evidence log has no word of it yet."""

    folder: Path
    record: Record
    digest: str
    """SHA-256 of `build.json`."""
    key: str
    fresh: bool

    def noted(self) -> None:
        """Note that the evidence log tells of this record."""
        replace_durably(self.folder / _NOTED, self.digest.encode())


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified: whose signature, how many files; `absent` names steps whose artifacts are not here."""

    record: Record
    key: str
    steps: int
    files: int
    absent: list[str]


def publish(workspace: Workspace, signer: Signer, recipe: Told, made: Sequence[Made]) -> Signed:
    """Sign the record of a whole build; it lies with the workspace's builds and in the folder of each release.

    A record that tells the same is not signed anew.
    """
    folder = workspace.record(recipe.name)
    record = _kept(folder, _recorded(recipe, made), signer)
    for one in made:
        if one.artifact.manifest.kind is Kind.RELEASE:
            for name in (BUILD, NOTE):
                replace_durably(one.artifact.path / name, (folder / name).read_bytes())
    digest = sha256(folder / BUILD)
    noted = folder / _NOTED
    fresh = not noted.exists() or noted.read_text(encoding="utf-8") != digest
    return Signed(folder=folder, record=record, digest=digest, key=str(signer.key), fresh=fresh)


def act_of(signed: Signed, actor: str) -> Act:
    """Return the entry of the evidence log that tells of a build."""
    record = signed.record
    facts = {
        "build": signed.digest,
        "recipe": record.recipe_sha256,
        "code": record.code.studio,
        "key": signed.key,
        "licences": ", ".join(sorted({one for told in record.licences.values() for one in told})),
    }
    name = f"{record.name}@{record.version}"
    return Act(at=stamp(), actor=actor, verb="model.build", object=name, facts=facts)


def trusted(told: str, folder: Path) -> VerifierKey:
    """Return the key that a caller trusts: a vkey, a file that holds one, or by default this installation's own.

    Raises KeyUnknown.
    """
    try:
        if "+" in told:
            return VerifierKey.parse(told)
        return VerifierKey.parse((Path(told) if told else folder / PUBLIC_KEY).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NoteInvalid) as error:
        raise KeyUnknown(key=told or folder / PUBLIC_KEY, why=str(error)) from None


def signer_in(folder: Path) -> SecretSigner:
    """Return the key by which this installation signs builds, made on the first call, its public half beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    signer = kept_or_new(folder / _KEY, "")
    public = folder / PUBLIC_KEY
    if not public.exists():
        replace_durably(public, f"{signer.key}\n".encode(), mode=0o644)
    return signer


def verify(folder: Path, key: VerifierKey) -> Proof:
    """Check a release, or the record of a build with all artifacts that are in its workspace. Raises BuildUnproven,
    ArtifactBroken.
    """
    record = _signed(folder, key)
    _hangs_together(folder, record)
    if (folder / MANIFEST).exists():
        manifest = find(folder).manifest
        of_this = [one for one in record.steps if one.manifest == manifest]
        if not of_this:
            raise BuildUnproven(folder=folder, why=f"{MANIFEST} is of no step of this build")
        check(find(folder))
        return _proof(record, key, of_this, [])
    absent: list[str] = []
    present: list[Recorded] = []
    for one in record.steps:
        place = folder.absolute().parent.parent / ARTIFACTS / f"{one.manifest.stage}-{one.manifest.key[:16]}"
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


def _recorded(recipe: Told, made: Sequence[Made]) -> Record:
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
        name=recipe.name,
        version=recipe.version,
        recipe=recipe.text,
        recipe_sha256=hashlib.sha256(recipe.text.encode()).hexdigest(),
        seed=recipe.seed,
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


def _kept(folder: Path, record: Record, signer: Signer) -> Record:
    """Lay a record and its note into a folder, unless what is there tells the same; return the one that stays."""
    with suppress(BuildUnproven):
        there = _signed(folder, signer.key)
        if msgspec.structs.replace(record, made_at=there.made_at) == there:
            return there
    folder.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(record), indent=1)
    text = _text(record, content)
    line = Signature(signer.key.name, signer.key.id, signer.sign(text.encode())).line()
    (folder / NOTE).unlink(missing_ok=True)  # a note never stands beside a record that it is not of
    replace_durably(folder / BUILD, content)
    replace_durably(folder / NOTE, f"{text}\n{line}".encode())
    return record


def _text(record: Record, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"{_HEADER}\n{record.name} {record.version}\n{BUILD} sha256 {digest}\n"


def _licences(facts: Facts) -> list[str]:
    """Collect what the facts tell of a model's licence, and of its rows'."""
    told = [facts.get("licence", ""), *facts.get("licences", ()), *facts.get("data_licences", ())]
    names = (one.get("licence", "") if isinstance(one, dict) else one for one in told)
    return sorted({str(name) for name in names if name})
