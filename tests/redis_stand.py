"""A Redis (or Valkey) of our own, on a socket in a folder: to be stopped, flushed and started again by tests."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest


class RedisStand:
    """`with RedisStand() as redis:` it runs; `url` is its address. Skips where no server program is installed."""

    def __init__(self, *options: str) -> None:
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        if found is None:
            pytest.skip("no Redis or Valkey server (Debian: apt install redis-server)")
        self._program, self._options = found, options
        self.folder = Path(tempfile.mkdtemp(prefix="hanbok-redis-"))
        self.socket = self.folder / "socket"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *options: str) -> None:
        command = [self._program, "--port", "0", "--unixsocket", self.socket, "--dir", self.folder]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--save", "", *self._options, *options], stdout=log, stderr=log
            )
        end = time.monotonic() + 20
        while not self.socket.exists() or self.said("PING") not in {
            "PONG",
            "NOAUTH Authentication required.",
        }:
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    @contextlib.contextmanager
    def hung(self):
        """It takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def said(self, *command: str) -> str:
        told = ["redis-cli", "-s", self.socket, *command]
        return subprocess.run(told, capture_output=True, text=True, check=False).stdout.strip()
