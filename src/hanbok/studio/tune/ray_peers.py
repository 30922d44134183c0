"""Processes of a Ray cluster that tune together: `python -m hanbok.studio.tune.ray_peers JOB PEERS [HOST:PORT]`.

JOB is what `torchrun -m hanbok.studio.tune.peer` takes, in a folder that every node sees, as is its `store`. Ray Train
places the processes and starts all of them again when one or its node dies: they go on from the newest checkpoint.
"""

import sys
from importlib import import_module
from pathlib import Path

import torch

from hanbok.studio.errors import StudioExtraMissing

RESTARTS = 3


def tune_on_ray(job: Path, peers: int, address: str | None = None) -> None:
    """Have a job done by so many processes, each with a core or a GPU of its own. Raises StudioExtraMissing."""
    try:  # not at the top: Ray tries out a socket, and Ray Train needs more than Ray
        ray, train = import_module("ray"), import_module("ray.train")
        trainer = import_module("ray.train.torch").TorchTrainer
    except ImportError as error:
        raise StudioExtraMissing(package="ray[train]") from error
    usage = import_module("ray._common.usage.usage_lib")
    usage.set_usage_stats_enabled_via_env_var(enabled=False)  # hanbok sends nothing anywhere
    ray.init(address=address, **({} if address else {"include_dashboard": False}))
    trainer(
        _take_part,
        train_loop_config={"job": str(job)},
        scaling_config=train.ScalingConfig(num_workers=peers, use_gpu=torch.cuda.is_available()),
        run_config=train.RunConfig(
            name=job.stem,
            storage_path=str(job.parent / ".ray"),
            failure_config=train.FailureConfig(max_failures=RESTARTS),
        ),
    ).fit()


def _take_part(told: dict[str, str]) -> None:
    from hanbok.studio.tune.peer import take_part  # noqa: PLC0415 - in the worker, whose process has joined its peers

    take_part(Path(told["job"]))


if __name__ == "__main__":
    tune_on_ray(Path(sys.argv[1]).absolute(), int(sys.argv[2]), *sys.argv[3:4])
