"""What a load is sent to, and what it costs there: CPU time and memory as the kernel counts them for a process tree."""

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Target:
    name: str
    url: str
    """Base address for clients of OpenAI's API."""
    pid: int | None = None
    """None: no gateway stands there, nothing is to be counted."""
    key: str = "none"
    model: str = "bench"
    headers: tuple[tuple[str, str], ...] = ()


def tree(root: int) -> set[int]:
    """Return a process and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu(root: int) -> float:
    """Return the seconds of CPU that a tree has used."""
    ticks = 0
    for pid in tree(root):
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / TICKS


def rss(root: int) -> float:
    """Return the MiB that a tree holds in memory."""
    return sum(
        int(line.split()[1]) / 1024
        for pid in tree(root)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 10) -> None:
    """Return when somebody listens there. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(port)
