"""Rules 4 and 5 of the tree: one tree of errors, statuses in one place, no network at import."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from string import Formatter

import pytest

import hanbok
from architecture.tree import MODULES, PACKAGE, name, nodes
from hanbok.core.errors import HanbokError


def all_errors():
    for module in pkgutil.walk_packages(hanbok.__path__, "hanbok."):
        if not module.name.endswith(("__main__", ".child")):
            importlib.import_module(module.name)

    def below(cls):
        for one in cls.__subclasses__():
            yield one
            yield from below(one)

    return sorted(
        {one for one in below(HanbokError) if one.__module__.startswith("hanbok.")}, key=lambda e: e.__name__
    )


ERRORS = all_errors()


def fields(template):
    return {field for _, field, _, _ in Formatter().parse(template) if field}


def test_codes_are_unique_and_of_one_spelling():
    codes = [one.code for one in ERRORS]
    assert sorted(set(codes)) == sorted(codes)
    assert all(code.replace("_", "").isalnum() and code == code.lower() for code in codes)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_speaks_both_languages_of_the_same_facts(error):
    assert "code" in vars(error)
    assert fields(error.message.ko) == fields(error.message.en)
    assert any("가" <= letter <= "힣" for letter in error.message.ko)
    assert error.message.ko != error.message.en
    assert error.hint.ko
    assert error.hint.en


def test_statuses_are_chosen_in_http_only():
    """Reading a provider's status is fine; giving one of our own is not."""
    chosen = [
        f"{name(path)}:{node.value.lineno}"
        for path in MODULES
        if PACKAGE / "http" not in path.parents
        for node in nodes(path, ast.keyword)
        if node.arg == "status"
        and isinstance(node.value, ast.Constant)
        and node.value.value in range(400, 600)
    ]
    chosen += [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        if PACKAGE / "http" not in path.parents
        for node in nodes(path, ast.ImportFrom)
        if "HTTPStatus" in {alias.name for alias in node.names}
    ]
    assert chosen == []


def test_importing_everything_opens_no_connection():
    program = """
import importlib, pkgutil, sys
def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen"}:
        raise SystemExit(f"{event} {arguments[1:]} at import")
sys.addaudithook(refuse)
import hanbok
for module in pkgutil.walk_packages(hanbok.__path__, "hanbok."):
    if not module.name.endswith(("__main__", ".child")):
        importlib.import_module(module.name)
print(len(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
