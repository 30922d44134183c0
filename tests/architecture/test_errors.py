"""Rules 4 and 5 of the tree: one tree of errors, statuses in one place, no network at import."""

import ast
import subprocess
import sys
from string import Formatter

import pytest
from generate import all_errors, modules

from architecture.tree import MODULES, PACKAGE, name, nodes

ERRORS = all_errors()


def fields(template):
    """Names of the facts; one that comes in two languages counts once."""
    return {
        field.removesuffix("_ko").removesuffix("_en")
        for _, field, _, _ in Formatter().parse(template)
        if field
    }


def test_codes_are_unique_and_of_one_spelling():
    codes = [one.code for one in ERRORS]
    assert sorted(set(codes)) == sorted(codes)
    assert all(code.replace("_", "").isalnum() and code == code.lower() for code in codes)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_speaks_both_languages_of_the_same_facts(error):
    assert "code" in vars(error)
    assert fields(error.message.ko) == fields(error.message.en)
    assert error.message.ko != error.message.en
    assert error.hint.ko
    assert error.hint.en


def test_statuses_are_chosen_in_http_only():
    """Reading a provider's status is fine; giving one of our own is not."""
    outside = [path for path in MODULES if PACKAGE / "http" not in path.parents]
    chosen = [
        f"{name(path)}:{call.lineno}"
        for path in outside
        for call in nodes(path, ast.Call)
        if isinstance(call.func, ast.Name) and call.func.id == "Reply"
        for given in call.keywords
        if given.arg == "status" and isinstance(given.value, ast.Constant) and given.value.value >= 400
    ]
    chosen += [
        f"{name(path)}:{node.lineno}"
        for path in outside
        for node in nodes(path, ast.ImportFrom)
        if "HTTPStatus" in {alias.name for alias in node.names}
    ]
    assert chosen == []


def test_importing_everything_opens_no_connection():
    program = """
import importlib, sys
def refuse(event, arguments):
    if event == "socket.bind" and arguments[1][:2] == ("::1", 0):
        return  # urllib3, which transformers needs, so asks whether this machine speaks IPv6
    if event in {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen"}:
        raise SystemExit(f"{event} {arguments[1:]} at import")
sys.addaudithook(refuse)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, *modules()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
