"""Rule 3 and 7 of the tree: the reference leaves nothing out, and both languages have the same headings."""

import json
import re
import subprocess
import sys
from functools import cache

import pytest
from generate import FOLDER, PLUGINS, all_commands, all_errors, all_settings

from architecture.tree import ROOT
from hanbok.core.plugin import names
from hanbok.guard.kinds import kinds

LANGUAGES = ("ko", "en")
GENERATED = ("errors", "settings", "commands", "plugins", "kinds")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@cache
def reference(language: str) -> dict[str, str]:
    """Return the generated pages; the commands keep the language of the process, so it is a new one."""
    program = "import json, sys; from generate import pages; print(json.dumps(pages(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", program, language], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def headings(text: str) -> list[tuple[int, str]]:
    return [(len(marks), title) for marks, title in HEADING.findall(FENCE.sub("", text))]


def titles(language: str, page: str) -> set[str]:
    return {title for _, title in headings(reference(language)[f"reference/{page}.md"])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_setting_command_plugin_and_kind_has_its_heading(language):
    assert {one.code for one in all_errors()} <= titles(language, "errors")
    assert {path for path, *_ in all_settings()} <= titles(language, "settings")
    assert {" ".join(path) for path, _ in all_commands()} <= titles(language, "commands")
    assert {name for folder in PLUGINS for name in names(folder)} <= titles(language, "plugins")
    assert set(kinds()) <= titles(language, "kinds")


@pytest.mark.parametrize("page", [f"reference/{page}.md" for page in GENERATED] + ["law/packs.md"])
def test_generated_pages_have_the_same_headings_in_both_languages(page):
    korean, english = (headings(reference(language)[page]) for language in LANGUAGES)
    assert korean[1:] == english[1:]
    assert len(korean) > 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_generated_page_is_in_its_language(language):
    errors = FENCE.sub("", reference(language)["reference/errors.md"])
    korean = len(re.findall("[가-힣]", errors))
    assert korean > 1000 if language == "ko" else korean < 100


def written(language: str) -> dict[str, list[tuple[int, str]]]:
    folder = FOLDER / language
    names = {str(path.relative_to(folder)): path for path in folder.rglob("*.md")}
    return {
        name: headings(path.read_text("utf-8"))
        for name, path in names.items()
        if name not in reference(language)
    }


def test_both_languages_have_the_same_pages_with_the_same_outline():
    korean, english = written("ko"), written("en")
    assert korean.keys() == english.keys()
    for name, outline in korean.items():
        assert [level for level, _ in outline] == [level for level, _ in english[name]], name


def test_both_front_pages_have_the_same_outline():
    korean, english = (headings((ROOT / name).read_text("utf-8")) for name in ("README.ko.md", "README.md"))
    assert [level for level, _ in korean] == [level for level, _ in english]


def test_the_first_command_comes_within_sixty_words():
    before = (ROOT / "README.md").read_text("utf-8").partition("make run")[0]
    assert len(before.split()) <= 60
