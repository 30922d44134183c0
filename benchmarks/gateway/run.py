"""CPU a request: hanbok with everything on, beside no proxy, nginx as a plain proxy and other gateways, in one run.

    python benchmarks/gateway/run.py [--seconds 5] [--rounds 3] [--peers litellm,tensorzero,portkey] [--homes FOLDER]

Needs Debian's nginx-extras (the stand-in model and the plain proxy) and wrk (the load). CPU time is what the kernel
counts for the process tree of the proxy, over the requests that wrk saw answered; compare ratios within one run only.
The other gateways check one key at most: they limit, guard, judge and record nothing here.

FOLDER holds one environment a peer (default $HANBOK_PEERS, else one below the temporary directory); a missing one is
made and the peer installed from PyPI or npm. `--peers ""` measures none.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from target import Target, cpu, free_port, rss, wait_for

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from peers import PEERS, running

HERE = Path(__file__).parent
MODULES = Path("/usr/lib/nginx/modules")
DEFAULT_HOMES = os.environ.get("HANBOK_PEERS", str(Path(tempfile.gettempdir()) / "hanbok-peers"))
SETTINGS = """\
server: {{port: 0, workers: {workers}}}
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
PASSES = (
    "proxy_pass http://model; proxy_http_version 1.1; proxy_buffering off;"
    ' proxy_set_header Connection ""; proxy_read_timeout 600s;'
)
FILLER = "오늘 회의에서 정한 일정과 담당 부서를 정리해 다음 주 보고서에 넣어 주세요. "


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
        "stream of 20 chunks, 512 at once": (body(1024, "[[n=20 gap=50]] ", stream=True), 512),
    }


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
        yield Target(name=role, url=f"http://127.0.0.1:{port}/v1", pid=process.pid)
    finally:
        process.terminate()
        process.wait()


def stand_in(stack: ExitStack, folder: Path) -> tuple[Target, int]:
    """Start the stand-in model; return it and its port."""
    model = stack.enter_context(nginx(folder, "model", f"content_by_lua_file {HERE / 'answers.lua'};", 0))
    return model, int(model.url.split(":")[2].split("/")[0])


def load(target: Target, payload: bytes, connections: int, seconds: int) -> dict[str, float]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(
            payload.replace(b'"model": "bench"', json.dumps({"model": target.model}).encode()[1:-1], 1)
        )
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s"]
        before = cpu(target.pid) if target.pid else 0.0
        done = subprocess.run(
            [*command, str(HERE / "load.lua"), f"{target.url}/chat/completions"],
            env=os.environ
            | {
                "BENCH_BODY": file.name,
                "BENCH_KEY": target.key,
                "BENCH_HEADERS": "".join(f"{name}={value}\n" for name, value in target.headers),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        spent = (cpu(target.pid) if target.pid else 0.0) - before
    line = next(line for line in done.stdout.splitlines() if line.startswith("BENCH "))
    result = json.loads(line.removeprefix("BENCH "))
    return {
        "requests": result["requests"],
        "cpu": spent / max(result["requests"], 1) * 1e6,
        "rate": result["requests"] / result["microseconds"] * 1e6,
        "p50": result["p50"] / 1000,
        "p99": result["p99"] / 1000,
        "bad": result["bad"],
    }


def check(target: Target) -> None:
    """Ask once, for longer than a listening peer may need to be ready. Raises when the answer is not the model's."""
    headers = {
        "authorization": f"Bearer {target.key}",
        "content-type": "application/json",
        **dict(target.headers),
    }
    asked = json.loads(body(64)) | {"model": target.model}
    request = urllib.request.Request(f"{target.url}/chat/completions", json.dumps(asked).encode(), headers)
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                said = answer.read().decode()
                assert "다람쥐" in said, f"{target.name}: {said[:300]}"
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


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
            spent = f"{mid['cpu']:8.1f} us CPU  {mid['cpu'] / plain:6.1f}x nginx" if target.pid else " " * 30
            times = f"p50 {mid['p50']:7.2f} ms  p99 {mid['p99']:7.2f} ms"
            print(f"  {target.name:10} {spent}  {mid['rate']:8.0f}/s  {times}  bad {bad:.0f}")


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--peers", default=",".join(PEERS), help="which other gateways, comma-separated")
    options.add_argument(
        "--homes", type=Path, default=Path(DEFAULT_HOMES), help="folder of their environments"
    )
    return options


def need_programs() -> None:
    """Leave with a word about it when a program is missing."""
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing or not (MODULES / "ngx_http_lua_module.so").exists():
        sys.exit(
            f"skipped: needs Debian's nginx-extras and wrk (missing: {', '.join(missing) or 'the Lua module'})"
        )


def main() -> None:
    options = parser().parse_args()
    need_programs()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        model, port = stand_in(stack, folder)
        plain = stack.enter_context(nginx(folder, "nginx", PASSES, port))
        hanbok = stack.enter_context(server(folder / "one", port, workers=1))
        two = stack.enter_context(server(folder / "two", port, workers=2))
        peers = stack.enter_context(
            running([name for name in options.peers.split(",") if name], options.homes, folder, model.url)
        )
        doors = [
            Target(name=name, url=one.api, pid=one.process.pid, key=one.key)
            for name, one in (("hanbok", hanbok), ("2 workers", two))
        ]
        direct = Target(name="direct", url=model.url)
        for target in (direct, plain, *doors, *peers):
            check(target)
        print(f"RSS idle: {memory([*doors, *peers])}")
        measure([direct, plain, *doors, *peers], options.seconds, options.rounds)
        print(f"\nRSS after load: {memory([*doors, *peers])}")


@contextmanager
def server(folder: Path, port: int, *, workers: int) -> Iterator[RunningHanbok]:
    folder.mkdir()
    started = time.monotonic()
    with RunningHanbok(folder, SETTINGS.format(port=port, workers=workers)) as hanbok:
        first = time.monotonic() - started
        hanbok.stop()
        started = time.monotonic()
        hanbok.start()
        again = time.monotonic() - started
        print(f"hanbok, {workers} workers: very first start to announced {first:.2f} s, start {again:.2f} s")
        yield hanbok


def memory(targets: list[Target]) -> str:
    return ", ".join(f"{one.name} {rss(one.pid):.0f} MiB" for one in targets if one.pid)


if __name__ == "__main__":
    main()
