"""Rule 3 of the tree: every recogniser, dialect and endpoint has golden cases, and one that must not fire."""

import pytest

from architecture.tree import PACKAGE, ROOT, name

GOLDEN = ROOT / "tests" / "golden"
KINDS = {
    "recogniser": "guard/recognisers",
    "operator": "guard/operators",
    "document": "documents/formats",
    "dialect": "gateway/dialects",
    "front": "gateway/fronts",
    "endpoint": "gateway/endpoints",
    "reader": "studio/curate/readers",
    "filter": "studio/curate/filters",
    "checker": "studio/evaluate/checkers",
    "format": "studio/evaluate/formats",
    "method": "studio/evaluate/methods",
    "task": "studio/evaluate/tasks",
}
FILES = [
    (kind, file)
    for kind, folder in KINDS.items()
    for file in sorted((PACKAGE / folder).glob("*.py"))
    if file.stem != "__init__"
]


@pytest.mark.parametrize(("kind", "file"), FILES, ids=[name(file) for _, file in FILES])
def test_a_plugin_has_golden_cases(kind, file):
    cases = [one for one in (GOLDEN / kind).glob(f"{file.stem}*") if one.suffix != ".py"]
    assert cases, f"no tests/golden/{kind}/{file.stem}*"
