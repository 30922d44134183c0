"""Files, jobs, events and checkpoints as OpenAI's fine-tuning API shows them."""

from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
Auto: TypeAlias = Literal["auto"]
Status: TypeAlias = Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled"]


class FileShown(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    bytes: int
    created_at: int
    filename: str
    purpose: str
    object: str = "file"
    status: str = "processed"


class Hyperparameters(msgspec.Struct, frozen=True, kw_only=True):
    n_epochs: Auto | Annotated[float, Meta(gt=0, le=50)] = "auto"
    batch_size: Auto | Annotated[int, Meta(ge=1, le=256)] = "auto"
    learning_rate_multiplier: Auto | Annotated[float, Meta(gt=0)] = "auto"
    beta: Auto | Annotated[float, Meta(gt=0)] = "auto"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    hyperparameters: Hyperparameters = Hyperparameters()


class Method(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["supervised", "dpo"] = "supervised"
    supervised: Way | None = None
    dpo: Way | None = None

    @property
    def hyperparameters(self) -> Hyperparameters:
        way = self.dpo if self.type == "dpo" else self.supervised
        return way.hyperparameters if way else Hyperparameters()


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sends. `hyperparameters` is the older place for what `method` holds."""

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: Annotated[str, Meta(max_length=64)] | None = None
    seed: Annotated[int, Meta(ge=0)] | None = None
    method: Method | None = None
    hyperparameters: Hyperparameters | None = None
    metadata: dict[str, str] | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    param: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created_at: int
    model: str
    organization_id: str
    status: Status
    training_file: str
    validation_file: str | None
    seed: int
    hyperparameters: Hyperparameters
    method: Method
    user_provided_suffix: str | None = None
    metadata: dict[str, str] | None = None
    object: str = "fine_tuning.job"
    error: Failure | None = None
    fine_tuned_model: str | None = None
    finished_at: int | None = None
    estimated_finish: int | None = None
    trained_tokens: int | None = None
    result_files: list[str] = []
    integrations: list[dict[str, Any]] = []

    @property
    def over(self) -> bool:
        return self.status in ("succeeded", "failed", "cancelled")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created_at: int
    message: str
    level: Literal["info", "warn", "error"] = "info"
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Any] = {}
    object: str = "fine_tuning.job.event"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created_at: int
    fine_tuning_job_id: str
    fine_tuned_model_checkpoint: str
    step_number: int
    metrics: dict[str, float]
    object: str = "fine_tuning.job.checkpoint"


class Listed(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    data: list[T]
    has_more: bool = False
    object: str = "list"


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    deleted: bool = True
    object: str = "file"
