"""Takes jobs in, has them done one after another in a process of their own, and takes them up again after a restart."""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.jobs.errors import JobOver, JobUnfit
from hanbok.studio.jobs.ledger import Ledger, keep_job, new_id, tell
from hanbok.studio.jobs.shapes import Failure, Hyperparameters, Job, Method, NewJob, Way
from hanbok.studio.jobs.shelf import Shelf
from hanbok.studio.jobs.spec import Outcome, Spec
from hanbok.studio.tune.plan import EMBEDDED, TunePlan

_EMBEDDED: Final = frozenset({EMBEDDED, "gemma-3-270m", "hanbok-mini"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ATTEMPTS: Final = 3
_PATIENCE: Final = 10.0
_EPOCHS, _BATCH, _RATE, _BETA = 3, 16, 5e-4, 0.1
_log = logging.getLogger("hanbok.jobs")


class Desk:
    """The jobs of one server. `folder` holds files, jobs, bases (`bases/NAME`) and what was made."""

    def __init__(self, folder: Path, nudge: Callable[[], object]) -> None:
        """`nudge` tells another process that it should look for work, if it is the one that does it."""
        folder = folder.absolute()
        self.shelf = Shelf(folder / "files")
        self.ledger = Ledger(folder / "jobs")
        self._folder = folder
        self._nudge = nudge
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._current = ""

    def create(self, organisation: str, wanted: NewJob) -> Job:
        """Queue a job, which begins after `wake`. Raises JobUnfit, FileUnknown, StudioExtraMissing."""
        for package in ("torch", "transformers", "peft", "pyarrow"):
            if find_spec(package) is None:
                raise StudioExtraMissing(package=package)
        training = self.shelf.content(organisation, wanted.training_file)
        validation = (
            self.shelf.content(organisation, wanted.validation_file) if wanted.validation_file else None
        )
        method, numbers = _settled(wanted)
        job = Job(
            id=new_id(),
            created_at=int(time.time()),
            model=wanted.model,
            organization_id=organisation,
            status="queued",
            training_file=wanted.training_file,
            validation_file=wanted.validation_file,
            seed=wanted.seed or 0,
            hyperparameters=numbers,
            method=method,
            user_provided_suffix=wanted.suffix,
            metadata=wanted.metadata,
        )
        base, licence = self._base(wanted.model)
        spec = Spec(
            base=base,
            base_licence=licence,
            training_file=str(training),
            validation_file=str(validation or ""),
            licence="",
            store=str(self._folder / "jobs-made"),
            plan=msgspec.to_builtins(_plan(job)),
        )
        place = self.ledger.place(organisation, job.id)
        place.mkdir(parents=True)
        (place / "spec.json").write_bytes(msgspec.json.encode(spec))
        keep_job(place, job)
        tell(place, "Created fine-tuning job")
        return job

    def wake(self) -> None:
        """Look for work now, and leave a job that was cancelled; called in the server's own loop."""
        self._wake.set()
        self._nudge()
        if self._current and all(one.id != self._current for one in self.ledger.waiting()):
            self._leave()

    def cancel(self, organisation: str, name: str) -> Job:
        """End a job. Raises JobUnknown, JobOver."""
        job = self.ledger.get(organisation, name)
        if job.over:
            raise JobOver(job=name)
        cancelled = msgspec.structs.replace(job, status="cancelled", finished_at=int(time.time()))
        self.ledger.keep(cancelled)
        tell(self.ledger.place(organisation, name), "Cancelled", "warn")
        if self._current == name:
            self._leave()
        return cancelled

    def _leave(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def start(self) -> None:
        """Begin to work, with what an earlier server left undone."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop; a job that was under way goes on after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            waiting = await asyncio.to_thread(self.ledger.waiting)
            if not waiting:
                await self._wake.wait()
                continue
            try:
                await self._do(waiting[0])
            except OSError as error:  # a full disk, most often
                self._end(
                    waiting[0], Outcome(code="disk_full", message=error.strerror or type(error).__name__)
                )

    async def _do(self, job: Job) -> None:
        place = self.ledger.place(job.organization_id, job.id)
        if job.status == "running":
            tell(place, "Taken up again after a restart", "warn")
        self.ledger.keep(msgspec.structs.replace(job, status="running"))
        outcome = place / "outcome.json"
        for attempt in range(1, _ATTEMPTS + 1):
            outcome.unlink(missing_ok=True)
            code = await self._process_of(job, place)
            if self.ledger.get(job.organization_id, job.id).over:
                return  # cancelled meanwhile
            if outcome.exists():
                self._end(job, msgspec.json.decode(outcome.read_bytes(), type=Outcome))
                return
            tell(place, f"The process ended with {code} (attempt {attempt} of {_ATTEMPTS})", "warn")
            _log.warning("job %s: its process ended with %s", job.id, code)
        self._end(
            job,
            Outcome(code="stage_crashed", message=f"its process ended {_ATTEMPTS} times, last with {code}"),
        )

    async def _process_of(self, job: Job, place: Path) -> int:
        with (place / "worker.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hanbok.studio.jobs.worker", str(place), stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        self._current = job.id
        try:
            return await self._process.wait()
        finally:
            self._current = ""

    def _end(self, job: Job, outcome: Outcome) -> None:
        place = self.ledger.place(job.organization_id, job.id)
        job = self.ledger.get(job.organization_id, job.id)
        at = int(time.time())
        if not outcome.artifact:
            failed = Failure(code=outcome.code, message=outcome.message)
            self.ledger.keep(msgspec.structs.replace(job, status="failed", finished_at=at, error=failed))
            tell(place, outcome.message, "error")
            return
        table = "".join(
            ["step,train_loss\n", *(f"{at},{loss}\n" for at, loss in enumerate(outcome.losses, 1))]
        )
        results = self.shelf.put(job.organization_id, "step_metrics.csv", "fine-tune-results", table.encode())
        model = f"ft:{job.model}:{job.organization_id}:{job.user_provided_suffix or ''}:{job.id[6:14]}"
        done = msgspec.structs.replace(
            job,
            status="succeeded",
            finished_at=at,
            fine_tuned_model=model,
            trained_tokens=outcome.tokens,
            result_files=[results.id],
        )
        tell(place, f"The adapter is in {outcome.artifact}")
        tell(place, "The job has successfully completed")
        self.ledger.keep(done)

    def _base(self, model: str) -> tuple[str, str]:
        """Return where a base is, and its licence where its files do not say. Raises JobUnfit."""
        if model in _EMBEDDED:
            return EMBEDDED, ""
        place = self._folder / "bases" / model
        if not _NAME.fullmatch(model) or not place.exists():
            known = sorted({EMBEDDED, *(one.name for one in (self._folder / "bases").glob("*"))})
            raise JobUnfit(field="model", why=", ".join(known))
        return str(place), ""


def _settled(wanted: NewJob) -> tuple[Method, Hyperparameters]:
    """Put numbers where a client leaves the choice."""
    method = wanted.method or Method(
        supervised=Way(hyperparameters=wanted.hyperparameters or Hyperparameters())
    )
    asked = method.hyperparameters
    numbers = Hyperparameters(
        n_epochs=_EPOCHS if asked.n_epochs == "auto" else asked.n_epochs,
        batch_size=_BATCH if asked.batch_size == "auto" else asked.batch_size,
        learning_rate_multiplier=1.0
        if asked.learning_rate_multiplier == "auto"
        else asked.learning_rate_multiplier,
        beta=_BETA if asked.beta == "auto" else asked.beta,
    )
    way = Way(hyperparameters=numbers)
    return (Method(type="dpo", dpo=way) if method.type == "dpo" else Method(supervised=way)), numbers


def _plan(job: Job) -> TunePlan:
    numbers = msgspec.to_builtins(job.hyperparameters)
    return TunePlan(
        method="preference" if job.method.type == "dpo" else "answers",
        epochs=numbers["n_epochs"],
        batch=numbers["batch_size"],
        learning_rate=_RATE * numbers["learning_rate_multiplier"],
        beta=numbers["beta"],
        seed=job.seed,
        checkpoint_every=10,
        trade=job.user_provided_suffix or "",
    )
