"""The process that does one job: `python -m hanbok.studio.jobs.worker FOLDER`. Killed and started anew, it goes on."""

import ctypes
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.studio.artifacts import Artifact, make
from hanbok.studio.jobs.ledger import append, read_job, tell
from hanbok.studio.jobs.shapes import Checkpoint, Job
from hanbok.studio.jobs.spec import Outcome, Spec
from hanbok.studio.stage import Stage
from hanbok.studio.tune.opening import Base
from hanbok.studio.tune.plan import BasePlan, TunePlan
from hanbok.studio.tune.rows_file import RowsFile
from hanbok.studio.tune.tuning import Tune

_PR_SET_PDEATHSIG: Final = 1


class _Told:
    """Progress as events of the job: a part that begins, and every tenth of it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._total: int | None = None
        self._done = self._tenths = 0
        self._began = 0.0
        self._unit = ""

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self._total, self._unit, self._done, self._tenths = total, unit, 0, 0
        self._began = time.monotonic()
        tell(self._place, what.en)

    def advance(self, done: int) -> None:
        self._done += done
        if self._total and self._done * 10 // self._total > self._tenths:
            self._tenths = self._done * 10 // self._total
            spent = time.monotonic() - self._began
            rate = round(self._done / spent, 1) if spent else 0.0
            data = {"done": self._done, "total": self._total, "unit": self._unit, "per_second": rate}
            tell(self._place, f"{self._done}/{self._total} {self._unit}s", data=data)


def main() -> None:
    """Do the job in the folder, and write down how it ended."""
    with suppress(AttributeError, OSError):  # Linux: end with the server, which will take the job up again
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    place = Path(sys.argv[1])
    spec = msgspec.json.decode((place / "spec.json").read_bytes(), type=Spec)
    try:
        outcome = _done(place, spec, read_job(place))
    except HanbokError as error:
        outcome = Outcome(code=error.code, message=error.say(Language.EN))
    half = place / ".outcome.json"
    half.write_bytes(msgspec.json.encode(outcome))
    half.replace(place / "outcome.json")


def _done(place: Path, spec: Spec, job: Job) -> Outcome:
    store, told = Path(spec.store), _Told(place)
    store.mkdir(parents=True, exist_ok=True)

    def made(stage: Stage, inputs: dict[str, Artifact]) -> Artifact:
        return make(
            store, stage.makes, stage.name, stage.spec, inputs, lambda half: stage.run(inputs, half, told)
        )

    base = Base(BasePlan(path=Path(spec.base), licence=spec.base_licence))
    inputs = {
        "base": made(base, {}),
        "corpus": made(RowsFile(Path(spec.training_file), spec.licence), {}),
    }
    if spec.validation_file:
        inputs["held_out"] = made(RowsFile(Path(spec.validation_file), spec.licence), {})
    plan = msgspec.convert(spec.plan, TunePlan)
    tuned = made(Tune(plan), inputs)
    losses = msgspec.json.decode((tuned.path / "losses.json").read_bytes(), type=list[float])
    _checkpoint(place, job, plan, len(losses), losses[-1])
    return Outcome(artifact=str(tuned.path), tokens=tuned.manifest.facts["tokens"], losses=losses)


def _checkpoint(place: Path, job: Job, plan: TunePlan, step: int, loss: float) -> None:
    held = Checkpoint(
        id=f"ftckpt-{job.id.removeprefix('ftjob-')}-{step}",
        created_at=int(time.time()),
        fine_tuning_job_id=job.id,
        fine_tuned_model_checkpoint=f"ft:{job.model}:{job.organization_id}:{plan.trade}:step-{step}",
        step_number=step,
        metrics={"step": step, "train_loss": loss},
    )
    append(place / "checkpoints.jsonl", held)


if __name__ == "__main__":
    main()
