"""CPU a request: hanbok with everything on, beside no proxy and nginx as a plain proxy, in one run.

    python benchmarks/gateway/run.py [--seconds 5] [--rounds 3]

Needs Debian's nginx-extras (the stand-in model and the plain proxy) and wrk (the load). CPU time is what the kernel
counts for the process tree of the proxy, over the requests that wrk saw answered; compare ratios within one run only.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok

HERE = Path(__file__).parent
MODULES = Path("/usr/lib/nginx/modules")
TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = """\
server: {{port: 0}}
state: state
endpoints:
  bench:
    kind: openai_compatible
    url: http://127.0.0.1:{port}/v1
    country: US
    zone: foreign
    operator: Stand-in
    data_use: {{trains: false}}
models:
  bench:
    targets: [{{endpoint: bench, model: bench}}]
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
"""
FILLER = "오늘 회의에서 정한 일정과 담당 부서를 정리해 다음 주 보고서에 넣어 주세요. "


@dataclass(frozen=True)
class Target:
    name: str
    url: str
    pid: int | None
    key: str = "none"


def body(size: int, extra: str = "", *, stream: bool = False) -> bytes:
    text = extra + FILLER * (size // len(FILLER.encode()))
    messages = [{"role": "system", "content": "당신은 비서입니다."}, {"role": "user", "content": text}]
    return json.dumps({"model": "bench", "stream": stream, "messages": messages}, ensure_ascii=False).encode()


def scenarios() -> dict[str, tuple[bytes, int]]:
    people = Identities(seed=7)
    personal = f"고객 휴대전화 {people.mobile()}, 이메일 {people.email()}. "
    return {
        "1 KB, clean, 16 at once": (body(1024), 16),
        "1 KB, clean, 1 at once": (body(1024), 1),
        "1 KB, pseudonymised, 16 at once": (body(1024, personal), 16),
        "32 KB, clean, 16 at once": (body(32768), 16),
        "stream of 100 chunks, 16 at once": (body(1024, "[[n=100 gap=5]] ", stream=True), 16),
        "stream of 100, pseudonymised": (body(1024, "[[n=100 gap=5]] " + personal, stream=True), 16),
    }


def tree(root: int) -> set[int]:
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
    ticks = 0
    for pid in tree(root):
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / TICKS


def rss(root: int) -> float:
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


@contextmanager
def nginx(folder: Path, role: str, does: str, model: int) -> Iterator[Target]:
    port = free_port()
    text = (HERE / "nginx.conf").read_text()
    filled = {
        "FOLDER": folder,
        "MODULES": MODULES,
        "ROLE": role,
        "LISTEN": port,
        "MODEL": model or port,
        "DOES": does,
    }
    for name, value in filled.items():
        text = text.replace(f"@{name}@", str(value))
    config = folder / f"{role}.conf"
    config.write_text(text)
    process = subprocess.Popen(["nginx", "-c", str(config), "-e", str(folder / f"{role}.err")])
    try:
        wait_for(port)
        yield Target(role, f"http://127.0.0.1:{port}/v1", process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(port)


def load(target: Target, payload: bytes, connections: int, seconds: int) -> dict[str, float]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(payload)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s"]
        before = cpu(target.pid) if target.pid else 0.0
        done = subprocess.run(
            [*command, str(HERE / "load.lua"), f"{target.url}/chat/completions"],
            env=os.environ | {"BENCH_BODY": file.name, "BENCH_KEY": target.key},
            capture_output=True,
            text=True,
            check=True,
        )
        spent = (cpu(target.pid) if target.pid else 0.0) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("BENCH "))
    result = json.loads(line.removeprefix("BENCH "))
    return {
        "cpu": spent / result["requests"] * 1e6,
        "rate": result["requests"] / result["microseconds"] * 1e6,
        "p50": result["p50"] / 1000,
        "p99": result["p99"] / 1000,
        "bad": result["bad"],
    }


def check(target: Target) -> None:
    headers = {"authorization": f"Bearer {target.key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{target.url}/chat/completions", body(64), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "다람쥐".encode() in answer.read()


def measure(targets: list[Target], seconds: int, rounds: int) -> None:
    for name, (payload, connections) in scenarios().items():
        print(f"\n{name}")
        runs: dict[str, list[dict[str, float]]] = {target.name: [] for target in targets}
        for _ in range(rounds):
            for target in targets:
                runs[target.name].append(load(target, payload, connections, seconds))
        plain = statistics.median(run["cpu"] for run in runs["nginx"])
        for target in targets:
            mid = {
                key: statistics.median(run[key] for run in runs[target.name]) for key in runs[target.name][0]
            }
            bad = sum(run["bad"] for run in runs[target.name])
            spent = f"{mid['cpu']:8.1f} us CPU  {mid['cpu'] / plain:5.1f}x nginx" if target.pid else " " * 29
            times = f"p50 {mid['p50']:7.2f} ms  p99 {mid['p99']:7.2f} ms"
            print(f"  {target.name:8} {spent}  {mid['rate']:8.0f}/s  {times}  bad {bad:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing or not (MODULES / "ngx_http_lua_module.so").exists():
        sys.exit(
            f"skipped: needs Debian's nginx-extras and wrk (missing: {', '.join(missing) or 'the Lua module'})"
        )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        answers = f"content_by_lua_file {HERE / 'answers.lua'};"
        passes = (
            "proxy_pass http://model; proxy_http_version 1.1; proxy_buffering off;"
            ' proxy_set_header Connection ""; proxy_read_timeout 600s;'
        )
        with nginx(folder, "model", answers, 0) as model:
            port = int(model.url.split(":")[2].split("/")[0])
            with nginx(folder, "nginx", passes, port) as plain:
                started = time.monotonic()
                with RunningHanbok(folder, SETTINGS.format(port=port)) as hanbok:
                    print(f"very first start to announced: {time.monotonic() - started:.2f} s")
                    hanbok.stop()
                    started = time.monotonic()
                    hanbok.start()
                    print(f"start to announced: {time.monotonic() - started:.2f} s")
                    door = Target("hanbok", hanbok.api, hanbok.process.pid, hanbok.key)
                    for target in (model, plain, door):
                        check(target)
                    print(f"RSS idle: {rss(hanbok.process.pid):.0f} MiB")
                    measure([Target("direct", model.url, None), plain, door], options.seconds, options.rounds)
                    print(f"\nRSS after load: {rss(hanbok.process.pid):.0f} MiB")


if __name__ == "__main__":
    main()
