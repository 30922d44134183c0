"""What a harness costs beside the model: CPU time of its process for each request, and for its start.

    python benchmarks/evaluation.py [PEERS]

The same rows are asked of the same stand-in, a process of its own that answers with ready bytes, eight at a time:
once few rows and once many, so that the difference is the requests' and the rest the start's. PEERS is a folder
outside the repository with one environment a peer (default $HANBOK_PEERS, else one below the temporary directory);
a missing one is made and the peer installed from PyPI, nothing else is fetched.
"""

import asyncio
import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import uvloop

FEW, MANY, ROUNDS, AT_ONCE = 100, 500, 2, 8
OWN = 5000
"""Rows for hanbok: a few hundred of its requests vanish in the noise of a start."""
PEERS: Final = {"lm_eval": "lm-eval[api]==0.4.13", "inspect": "inspect-ai==0.3.285 openai"}
DEFAULT_PEERS: Final = Path(tempfile.gettempdir()) / "hanbok-peers"
MESSAGE = {"role": "assistant", "content": "42"}
ANSWER = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42},
    }
).encode()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


class Server(asyncio.Protocol):
    """Answers each whole request with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            _, told, rest = head.partition(b"content-length:")
            size = int(rest.split(b"\r\n", 1)[0]) if told else 0
            if len(self.held) < end + 4 + size:
                return
            self.held = self.held[end + 4 + size :]
            self.transport.write(REPLY)


def serve(pipe: multiprocessing.connection.Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    cpu: float
    memory: float
    """MiB at most."""


def run(command: list[str], folder: Path) -> Spent:
    """Run a command to its end, and return what it and its children took."""
    environment = os.environ | {
        "OPENAI_API_KEY": "x",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
        "INSPECT_LOG_DIR": str(folder / "logs"),
    }
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]}: {(folder / 'output.txt').read_text()[-2000:]}")
    return Spent(cpu=used.ru_utime + used.ru_stime, memory=used.ru_maxrss / 1024)


def rows(folder: Path, count: int) -> Path:
    """Write the questions, of some 300 characters each."""
    path = folder / f"rows{count}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            question = f"{n}번. " + "통신 요금 안내문을 읽고 물음에 답하십시오. " * 12
            answer = str(42 + n % 2)
            row = {
                "id": f"q{n}",
                "lang": "ko",
                "question": question,
                "answers": [{"texts": [answer], "count": 1}],
            }
            row |= {"input": question, "target": answer}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def hanbok(folder: Path, url: str, count: int, turn: int) -> list[str]:
    path = rows(folder, count)
    pin = {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": count}
    task = {
        "name": "t",
        "title": {"ko": "과제", "en": "task"},
        "kind": "generation",
        "format": "shortanswer",
        "checkers": {"exact": {}},
        "files": {"rows": pin},
        "max_tokens": 16,
    }
    suite = folder / f"suite{count}.yaml"
    suite.write_text(json.dumps({"suite": "s", "title": task["title"], "tasks": [task]}), encoding="utf-8")
    out = folder / f"scores{count}-{turn}"
    asked = ["--url", f"{url}/v1", "--model", "m", "--concurrency", str(AT_ONCE), "--out", str(out)]
    return [sys.executable, "-m", "hanbok", "model", "evaluate", str(suite), "--data", str(folder), *asked]


def lm_eval(folder: Path, url: str, count: int, _: int, home: Path) -> list[str]:
    path = rows(folder, count)
    task = {
        "task": f"t{count}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(path)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{input}}",
        "doc_to_target": "{{target}}",
        "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 16, "temperature": 0.0},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    (folder / f"t{count}.yaml").write_text(json.dumps(task), encoding="utf-8")
    model = f"model=m,base_url={url}/v1/chat/completions,num_concurrent={AT_ONCE},tokenized_requests=False"
    named = ["--model", "local-chat-completions", "--model_args", model, "--apply_chat_template"]
    return [
        str(home / "bin" / "lm_eval"),
        "run",
        *named,
        "--include_path",
        str(folder),
        "--tasks",
        f"t{count}",
    ]


def inspect(folder: Path, url: str, count: int, _: int, home: Path) -> list[str]:
    path = rows(folder, count)
    program = f"""
from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

@task
def t{count}():
    return Task(dataset=json_dataset({str(path)!r}), solver=generate(), scorer=exact())
"""
    (folder / f"t{count}.py").write_text(program, encoding="utf-8")
    model = ["--model", "openai-api/local/m", "--model-base-url", f"{url}/v1", "-M", "api_key=x"]
    settled = ["--max-connections", str(AT_ONCE), "--max-tokens", "16", "--display", "none"]
    return [str(home / "bin" / "inspect"), "eval", f"t{count}.py", *model, *settled]


def installed(peers: Path, name: str) -> Path:
    home = peers / name
    if not (home / "bin" / name).exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "-q", *PEERS[name].split()], check=True)
    return home


def measured(
    build: Callable[[int, int], list[str]], folder: Path, most: int = MANY
) -> tuple[float, float, float]:
    """Return milliseconds of CPU a request, seconds of the start, and MiB: the least of a few rounds."""
    few = min((run(build(FEW, turn), folder) for turn in range(ROUNDS)), key=lambda one: one.cpu)
    many = min((run(build(most, turn), folder) for turn in range(ROUNDS)), key=lambda one: one.cpu)
    each = (many.cpu - few.cpu) / (most - FEW)
    return each * 1000, few.cpu - FEW * each, many.memory


def main() -> None:
    peers = Path(sys.argv[1] if sys.argv[1:] else os.environ.get("HANBOK_PEERS", DEFAULT_PEERS))
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    builders = {"lm_eval": lm_eval, "inspect": inspect}
    print(
        f"{MANY} rows, {AT_ONCE} at once, a stand-in endpoint; CPU time of the harness, least of {ROUNDS}\n"
    )
    print("| harness | ms CPU a request | s CPU to start | MiB |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        each, start, memory = measured(lambda count, turn: hanbok(folder, url, count, turn), folder, OWN)
        print(f"| hanbok | {each:.2f} | {start:.1f} | {memory:.0f} |", flush=True)
        for name, build in builders.items():
            home = installed(peers, name)
            each, start, memory = measured(
                lambda count, turn, build=build, home=home: build(folder, url, count, turn, home), folder
            )
            print(f"| {PEERS[name].split()[0]} | {each:.2f} | {start:.1f} | {memory:.0f} |", flush=True)
    server.kill()


if __name__ == "__main__":
    main()
