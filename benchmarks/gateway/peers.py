"""Other gateways, started as their makers document it for production: one worker, no database, the same stand-in model.

Each has an environment of its own in a folder outside the repository; a missing one is made from PyPI or npm.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from target import Target, free_port, wait_for

_SECONDS = 120.0
"""How long a peer may take to start: the slowest imports for half a minute on a busy machine."""
_LITELLM = """\
model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "{model}", api_key: none, input_cost_per_token: 0.000001}}
general_settings: {{master_key: sk-bench}}
litellm_settings: {{request_timeout: 600, set_verbose: false, json_logs: true, telemetry: false}}
"""
_LITELLM_ENVIRONMENT = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_SALT_KEY": "sk-bench",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
}
_TENSORZERO = """\
gateway.observability.enabled = false
[models.bench]
routing = ["up"]
[models.bench.providers.up]
type = "openai"
model_name = "bench"
api_base = "{model}/"
api_key_location = "none"
"""
# The wheel carries the gateway without a command to start it, and it chooses its port by itself.
_TENSORZERO_START = """\
import pathlib, sys, threading
from tensorzero import tensorzero
gateway = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
pathlib.Path(sys.argv[2]).write_text(str(gateway.base_url).split("/openai")[0] + "/openai/v1\\n")
threading.Event().wait()
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    packages: tuple[str, ...]
    npm: bool = False
    start: Callable[[Path, Path, str], tuple[Target, subprocess.Popen[bytes]]]
    """Takes the peer's environment, a folder for its files and the model's base address."""


def _litellm(home: Path, folder: Path, model: str) -> tuple[Target, subprocess.Popen[bytes]]:
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(_LITELLM.format(model=model))
    command = [home / "bin" / "litellm", "--host", "127.0.0.1", "--port", str(port), "--config", config]
    process = _run([*command, "--num_workers", "1"], folder / "litellm.log", _LITELLM_ENVIRONMENT)
    wait_for(port, _SECONDS)
    return Target(name="litellm", url=f"http://127.0.0.1:{port}/v1", pid=process.pid, key="sk-bench"), process


def _tensorzero(home: Path, folder: Path, model: str) -> tuple[Target, subprocess.Popen[bytes]]:
    config = folder / "tensorzero.toml"
    config.write_text(_TENSORZERO.format(model=model))
    told = folder / "tensorzero.url"
    process = _run(
        [home / "bin" / "python", "-c", _TENSORZERO_START, config, told], folder / "tensorzero.log", {}
    )
    end = time.monotonic() + _SECONDS
    while not (told.exists() and told.read_text().endswith("\n")):
        if time.monotonic() > end:
            raise TimeoutError(told)
        time.sleep(0.05)
    name = "tensorzero::model_name::bench"
    return Target(name="tensorzero", url=told.read_text().strip(), pid=process.pid, model=name), process


def _portkey(home: Path, folder: Path, model: str) -> tuple[Target, subprocess.Popen[bytes]]:
    port = free_port()
    program = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    command = ["node", program, f"--port={port}", "--headless"]
    process = _run(command, folder / "portkey.log", {"NODE_ENV": "production"})
    wait_for(port, _SECONDS)
    headers = (("x-portkey-provider", "openai"), ("x-portkey-custom-host", model))
    return Target(
        name="portkey", url=f"http://127.0.0.1:{port}/v1", pid=process.pid, headers=headers
    ), process


PEERS = {
    "litellm": Peer(packages=("litellm[proxy]==1.106.2",), start=_litellm),
    "tensorzero": Peer(packages=("tensorzero==2026.6.0",), start=_tensorzero),
    # hono as in the gateway's own lock file: with a newer one every stream ends in HTTP 500.
    "portkey": Peer(
        packages=(
            "@portkey-ai/gateway@1.15.2",
            "@hono/node-server@1.13.5",
            "hono@4.9.7",
            "@hono/node-ws@1.2.0",
        ),
        npm=True,
        start=_portkey,
    ),
}


@contextmanager
def running(names: list[str], homes: Path, folder: Path, model: str) -> Iterator[list[Target]]:
    """Start these peers in front of a model; those that cannot be installed here are left out, and it is said."""
    targets = []
    with ExitStack() as stack:
        for name in names:
            if (home := _environment(name, homes)) is None:
                print(f"{name}: could not be installed, left out")
                continue
            started = time.monotonic()
            target, process = PEERS[name].start(home, folder, model)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            print(f"{name}: start to listening: {time.monotonic() - started:.1f} s")
            targets.append(target)
        yield targets


def _environment(name: str, homes: Path) -> Path | None:
    peer, home = PEERS[name], homes / name
    made = home / ("node_modules" if peer.npm else "bin")
    if made.exists():
        return home
    print(f"{name}: installing into {home}", file=sys.stderr, flush=True)
    home.mkdir(parents=True, exist_ok=True)
    if peer.npm:
        commands = [["npm", "init", "-y"], ["npm", "install", "--silent", *peer.packages]]
    else:
        commands = [
            [sys.executable, "-m", "venv", "."],
            ["bin/python", "-m", "pip", "install", "--quiet", *peer.packages],
        ]
    if shutil.which(commands[0][0]) is None or any(
        subprocess.run(command, cwd=home, stdout=subprocess.DEVNULL, check=False).returncode
        for command in commands
    ):
        shutil.rmtree(home)
        return None
    return home


def _run(command: list[str | Path], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("w") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | environment)
