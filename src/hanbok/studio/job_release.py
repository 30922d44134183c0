"""From what a fine-tuning job of ours made to a release of it: the gates of a recipe, without a recipe."""

from pathlib import Path

import msgspec

from hanbok.studio.artifacts import MANIFEST, Artifact, find
from hanbok.studio.build import Step
from hanbok.studio.errors import ArtifactMissing
from hanbok.studio.jobs.errors import JobNotOver
from hanbok.studio.jobs.ledger import Ledger
from hanbok.studio.jobs.spec import Outcome
from hanbok.studio.release.export_plan import Export, ExportBase, ExportPlan
from hanbok.studio.release.parity import Parity
from hanbok.studio.release.parity_plan import ParityPlan
from hanbok.studio.release.plan import Release, ReleasePlan
from hanbok.studio.tune.kept import Kept


def steps_of_job(ledger: Ledger, organisation: str, job: str, *, name: str, version: str) -> list[Step]:
    """Return the steps that export what a job made, hold it against what was trained, and make a release of it. The
    rows for that are its validation file's or, where it had none, those that it learned.

    Raises JobUnknown, JobNotOver, ArtifactMissing.
    """
    done = ledger.get(organisation, job)
    if done.status != "succeeded":
        raise JobNotOver(job=job, status=done.status)
    place = ledger.place(organisation, job)
    outcome = msgspec.json.decode((place / "outcome.json").read_bytes(), type=Outcome)
    tuned = find(Path(outcome.artifact))
    given = {role: _of_digest(tuned.path.parent, digest) for role, digest in tuned.manifest.inputs.items()}
    kept = {"tuned": tuned, "held_out": given["corpus"], **given}
    steps = [Step(name=role, section="job", stage=Kept(one)) for role, one in kept.items()]
    plan = ExportPlan()
    release = Release(ReleasePlan(), name=name, version=version, export=plan)
    return [
        *steps,
        _step("export_base", ExportBase(plan), "base"),
        _step("export", Export(plan), "tuned", "export_base"),
        _step("parity", Parity(ParityPlan()), "base", "tuned", "export", "export_base", "held_out"),
        _step("release", release, "base", "corpus", "tuned", "export", "export_base", "parity"),
    ]


def _step(name: str, stage: ExportBase | Export | Parity | Release, *takes: str) -> Step:
    return Step(name=name, section="release", stage=stage, takes={one: one for one in takes})


def _of_digest(store: Path, digest: str) -> Artifact:
    folders = (one.parent for one in sorted(store.glob(f"*/{MANIFEST}")))
    found = next((one for one in map(find, folders) if one.digest == digest), None)
    if found is None:
        raise ArtifactMissing(path=store / digest)
    return found
