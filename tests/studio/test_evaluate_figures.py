"""Figures: intervals, paired tests, what may be compared with what, and the page that shows it."""

import json
import random
from html.parser import HTMLParser

import msgspec
import pytest
from msgspec.structs import replace

from architecture.tree import ROOT
from hanbok.cli.model_evaluate import compare_models, harness
from hanbok.cli.model_evaluate import suites as show_suites
from hanbok.core.values import Text
from hanbok.studio.comparing import NothingInCommon, ProtocolsDiffer, compare, together
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.leaderboard import page
from hanbok.studio.evaluate.pinned import pinned
from hanbok.studio.evaluate.suite import TaskSpec, items_of, read_suite, suites
from hanbok.studio.evaluate.tasks.classification import macro_f1
from hanbok.studio.evaluate.tasks.rubric import Rubric
from hanbok.studio.evaluate.tasks.similarity import pearson, spearman
from hanbok.studio.scores import (
    ANSWERS,
    SCORES,
    Answer,
    Protocol,
    Scores,
    ScoresUnreadable,
    Spent,
    Subject,
    TaskScore,
    scores_of,
)
from hanbok.studio.significance import average, bootstrap, mcnemar, mean, permutation, smallest_gain, wilson

SHARED = ROOT.parent / "shared" / "data"
TITLE = Text(ko="과제 <b>", en="task")


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # Wilson's interval as in Newcombe, Statistics in Medicine 17 (1998), table I, without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_published(right, n, low, high):
    found = wilson(right, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_wilson_of_all_and_of_none_stays_between_0_and_1():
    assert wilson(20, 20).high == 1
    assert wilson(0, 0).n == 0


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says():
    chance = random.Random(7)
    hits = 0
    for _ in range(100):
        found = bootstrap([chance.gauss(0.5, 0.2) for _ in range(60)], mean, 300)
        hits += found.low <= 0.5 <= found.high
    assert 88 <= hits <= 99


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    # Binomial, two-sided: 2 * P(X <= min | n, 1/2).
    [(0, 0, 1.0), (5, 0, 0.0625), (10, 2, 0.03857421875), (3, 3, 1.0), (6, 0, 0.03125)],
)
def test_mcnemar_is_exact(gained, lost, p):
    assert mcnemar(gained, lost) == pytest.approx(p)
    assert mcnemar(lost, gained) == pytest.approx(p)


def test_mcnemar_of_many_goes_over_into_its_limit():
    assert mcnemar(530, 470) == pytest.approx(0.0620, abs=2e-3)
    assert mcnemar(560, 470) == pytest.approx(0.0055, abs=2e-3)


def test_the_permutation_test_agrees_with_the_exact_one_on_rights_and_wrongs():
    assert permutation([1.0] * 10 + [-1.0] * 2 + [0.0] * 50) == pytest.approx(mcnemar(10, 2), abs=0.01)
    assert permutation([0.0] * 9) == 1.0
    assert permutation([0.1] * 20) < 0.001


def test_an_average_of_rights_and_wrongs_is_a_share():
    assert average([1.0, 0.0, 1.0, 1.0]).interval == "wilson"
    assert average([0.5, 1.0]).interval == "bootstrap"
    assert smallest_gain(400, 0.75) == pytest.approx(0.0858, abs=1e-3)
    assert smallest_gain(100, 0.5) > smallest_gain(1000, 0.5)


def test_macro_f1_counts_classes_alike():
    pairs = [("a", "a")] * 8 + [("b", "a")] * 2
    assert macro_f1(pairs) == pytest.approx((16 / 18 + 0) / 2)
    assert macro_f1([("a", ""), ("b", "b")]) == pytest.approx(0.5)
    assert macro_f1([]) == 0


def test_correlations():
    assert spearman([(1, 10), (2, 20), (3, 90)]) == pytest.approx(1)
    assert spearman([(1, 3), (2, 2), (3, 1)]) == pytest.approx(-1)
    assert pearson([(1, 1), (2, 1)]) == 0
    assert spearman([(1, 1), (1, 2), (2, 2), (3, 4)]) == pytest.approx(0.8333, abs=1e-3)


def result(folder, name, marks, *, protocol=None, cost=1_500_000):
    folder.mkdir()
    protocol = protocol or Protocol(
        kind="multiple_choice", data={"rows": "0" * 64}, rows="r", prompt="{{ question }}"
    )
    answers = [
        Answer(task="t", id=f"q{n}", protocol=protocol.digest, marks={"acc": mark})
        for n, mark in enumerate(marks)
    ]
    score = TaskScore(
        name="t",
        title=TITLE,
        language="ko",
        main="acc",
        paired="acc",
        metrics={"acc": average(marks)},
        protocol=protocol,
        rows=len(marks),
        warnings=[Text(ko="주의할 점", en="beware")],
    )
    scores = Scores(
        subject=Subject(name=name, kind="embedded", digest="d" * 64),
        suite="s",
        title=TITLE,
        tasks=[score],
        spent=Spent(requests=9, input=100, output=50, seconds=4.0, wall=2.0, cost=cost),
        harness="hanbok test",
        made_at="2026-11-22T00:00:00+00:00",
    )
    (folder / SCORES).write_bytes(msgspec.json.encode(scores))
    (folder / ANSWERS).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in answers))
    return folder


def test_models_are_compared_row_by_row(tmp_path):
    before = result(tmp_path / "a", "갑", [1.0] * 40 + [0.0] * 60)
    after = result(tmp_path / "b", "을", [0.0] * 2 + [1.0] * 50 + [0.0] * 48)
    (found,) = compare(before, after)
    assert (found.gained, found.lost, found.n, found.test) == (12, 2, 100, "mcnemar")
    assert found.p == pytest.approx(mcnemar(12, 2))
    assert found.gain.value == pytest.approx(0.10)
    assert found.significant
    (same,) = compare(before, before)
    assert (same.p, same.significant) == (1.0, False)


