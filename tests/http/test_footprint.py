"""A server that has let go of code runs on, and takes less of the machine's memory."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hanbok.http.footprint import give_back, let_go_of_code


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
