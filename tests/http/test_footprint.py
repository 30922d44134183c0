"""A server that has let go of code runs on, and takes less of the machine's memory."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hanbok.http.footprint import give_back, let_go_of_code, unwritten


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, which Linux has")
def test_code_that_was_let_go_of_runs_again() -> None:
    import hashlib  # noqa: PLC0415 - to have its library in memory first

    before = hashlib.sha256(b"hanbok").hexdigest()
    resident = _resident()
    let_go_of_code()
    assert _resident() < resident
    assert hashlib.sha256(b"hanbok").hexdigest() == before
    assert ctypes.CDLL(None).getpid() > 0
    give_back()


def mapping(start: int, rights: str, path: str, *, anonymous: int = 0, swapped: int = 0) -> str:
    """Return a part of /proc/self/smaps."""
    sizes = {"Rss": 4, "Anonymous": anonymous, "KSM": 0, "AnonHugePages": 0, "Swap": swapped, "SwapPss": 0}
    lines = [f"{name + ':':15} {size:8} kB" for name, size in sizes.items()]
    head = f"{start:x}-{start + 0x1000:x} {rights} 00000000 fe:00 260131   {path}"
    return "\n".join((head, *lines, "THPeligible:    0", "VmFlags: rd mr mw me", ""))


@pytest.mark.parametrize(
    ("rights", "path", "anonymous", "swapped", "goes"),
    [
        ("r-xp", "/usr/lib/libc.so.6", 0, 0, True),
        ("r--p", "/usr/lib/x.cpython-311-x86_64-linux-gnu.so", 0, 0, True),
        ("r--p", "/usr/lib/libc.so.6", 4, 0, False),
        # Tables that the loader wrote and locked, and the kernel has moved to the swap space.
        ("r--p", "/usr/lib/libc.so.6", 0, 4, False),
        ("rw-p", "/usr/lib/libc.so.6", 0, 0, False),
        ("r--s", "/usr/lib/libc.so.6", 0, 0, False),
        ("r--p", "/usr/share/names.bin", 0, 0, False),
    ],
)
def test_only_what_the_files_hold_is_let_go_of(
    rights: str, path: str, anonymous: int, swapped: int, *, goes: bool
) -> None:
    this = mapping(0x7000, rights, path, anonymous=anonymous, swapped=swapped)
    maps = mapping(0x5000, "r-xp", "/usr/lib/a.so") + this + mapping(0x9000, "r-xp", "/usr/lib/z.so")
    assert ((0x7000, 0x8000) in unwritten(maps)) is goes
    assert {(0x5000, 0x6000), (0x9000, 0xA000)} <= set(unwritten(maps))


def test_a_plain_server_loads_nothing_that_only_some_need() -> None:
    code = "import sys, hanbok.cli.serve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "alembic", "botocore", "cyclopts", "google", "hanbok.gateway.answering", "hanbok.gateway.realtime",
        "hanbok.guard.natural", "hanbok.policy.disclosure", "hanbok.policy.shared.gate", "hanbok.workers", "html",
        "http.client", "http.server", "jinja2", "numba", "prometheus_client", "psycopg", "pyarrow", "redis", "rich",
        "sqlalchemy.orm", "tink", "torch", "urllib.request", "websockets", "xllamacpp",
    }  # fmt: skip


def _resident() -> int:
    """Return the resident pages that are files', in KiB."""
    found = re.search(r"RssFile:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])
