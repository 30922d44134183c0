"""Every code block of the front pages and the documentation runs, against a real server with the embedded model."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from architecture.tree import ROOT
from hanbok.settings.corpus_plan import read_corpus_plan
from hanbok.settings.reading import load
from hanbok.settings.recipes import read_recipe
from hanbok.studio.evaluate.suite import suite_in
from hanbok.testing.running import RunningHanbok

PAGES = [
    *(ROOT / name for name in ("README.md", "README.ko.md")),
    *(path for language in ("ko", "en") for path in sorted((ROOT / "docs" / language).rglob("*.md"))),
]
FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8700"
RUN, ONLY_SHOWN = {"bash", "python", "yaml", "sh"}, {"text", "{toctree}", "{literalinclude}"}
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in FENCE.finditer(text):
            yield Block(page, text[: found.start()].count("\n") + 1, found[1], found[2])


ALL = list(blocks())


def of(*languages: str) -> list[Block]:
    return [block for block in ALL if block.language in languages]


def once(blocks: list[Block]) -> list[Block]:
    """Return the blocks without those that say, letter by letter, what another one says in the other language."""
    first: dict[str, Block] = {}
    for block in blocks:
        first.setdefault(block.text, block)
    return list(first.values())


@pytest.fixture(scope="module")
def server(tmp_path_factory, lay_weights):
    folder = tmp_path_factory.mktemp("docs")
    lay_weights(folder / "var" / "endpoints" / "home")
    with RunningHanbok(folder, "server: {port: 0}\n") as running:
        yield running


def test_every_block_names_a_language_that_a_test_knows():
    assert [str(block) for block in ALL if block.language not in RUN | ONLY_SHOWN] == []


@pytest.mark.model
@pytest.mark.parametrize("block", once(of("bash", "python")), ids=str)
def test_a_block_runs_as_pasted(block, server):
    command = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*command, block.text.replace(ADDRESS, server.url)],
        cwd=server.folder,
        env=os.environ | tools | {"HANBOK_KEY": server.key, "HANBOK_URL": server.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    assert done.stdout.strip()
    assert '"error"' not in done.stdout or "nowhere" in block.text


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_a_settings_file_a_recipe_or_a_suite_is_valid(block, tmp_path):
    if block.text.startswith("# suite\n"):
        assert suite_in(block.text, "suite.yaml").tasks
        return
    if block.text.startswith("# corpus\n"):
        (tmp_path / "plan.yaml").write_text(block.text, encoding="utf-8")
        assert read_corpus_plan(tmp_path / "plan.yaml").sources
        return
    recipe = block.text.startswith("# recipe\n")
    path = tmp_path / ("recipe.yaml" if recipe else "hanbok.yaml")
    path.write_text(block.text, "utf-8")
    read = read_recipe(path, None, {}) if recipe else load(path, {})
    assert read.source == path


@pytest.mark.parametrize("block", of("sh"), ids=str)
def test_what_a_person_types_first_exists(block):
    """These start a server or make an environment, which the tests of `make` itself do."""
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    for line in block.text.strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] in {"make", "git", "cd"}
        if words[0] == "make":
            assert words[1] in targets, line
