"""The source tree as the architecture tests see it."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "hanbok"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    """Return the path below the repository, as a test id."""
    return str(path.relative_to(ROOT))


@cache
def syntax(path: Path) -> ast.Module:
    """Return the parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def nodes(path: Path, *kinds: type[ast.AST]) -> list[Any]:
    """Return the syntax nodes of these kinds."""
    return [node for node in ast.walk(syntax(path)) if isinstance(node, kinds)]


@cache
def plugin_folders() -> list[Path]:
    """Return the plural folders that stand beside their contract: `recogniser.py`, `recognisers/`."""
    return [
        folder
        for folder in sorted(PACKAGE.rglob("*s"))
        if folder.is_dir() and (folder.parent / f"{folder.name.removesuffix('s')}.py").exists()
    ]


@cache
def plugins() -> list[Path]:
    """Return the files of all plug-ins."""
    return [
        file for folder in plugin_folders() for file in sorted(folder.glob("*.py")) if file.stem != "__init__"
    ]
