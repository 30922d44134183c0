"""Databases to test with: SQLite always, PostgreSQL where its server's programs and a driver are installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from hanbok.store.database import Store


def postgres_programs() -> Path | None:
    found = shutil.which("initdb")
    known = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return known[-1] if known else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """The folder with the socket of a PostgreSQL server of our own. Skips where there is none."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server programs (Debian: apt install postgresql)")
    run_as: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        if "postgres" not in {user.pw_name for user in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user `postgres`")
        run_as = ["runuser", "-u", "postgres", "--"]
    folder = Path(tempfile.mkdtemp(prefix="hanbok-pg-"))
    if run_as:
        shutil.chown(folder, "postgres")
    control = [*run_as, programs / "pg_ctl", "-D", folder / "data", "-s", "-w"]
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    try:
        subprocess.run(
            [
                *run_as,
                programs / "initdb",
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], check=True, cwd=folder)
        yield folder
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database, once for each kind that hanbok supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hanbok.db"
    pytest.importorskip("psycopg", reason="no PostgreSQL driver (extra `postgres`)")
    server = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex}"
    subprocess.run(
        ["psql", "-q", "-U", "postgres", "-h", server, "-c", f"CREATE DATABASE {name}"], check=True
    )
    return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()
