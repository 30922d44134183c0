"""The guard speaks to no network, neither when it is imported nor when it works."""

import subprocess
import sys

WATCHED = """
import sys

def forbid(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "urllib.")):
        raise RuntimeError(f"{event} {arguments}")

sys.addaudithook(forbid)
"""
WORK = """
from hanbok.guard.guard import Guard
from hanbok.testing.corpus import generate

guard = Guard.load()
print(sum(len(guard.find(line.text)) for line in generate(500, seed=1)))
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WATCHED + code], capture_output=True, text=True, check=False)


def test_the_guard_works_while_every_connection_is_an_error() -> None:
    done = run(WORK)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


def test_the_watch_would_see_a_connection() -> None:
    done = run("import socket; socket.create_connection(('127.0.0.1', 9))")
    assert "RuntimeError: socket." in done.stderr
