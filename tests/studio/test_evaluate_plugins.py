"""Every format, checker, kind of task and method against its golden file."""

import json
from pathlib import Path

import msgspec
import pytest

from hanbok.core.plugin import names
from hanbok.core.secret import Secret
from hanbok.core.values import Text
from hanbok.studio.evaluate.asking import Counter, Door, Patience
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.method import Question
from hanbok.studio.evaluate.pinned import pinned
from hanbok.studio.evaluate.plugs import CHECKERS, FORMATS, METHODS, TASKS, plug
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDERS = {"format": FORMATS, "checker": CHECKERS, "task": TASKS, "method": METHODS}


def lines(kind, name):
    return [json.loads(line) for line in (GOLDEN / kind / f"{name}.jsonl").read_text("utf-8").splitlines()]


def cases(kind):
    found = [(name, case) for name in names(FOLDERS[kind]) for case in lines(kind, name)]
    ids = [f"{name}-{place}" for place, (name, _) in enumerate(found)]
    return pytest.mark.parametrize(("name", "case"), found, ids=ids)


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_plugin_has_cases_that_pass_and_one_that_does_not(kind):
    assert {path.stem for path in (GOLDEN / kind).glob("*.jsonl")} == set(names(FOLDERS[kind]))
    fails = {
        "format": lambda case: case.get("refused", False),
        "checker": lambda case: case["mark"] == 0,
        "task": lambda case: case["marks"].get("unread", 0) == 1,
        "method": lambda case: case["choice"] is None,
    }[kind]
    for name in names(FOLDERS[kind]):
        assert {fails(case) for case in lines(kind, name)} == {True, False}, name


@cases("format")
def test_a_row_becomes_items_or_is_refused(name, case):
    reader = plug(FORMATS, name)({"language": "ko"} | case.get("options", {}))
    if case.get("refused"):
        with pytest.raises((KeyError, ValueError, TypeError, IndexError, AttributeError)):
            list(reader.read(case["row"], "here-1"))
        return
    found = json.loads(msgspec.json.encode(list(reader.read(case["row"], "here-1"))))
    assert len(found) == len(case["items"])
    for item, wanted in zip(found, case["items"], strict=True):
        assert {field: item[field] for field in wanted} == wanted


@cases("checker")
def test_a_text_gets_its_mark(name, case):
    item = msgspec.convert({"id": "1", **case["item"]}, Item)
    assert plug(CHECKERS, name)(case["options"]).check(case["text"], item) == pytest.approx(case["mark"])


@cases("task")
def test_an_answer_gets_its_marks(name, case, tmp_path):
    spec = dict(case["spec"])
    (tmp_path / "rows.jsonl").write_text('{"id": "1", "qid": "1", "ranking": ["a"]}\n', encoding="utf-8")
    pin = pinned(tmp_path / "rows.jsonl", tmp_path)
    roles = ["rows", *(role for role in ("against", "rankings") if spec.pop(role, False))]
    task = plug(TASKS, name)(
        TaskSpec(
            name="t",
            title=Text(ko="과제", en="task"),
            kind=name,
            format="mcq",
            files=dict.fromkeys(roles, pin),
            **{field: tuple(value) if isinstance(value, list) else value for field, value in spec.items()},
        ),
        tmp_path,
    )
    item = msgspec.convert(case["item"], Item)
    answer = msgspec.convert({"task": "t", "id": "1", "protocol": "p", **case["answer"]}, Answer)
    marked = task.mark(item, answer)
    assert marked.marks == pytest.approx(case["marks"])
    assert task.mark(item, marked) == marked
    figures = task.total([marked, marked], {"1": item})
    assert task.main in figures
    assert task.paired in marked.marks
    assert all(figure.low <= figure.value <= figure.high for figure in figures.values())


class Canned:
    """An endpoint that gives these answers, one after another."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.asked = []

    async def post(self, url, _headers, body, _timeouts):
        self.asked.append((url, json.loads(body)))
        self.status, self.headers = 200, {}
        self.body = json.dumps(self.answers.pop(0)).encode()
        return self

    async def whole(self, _limit):
        return self.body


@cases("method")
async def test_a_choice_is_read(name, case):
    endpoint = Canned(case["answers"])
    door = Door(endpoint, "http://127.0.0.1/v1", "m", Secret(), Patience())
    question = msgspec.convert(case["question"], Question)
    chosen = await plug(METHODS, name)().choose(question, door, Counter())
    assert chosen.choice == case["choice"]
    assert endpoint.answers == []
