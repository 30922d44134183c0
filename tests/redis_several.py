"""Several Redis on ports of this machine: a master with replicas and Sentinels, and a cluster."""

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Self

import pytest
import trustme


class Node:
    """One process. `options` are lines of its file; `told` are what redis-cli needs to be let in."""

    def __init__(
        self, program: str, folder: Path, name: str, options: list[str], told: list[str], *, sentinel: bool
    ) -> None:
        self.port, self._told = _free_port(), told
        self._file, self._log = folder / f"{name}.conf", folder / f"{name}.log"
        self._file.write_text(
            "\n".join(
                [*_port(self.port, tls="--tls" in told), "bind 127.0.0.1", f"dir {folder}", *options, ""]
            )
        )
        self._command = [program, self._file, *(["--sentinel"] if sentinel else [])]
        self.process: subprocess.Popen[bytes]

    def start(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        soon(lambda: self.said("PING") == "PONG", self._log)
        return self

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def said(self, *command: str) -> str:
        told = ["redis-cli", "-p", str(self.port), *self._told, *command]
        return subprocess.run(told, capture_output=True, text=True, check=False).stdout.strip()


class _Several(AbstractContextManager["_Several"]):
    def __init__(self) -> None:
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        if found is None:
            pytest.skip("no Redis or Valkey server (Debian: apt install redis-server)")
        self.program = found
        self.nodes: list[Node] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="hanbok-redis-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self.build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def build(self) -> None:
        raise NotImplementedError

    def node(self, *options: str, told: tuple[str, ...] = (), sentinel: bool = False) -> Node:
        made = Node(
            self.program, self.folder, f"node{len(self.nodes)}", list(options), list(told), sentinel=sentinel
        )
        self.nodes.append(made)
        self._stack.callback(made.kill)
        return made.start()


class SentinelStand(_Several):
    """A master with one replica, and three Sentinels. All speak TLS, with certificates of clients too, and have a
    user `hanbok` that may do just what it must.
    """

    NAME = "the-master"
    SENTINEL_PASSWORD = "p@ss/word"

    def build(self) -> None:
        self._certificates()
        self.password = secrets.token_hex(8)
        users, tls = _USERS.format(password=self.password).splitlines(), self._tls()
        cli = (
            "--tls",
            *(part for name in ("cert", "key", "cacert") for part in (f"--{name}", f"{self.folder}/{name}")),
        )
        self.master = self.node('save ""', *users, *tls, told=cli)
        self.replica = self.node('save ""', *users, *tls, f"replicaof 127.0.0.1 {self.master.port}", told=cli)
        soon(lambda: "master_link_status:up" in self.replica.said("INFO", "replication"))
        watched = (
            f"sentinel monitor {self.NAME} 127.0.0.1 {self.master.port} 2",
            f"sentinel down-after-milliseconds {self.NAME} 1000",
            f"sentinel failover-timeout {self.NAME} 2000",
            "user default off",
            f"user watcher on >{self.SENTINEL_PASSWORD} allchannels allkeys +@all",
            f"user hanbok on >{self.SENTINEL_PASSWORD} -@all +ping +sentinel|masters",
            "sentinel sentinel-user watcher",
            f"sentinel sentinel-pass {self.SENTINEL_PASSWORD}",
        )
        cli = (*cli, "--no-auth-warning", "--user", "watcher", "--pass", self.SENTINEL_PASSWORD)
        self.sentinels = [self.node(*watched, *tls, told=cli, sentinel=True) for _ in range(3)]
        soon(lambda: all(self._knows_all(one) for one in self.sentinels))

    def _certificates(self) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(self.folder / "cacert")
        issued.private_key_pem.write_to_path(self.folder / "key")
        issued.cert_chain_pems[0].write_to_path(self.folder / "cert")
        trustme.CA().cert_pem.write_to_path(self.folder / "another")

    def _tls(self) -> list[str]:
        files = {"cert": "cert", "key": "key", "ca-cert": "cacert"}
        named = [f"tls-{option}-file {self.folder / name}" for option, name in files.items()]
        return [*named, "tls-auth-clients yes", "tls-replication yes"]

    def _knows_all(self, one: Node) -> bool:
        told = one.said("SENTINEL", "MASTER", self.NAME).split()
        state = dict(zip(told[::2], told[1::2], strict=False))
        return (state.get("num-slaves"), state.get("num-other-sentinels")) == ("1", "2")

    def url(self, *nodes: Node, name: str = NAME) -> str:
        return f"rediss+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in nodes)}/{name}"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "url": self.url(*self.sentinels),
            "username": "hanbok",
            "password": self.password,
            "sentinel_username": "hanbok",
            "sentinel_password": self.SENTINEL_PASSWORD,
            "authorities": f"{self.folder}/cacert",
            "certificate": f"{self.folder}/cert",
            "key": f"{self.folder}/key",
        }


_USERS = """\
user default on nopass allkeys allchannels +@all
user hanbok on >{password} ~{{hanbok}}:* -@all +@hash +@set +@sortedset +@string +exists +expire +del +time +info \
+eval +evalsha +cluster|slots +command +asking"""


class ClusterStand(_Several):
    """Three masters; the one that has the slot of `{hanbok}` has a replica."""

    def build(self) -> None:
        self.password = secrets.token_hex(8)
        self._buses: list[int] = []
        self._common = [
            'save ""',
            "cluster-enabled yes",
            "cluster-node-timeout 1500",
            "cluster-replica-validity-factor 0",
            *_USERS.format(password=self.password).splitlines(),
        ]
        masters = [self._made() for _ in range(3)]
        for i, one in enumerate(masters):
            one.said("CLUSTER", "ADDSLOTSRANGE", str(16384 * i // 3), str(16384 * (i + 1) // 3 - 1))
        self.replica = self._made()
        for one, bus in zip(self.nodes[1:], self._buses[1:], strict=True):
            masters[0].said("CLUSTER", "MEET", "127.0.0.1", str(one.port), str(bus))
        slot = int(masters[0].said("CLUSTER", "KEYSLOT", "{hanbok}"))
        self.master = masters[slot * 3 // 16384]
        soon(lambda: all(one.said("CLUSTER", "NODES").count("connected") == 4 for one in self.nodes))
        self.replica.said("CLUSTER", "REPLICATE", self.master.said("CLUSTER", "MYID"))
        soon(lambda: all("cluster_state:ok" in one.said("CLUSTER", "INFO") for one in self.nodes))
        soon(lambda: "master_link_status:up" in self.replica.said("INFO", "replication"))

    def _made(self) -> Node:
        self._buses.append(_free_port())
        file = f"cluster-config-file nodes{len(self.nodes)}.conf"
        return self.node(*self._common, file, f"cluster-port {self._buses[-1]}")

    @property
    def settings(self) -> dict[str, str]:
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.nodes)
        return {"url": f"redis+cluster://{hosts}", "username": "hanbok", "password": self.password}


def soon(said, log: Path | None = None) -> None:
    end = time.monotonic() + 20
    while not said():
        assert time.monotonic() < end, log.read_text() if log else "it never came to be"
        time.sleep(0.05)


def _port(port: int, *, tls: bool) -> list[str]:
    return ["port 0", f"tls-port {port}"] if tls else [f"port {port}"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
