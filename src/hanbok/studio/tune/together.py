"""Several processes that learn one model: each takes its share of a step's rows, gradients are summed.

`torchrun` starts them and they join here; Ray Train joins them itself.
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist

from hanbok.studio.tune.engines import Plain


class Together:
    """One process among its peers; alone when nobody started several."""

    def __init__(self) -> None:
        joined = dist.is_available() and dist.is_initialized()
        several = joined or (dist.is_available() and dist.is_torchelastic_launched())
        if several and not joined:
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        self.rank = dist.get_rank() if several else 0
        self.size = dist.get_world_size() if several else 1

    @property
    def first(self) -> bool:
        """Whether this process writes to the disk and tells of progress."""
        return self.rank == 0

    def share(self, rows: list[int]) -> list[int]:
        """Return this process' rows of a step."""
        return rows[self.rank :: self.size]

    def total(self, *counts: float) -> list[float]:
        """Return each number summed over all processes."""
        if self.size == 1:
            return list(counts)
        held = torch.tensor(counts, dtype=torch.float64, device=_device())
        dist.all_reduce(held)
        return held.tolist()

    def sum_gradients(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """Add up everybody's gradients. A process whose share was empty has none, and counts as zero."""
        if self.size == 1:
            return
        for one in weights:
            if one.grad is None:
                one.grad = torch.zeros_like(one)
            dist.all_reduce(one.grad)

    def told(self, value: Plain) -> Plain:
        """Return what the first process holds: a checkpoint lies on its disk only."""
        if self.size == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held, src=0)
        return held[0]

    def leave(self) -> None:
        """Let the peers go."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
