"""The signed record of a build: it proves every file, offline, and no change goes unseen."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from hanbok.evidence.note import Signature
from hanbok.evidence.signer import SecretSigner
from hanbok.studio.artifacts import BUILD, MANIFEST, NOTE, Artifact, Facts, Kind, make
from hanbok.studio.build import Made, Step
from hanbok.studio.errors import ArtifactBroken, BuildUnproven, KeyUnknown
from hanbok.studio.signing import (
    PUBLIC_KEY,
    Told,
    act_of,
    publish,
    signer_in,
    trusted,
    verify,
)
from hanbok.studio.workspace import Workspace
from studio.small_stages import Words

RECIPE = Told(name="router", version="1.2.0", seed=7, text="name: router\n")
SIGNER = SecretSigner("builder.test", bytes(32))


def made_by(workspace: Workspace, name: str, kind: Kind, facts: Facts, **takes: Made) -> Made:
    stage = Words(name=name, word=name, diary=workspace.folder, makes=kind)

    def work(folder: Path) -> Facts:
        (folder / f"{name}.bin").write_bytes(name.encode())
        return facts

    inputs = {role: one.artifact for role, one in takes.items()}
    artifact: Artifact = make(workspace.artifacts, kind, name, stage.spec, inputs, work)
    step = Step(
        name=name, section=name, stage=stage, takes={role: one.step.name for role, one in takes.items()}
    )
    return Made(step=step, artifact=artifact, cached=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "studio")


def built(workspace: Workspace) -> list[Made]:
    curate = made_by(workspace, "curate", Kind.CORPUS, {"licences": ["CC0-1.0", {"licence": "KOGL-1"}]})
    base = made_by(workspace, "base", Kind.MODEL, {"licence": "LicenseRef-Gemma"})
    tune = made_by(
        workspace, "tune", Kind.ADAPTER, {"data_licences": {"CC0-1.0": 3}}, base=base, corpus=curate
    )
    release = made_by(workspace, "release", Kind.RELEASE, {}, tuned=tune)
    return [curate, base, tune, release]


def test_a_whole_build_and_its_release_are_proven(workspace):
    made = built(workspace)
    signed = publish(workspace, SIGNER, RECIPE, made)
    proof = verify(signed.folder, SIGNER.key)
    assert (proof.steps, proof.files, proof.absent) == (4, 4, [])
    assert proof.record.licences == {
        "curate": ["CC0-1.0", "KOGL-1"],
        "base": ["LicenseRef-Gemma"],
        "tune": ["CC0-1.0"],
    }
    assert (proof.record.name, proof.record.version, proof.record.recipe) == (
        "router",
        "1.2.0",
        RECIPE.text,
    )
    assert proof.record.code.studio
    release = verify(made[-1].artifact.path, SIGNER.key)
    assert (release.steps, release.files) == (1, 1)


def test_a_release_is_proven_on_another_machine(workspace, tmp_path):
    made = built(workspace)
    publish(workspace, SIGNER, RECIPE, made)
    elsewhere = shutil.copytree(made[-1].artifact.path, tmp_path / "elsewhere")
    shutil.rmtree(workspace.folder)
    assert verify(elsewhere, SIGNER.key).record.version == "1.2.0"


def test_what_is_not_in_the_workspace_any_more_is_told(workspace):
    made = built(workspace)
    signed = publish(workspace, SIGNER, RECIPE, made)
    shutil.rmtree(made[1].artifact.path)
    proof = verify(signed.folder, SIGNER.key)
    assert (proof.steps, proof.absent) == (3, ["base"])


def harm_file(release: Path, record: Path) -> None:
    (release / "release.bin").write_bytes(b"RELEASE")


def harm_extra(release: Path, record: Path) -> None:
    (release / "more.bin").write_bytes(b"")


def harm_manifest(release: Path, record: Path) -> None:
    """File and manifest changed alike: only the signature tells."""
    (release / "release.bin").write_bytes(b"RELEASE")
    told = json.loads((release / MANIFEST).read_text())
    told["files"]["release.bin"]["sha256"] = sha256(b"RELEASE").hexdigest()
    (release / MANIFEST).write_text(json.dumps(told))


def harm_facts(release: Path, record: Path) -> None:
    told = json.loads((release / MANIFEST).read_text())
    told["facts"]["licence"] = "CC0-1.0"
    (release / MANIFEST).write_text(json.dumps(told))


def harm_record(release: Path, record: Path) -> None:
    for folder in (release, record):
        (folder / BUILD).write_text((folder / BUILD).read_text().replace("KOGL-1", "KOGL-0"))


def harm_note(release: Path, record: Path) -> None:
    for folder in (release, record):
        (folder / NOTE).write_text((folder / NOTE).read_text().replace("router", "rooter", 1))


def harm_signature(release: Path, record: Path) -> None:
    for folder in (release, record):
        (folder / NOTE).unlink()


def harm_signer(release: Path, record: Path) -> None:
    """Signed anew by somebody else, under the same name."""
    other = SecretSigner("builder.test", bytes([1]) * 32)
    for folder in (release, record):
        text = (folder / NOTE).read_text().rpartition("\n\n")[0] + "\n"
        line = Signature(other.key.name, other.key.id, other.sign(text.encode())).line()
        (folder / NOTE).write_text(f"{text}\n{line}")


@pytest.mark.parametrize(
    "harm",
    [
        harm_file,
        harm_extra,
        harm_manifest,
        harm_facts,
        harm_record,
        harm_note,
        harm_signature,
        harm_signer,
    ],
)
def test_no_change_goes_unseen(workspace, harm):
    made = built(workspace)
    signed = publish(workspace, SIGNER, RECIPE, made)
    release = made[-1].artifact.path
    harm(release, signed.folder)
    for folder in (release, signed.folder):
        with pytest.raises((BuildUnproven, ArtifactBroken)):
            verify(folder, SIGNER.key)


def test_a_release_of_another_build_is_not_proven_by_this_record(workspace):
    made = built(workspace)
    signed = publish(workspace, SIGNER, RECIPE, made)
    other = made_by(workspace, "other", Kind.RELEASE, {}, tuned=made[2]).artifact.path
    for name in (BUILD, NOTE):
        shutil.copy(signed.folder / name, other / name)
    with pytest.raises(BuildUnproven, match="no step"):
        verify(other, SIGNER.key)


def test_a_record_whose_steps_do_not_hang_together_is_refused(workspace):
    made = built(workspace)
    signed = publish(workspace, SIGNER, RECIPE, [made[0], *made[2:]])  # the base is left out
    with pytest.raises(BuildUnproven, match="does not fit"):
        verify(signed.folder, SIGNER.key)


def test_the_same_build_is_signed_and_noted_once(workspace):
    made = built(workspace)
    first = publish(workspace, SIGNER, RECIPE, made)
    assert first.fresh
    content = (first.folder / BUILD).read_bytes()
    assert publish(workspace, SIGNER, RECIPE, made).fresh  # nobody has noted it yet
    first.noted()
    again = publish(workspace, SIGNER, RECIPE, made)
    assert not again.fresh
    assert (first.folder / BUILD).read_bytes() == content
    assert publish(workspace, SIGNER, Told(name="router", version="1.2.1", seed=7, text=""), made).fresh


def test_the_entry_of_a_build_names_its_digest_code_and_licences(workspace):
    signed = publish(workspace, SIGNER, RECIPE, built(workspace))
    act = act_of(signed, "cli:tester")
    assert (act.verb, act.object) == ("model.build", "router@1.2.0")
    assert act.facts["build"] == signed.digest
    assert act.facts["licences"] == "CC0-1.0, KOGL-1, LicenseRef-Gemma"
    assert act.facts["key"] == str(SIGNER.key)


def test_an_installation_keeps_one_key_and_tells_its_public_half(tmp_path):
    signer = signer_in(tmp_path)
    assert signer_in(tmp_path).key == signer.key
    assert trusted("", tmp_path) == signer.key
    assert trusted(str(signer.key), tmp_path / "elsewhere") == signer.key
    assert trusted(str(tmp_path / PUBLIC_KEY), tmp_path / "elsewhere") == signer.key
    assert (tmp_path / "builder.key").stat().st_mode & 0o077 == 0
    with pytest.raises(KeyUnknown):
        trusted("", tmp_path / "elsewhere")
    with pytest.raises(KeyUnknown):
        trusted("builder+00+AAAA", tmp_path)
