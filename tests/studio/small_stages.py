"""Small real stages for tests of builds: they write text, wait where a test asks them to, or go wrong in one way."""

import errno
import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind
from hanbok.studio.stage import Estimate, Progress


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Joins what its inputs say with a word of its own, part by part, resuming where it broke off.

    Each part begun is noted in the folder `diary`, so that a test can count the work; `halt` names the part in which
    it then waits to be killed.
    """

    name: str
    word: str
    diary: Path
    parts: int = 3
    halt: int = -1
    makes: Kind = Kind.CORPUS

    @property
    def spec(self) -> Mapping[str, object]:
        return {"word": self.word, "parts": self.parts}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        return Estimate(cpu_seconds=self.parts, memory_mib=10, disk_mib=len(inputs), cost=5_000_000)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        told = " ".join((one.path / "0.txt").read_text() for _, one in sorted(inputs.items()))
        progress.begin(Text(ko="쓰기", en="writing"), self.parts, "parts")
        for part in range(self.parts):
            target = folder / f"{part}.txt"
            if not target.exists():
                self._note(part)
                half = folder / f".{part}"
                half.write_text(f"{told} {self.word}".strip())
                if part == self.halt:
                    time.sleep(60)
                half.rename(target)
            progress.advance(1)
        return {"licences": ["CC0-1.0"], "parts": self.parts}

    def _note(self, part: int) -> None:
        with (self.diary / self.name).open("a") as diary:
            diary.write(json.dumps(part) + "\n")


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """Goes wrong in the way that it is told to, after it has written something."""

    how: str
    name: str = "failing"
    makes: Kind = Kind.CORPUS

    @property
    def spec(self) -> Mapping[str, object]:
        return {"how": self.how}

    def estimate(self, _: Mapping[str, Artifact]) -> Estimate:
        return Estimate(cpu_seconds=1, memory_mib=1, disk_mib=1)

    def run(self, _: Mapping[str, Artifact], folder: Path, __: Progress) -> Facts:
        (folder / "some.txt").write_text("some")
        match self.how:
            case "full":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "some.txt"))
            case "memory":
                raise MemoryError
            case "torch":
                raise RuntimeError(
                    "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 GB"
                )
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "slip":
                raise ZeroDivisionError
            case "unreadable":
                (folder / "absent.txt").read_text()
        return {}
