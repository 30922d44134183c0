"""How many processor cores a computation may really use."""

import os
from pathlib import Path


def physical_cores(
    system: Path = Path("/sys/devices/system/cpu"), quota: Path = Path("/sys/fs/cgroup/cpu.max")
) -> int:
    """Return the physical cores that this process may run on, within its container's quota; at least 1.

    Matrix arithmetic gains nothing from a second hardware thread on a core, and waits for the slowest thread.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = {_read(system / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in allowed}
    limit, _, period = _read(quota).partition(" ")
    granted = int(limit) // int(period) if limit.isdigit() and period.isdigit() else len(cores)
    return max(1, min(len(cores), granted))


def compute_threads() -> int:
    """Return how many threads a model computes with unless somebody says otherwise: the physical cores less one, which
    is the gateway's (docs/design/embedded.md, Threads).
    """
    return max(1, physical_cores() - 1)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
