"""Runs the benchmarks one after another and appends what they print to LOG.md.

python benchmarks/run.py [NAME ...]     (none: all that this machine has the tools for)
"""

import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
LOG = HERE / "LOG.md"
# Name, programs that it needs beside Python, and its command.
BENCHMARKS = {
    "gateway": (("nginx", "wrk"), ("gateway/run.py",)),
    "evidence": ((), ("evidence_append.py",)),
    "protect": ((), ("protect.py",)),
    "upstream": ((), ("upstream.py",)),
    "embedded": ((), ("embedded.py",)),
    "answers": ((), ("embedded.py", "--answers")),
    "guard_speed": ((), ("guard_speed.py",)),
    "guard_names": ((), ("guard_names.py",)),
    "guard_peers": ((), ("guard_peers.py",)),
    "evidence_log": ((), ("evidence_log.py",)),
    "evaluation": ((), ("evaluation.py",)),
    "curation": ((), ("curation.py",)),
    "documents": ((), ("document_reading.py",)),
    "curation_filters": ((), ("curation_filters.py",)),
    "tuning": ((), ("tuning.py",)),
}


def machine() -> str:
    """Say what the figures were measured on."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else platform.machine()
    load = os.getloadavg()[0]
    return f"{len(names) or os.cpu_count()} x {processor}, Python {platform.python_version()}, load {load:.1f} before"


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False, cwd=HERE
    )
    return done.stdout.strip() or "no commit"


def run(name: str) -> bool:
    needs, command = BENCHMARKS[name]
    if missing := [program for program in needs if shutil.which(program) is None]:
        print(f"{name}: skipped, needs {', '.join(missing)}")
        return True
    head = f"## {name}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n\n{commit()}; {machine()}\n\n"
    head += f"`python benchmarks/{' '.join(command)}`\n\n"
    print(head, end="", flush=True)
    lines = []
    with subprocess.Popen(
        [sys.executable, HERE / command[0], *command[1:]], stdout=subprocess.PIPE, text=True, cwd=HERE.parent
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode == 0:
        with LOG.open("a", encoding="utf-8") as log:
            log.write(head + "".join(lines).rstrip() + "\n\n")
    return process.returncode == 0


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    results = [run(name) for name in names]  # a failed one does not stop the others
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