def test_degrees_are_compared_by_permutation(tmp_path):
    before = result(tmp_path / "a", "갑", [0.2, 0.4] * 30)
    after = result(tmp_path / "b", "을", [0.25, 0.45] * 30)
    (found,) = compare(before, after)
    assert found.test == "permutation"
    assert found.significant


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "other"),
        ("method", "strict"),
        ("shots", 5),
        ("seed", 1),
        ("temperature", 0.7),
        ("template", "plain"),
        ("harness", "hanbok/2"),
        ("rows", "fewer"),
        ("data", {"rows": "1" * 64}),
        ("judge", "someone"),
        ("system", "be good"),
    ],
)
def test_scores_of_other_protocols_refuse_to_be_compared(tmp_path, field, value):
    base = Protocol(kind="multiple_choice", data={"rows": "0" * 64}, rows="r", prompt="{{ question }}")
    before = result(tmp_path / "a", "갑", [1.0], protocol=base)
    after = result(tmp_path / "b", "을", [1.0], protocol=replace(base, **{field: value}))
    with pytest.raises(ProtocolsDiffer) as caught:
        compare(before, after)
    assert caught.value.facts == {"task": "t", "fields": field}
    with pytest.raises(ProtocolsDiffer):
        together([scores_of(before), scores_of(after)])


def test_results_without_a_common_task_are_told_apart(tmp_path):
    before = result(tmp_path / "a", "갑", [1.0])
    after = result(tmp_path / "b", "을", [1.0])
    told = json.loads((after / SCORES).read_bytes())
    told["tasks"][0]["name"] = "other"
    (after / SCORES).write_text(json.dumps(told))
    with pytest.raises(NothingInCommon):
        compare(before, after)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"format": 2}'])
def test_what_is_no_scores_file_is_refused(tmp_path, content):
    (tmp_path / SCORES).write_bytes(content)
    with pytest.raises(ScoresUnreadable):
        scores_of(tmp_path)
    with pytest.raises(ScoresUnreadable):
        scores_of(tmp_path / "none")


def test_the_verb_compares_and_writes_the_page(tmp_path, capsys):
    before = result(tmp_path / "a", "갑", [1.0] * 40 + [0.0] * 60)
    after = result(tmp_path / "b", "을", [1.0] * 60 + [0.0] * 40)
    assert compare_models(before, after, html=tmp_path / "board.html") == 0
    shown = capsys.readouterr().out
    assert "갑 → 을" in shown
    assert "+0.200" in shown
    assert "순위표" in (tmp_path / "board.html").read_text("utf-8")
    assert compare_models(before, after, json=True) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["model"] == "을"
    assert told["differences"][0]["significant"]


def test_the_verbs_list_suites_and_write_tasks_for_the_harness(tmp_path, capsys):
    show_suites(json=True)
    listed = json.loads(capsys.readouterr().out)
    assert {one["suite"] for one in listed} == set(suites())
    with pytest.raises(SuiteInvalid):
        harness("no-such-suite", data=tmp_path, out=tmp_path)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.tags, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data):
        self.text.append(data)


def test_the_leaderboard_stands_alone_and_shows_all(tmp_path):
    before = result(tmp_path / "a", "<script>갑</script>", [1.0] * 40 + [0.0] * 60)
    after = result(tmp_path / "b", "을", [1.0] * 60 + [0.0] * 40, cost=None)
    read = Page()
    html = page([scores_of(before), scores_of(after)], [[], compare(before, after)])
    read.feed(html)
    text = " ".join(read.text)
    assert read.links == []
    assert "script" not in read.tags
    assert read.tags.count("svg") == 3  # the task, speed, cost
    for told in (
        "0.400",
        "0.600",
        "0.309–0.498",
        "1.5",
        "25.0",
        "+0.200",
        "mcnemar",
        "주의할 점",
        "과제 <b>",
    ):
        assert told in text, told
    assert 'lang="ko"' in html


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
def test_recorded_judgements_give_each_models_published_mean():
    path = SHARED / "recorded" / "logickor_answers.jsonl"
    models = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        models.setdefault(row["model"], []).extend(turn["judge_score"] for turn in row["turns"])
    assert len(models) == 8
    for model, marks in models.items():
        spec = TaskSpec(
            name="logickor",
            title=TITLE,
            kind="rubric",
            format="recorded",
            files={"rows": pinned(path, SHARED)},
            where={"model": model},
            options={"recorded": True},
        )
        items, _ = items_of(spec, SHARED)
        task = Rubric(spec, SHARED)
        answers = [
            task.mark(item, Answer(task="t", id=item.id, protocol="p", verdicts=list(item.verdicts)))
            for item in items
        ]
        figures = task.total(answers, {})
        assert figures["score"].value == pytest.approx(mean(marks))
        assert figures["score"].n == 18


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not on this machine")
@pytest.mark.parametrize("name", suites())
def test_a_suite_of_ours_reads_its_data(name):
    for task in read_suite(name).tasks:
        items, _ = items_of(task, SHARED)
        assert len({one.id for one in items}) == len(items)
        assert all(one.question for one in items)


def test_every_language_of_the_telco_has_a_suite():
    assert {f"telco-{one}" for one in ("ko", "en", "ja", "de", "ar")} <= set(suites())
    for name in suites():
        suite = read_suite(name)
        assert all(pin.rows and len(pin.sha256) == 64 for task in suite.tasks for pin in task.files.values())
