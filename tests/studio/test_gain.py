"""The gate on gain: better beyond chance, on the same rows, or no release."""

import msgspec
import pytest

from hanbok.core.values import Text
from hanbok.studio.artifacts import Kind, make
from hanbok.studio.errors import NoGain
from hanbok.studio.gain import COMPARISON, Gain, GainPlan
from hanbok.studio.scores import Answer, Protocol, Scores, Spent, Subject, TaskScore
from hanbok.studio.significance import wilson

TITLE = Text(ko="시험", en="test")


class Nobody:
    def begin(self, what, total, unit):
        pass

    def advance(self, done):
        pass


def scores(store, name, **tasks):
    """Scores of tasks, each given as its marks."""

    def work(folder):
        told, answers = [], []
        for task, marks in tasks.items():
            protocol = Protocol(
                kind="classification", data={"rows": task}, rows=str(len(marks)), prompt="{{ question }}"
            )
            told.append(
                TaskScore(
                    name=task,
                    title=TITLE,
                    language="ko",
                    main="accuracy",
                    paired="accuracy",
                    metrics={"accuracy": wilson(sum(marks), len(marks))},
                    protocol=protocol,
                    rows=len(marks),
                )
            )
            answers += [
                Answer(task=task, id=str(row), protocol=protocol.digest, marks={"accuracy": float(mark)})
                for row, mark in enumerate(marks)
            ]
        whole = Scores(
            subject=Subject(name=name, kind="embedded"),
            suite="s",
            title=TITLE,
            tasks=told,
            spent=Spent(requests=1, input=1, output=1, seconds=1, wall=1),
            harness="test",
            made_at="2026-11-22",
        )
        (folder / "scores.json").write_bytes(msgspec.json.encode(whole))
        (folder / "answers.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in answers))
        return {}

    return make(store, Kind.SCORES, name, tasks, {}, work)


def compared(tmp_path, before, after, plan=GainPlan()):  # noqa: B008 - it never changes
    stage = Gain(plan)
    inputs = {"scores_base": scores(tmp_path, "base", **before), "scores": scores(tmp_path, "tuned", **after)}
    return make(
        tmp_path,
        stage.makes,
        stage.name,
        stage.spec,
        inputs,
        lambda folder: stage.run(inputs, folder, Nobody()),
    )


LOW, HIGH, SAME = [1] * 10 + [0] * 30, [1] * 35 + [0] * 5, [1] * 12 + [0] * 28


def test_a_gain_beyond_chance_passes_and_is_kept(tmp_path):
    made = compared(tmp_path, {"held_out": LOW}, {"held_out": HIGH})
    told = made.manifest.facts["tasks"]["held_out"]
    assert (told["before"], told["after"], told["gain"], told["rows"]) == (0.25, 0.875, 0.625, 40)
    assert told["p"] < 0.001
    assert (made.path / COMPARISON).exists()


@pytest.mark.parametrize(
    ("before", "after", "tasks"),
    [
        ({"held_out": LOW}, {"held_out": LOW}, ()),
        ({"held_out": LOW}, {"held_out": SAME}, ()),
        ({"held_out": HIGH}, {"held_out": LOW}, ()),
        ({"a": LOW, "b": HIGH}, {"a": HIGH, "b": LOW}, ()),
        ({"a": LOW, "b": LOW}, {"a": HIGH, "b": SAME}, ("a", "b")),
        ({"a": LOW}, {"a": HIGH}, ("a", "absent")),
    ],
    ids=["the same", "chance", "worse", "one of two worse", "one of two not better", "one not asked"],
)
def test_no_gain_is_no_release(tmp_path, before, after, tasks):
    with pytest.raises(NoGain):
        compared(tmp_path, before, after, GainPlan(tasks=tasks))


def test_a_reason_waives_the_gate_and_stays_in_the_manifest(tmp_path):
    made = compared(tmp_path, {"a": LOW}, {"a": LOW}, GainPlan(waive="a test of the pipe"))
    assert made.manifest.facts["waived"] == "a test of the pipe"
    assert compared(tmp_path, {"a": LOW}, {"a": HIGH}, GainPlan(waive="x")).manifest.facts["waived"] == ""
