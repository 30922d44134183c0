"""A real hanbok server in a process of its own, for tests that talk to it as a client does."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import ClassVar, Self

_URL = re.compile(r"https?://[^\s/]+:\d+")
_KEY = re.compile(r"hb-[0-9A-Za-z]{20,}")
_STATE = re.compile(r"^state: *(\S+)", re.MULTILINE)
_LAST_LINE = "print(answer"
_TERMINAL = {"COLUMNS": "200", "HANBOK_LANGUAGE": "ko"}
"""What commands print must not hang on who runs the tests, and where."""


class RunningHanbok:
    """`with RunningHanbok(folder, yaml) as server:` starts `hanbok serve` there and waits until it announces itself.

    The folder keeps `hanbok.yaml`, the state and the server's own log (`server.log`) between starts.
    """

    compiled: ClassVar[Path | None] = None
    """A folder of compiled scanners that all servers share, where tests start many; None: each compiles its own."""

    def __init__(self, folder: Path, yaml: str, *, seconds: float = 60.0) -> None:
        """`yaml` should name `port: 0`. Raises TimeoutError when the server is not up in `seconds`."""
        self.folder = folder
        self.settings = folder / "hanbok.yaml"
        self._seconds = seconds
        self.settings.write_text(yaml, encoding="utf-8")
        self.url = ""
        self.key = ""
        """The first key's secret; kept over restarts in the same object."""
        self.process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def api(self) -> str:
        """Base address for clients of OpenAI's API."""
        return f"{self.url}/v1"

    def start(self) -> None:
        """Start the server, or start it again."""
        self._share_scanners()
        with (self.folder / "server.log").open("a") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "hanbok", "serve", "--config", str(self.settings)],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | _TERMINAL | {"PYTHONUNBUFFERED": "1"},
            )
        self._printed = Lines(self.process, self._seconds)
        for line in self._printed:
            if found := _URL.search(line):
                self.url = found[0]
            if found := _KEY.search(line):
                self.key = found[0]
            if _LAST_LINE in line:
                self._share_scanners()
                return
        self.process.wait()
        self._close_pipe()
        raise RuntimeError(f"hanbok did not start: {self.errors()[-2000:]}")

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to stop, wait, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self._close_pipe()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.kill()
        self.process.wait()
        self._close_pipe()

    def errors(self) -> str:
        """Return what the server wrote to its own log."""
        return (self.folder / "server.log").read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `hanbok` command with the same settings."""
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "hanbok", *arguments],
            cwd=self.folder,
            env=os.environ
            | _TERMINAL
            | {"HANBOK_CONFIG": str(self.settings), "HANBOK_URL": self.url, "HANBOK_KEY": self.key},
            capture_output=True,
            text=True,
            timeout=self._seconds,
            check=False,
        )

    def _share_scanners(self) -> None:
        """Give the server what others have compiled, and others what it has."""
        if self.compiled is None:
            return
        named = _STATE.search(self.settings.read_text("utf-8"))
        own = self.folder / (named[1] if named else "var") / "cache"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        for source, target in ((self.compiled, own), (own, self.compiled)):
            for one in source.glob("*.hsdb"):
                with suppress(FileExistsError):
                    (target / one.name).hardlink_to(one)

    def _close_pipe(self) -> None:
        self._printed.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Lines:
    """The lines that a process prints, until it ends; a thread keeps its pipe from filling up."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self._queue: Queue[str | None] = Queue()
        self._end = time.monotonic() + seconds
        self._process = process
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Return when the process has printed its last."""
        self._thread.join()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            line = self._queue.get(timeout=max(0.0, self._end - time.monotonic()))
        except Empty:
            self._process.kill()
            raise TimeoutError("hanbok did not start in time") from None
        if line is None:
            raise StopIteration
        return line

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._queue.put(line)
        self._queue.put(None)
