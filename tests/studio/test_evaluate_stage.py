"""The stage of a build, held-out rows, and tasks that came from or go to lm-evaluation-harness."""

import json
import pickle
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from hanbok.core.secret import Secret
from hanbok.core.values import Language, Text
from hanbok.studio.artifacts import Kind, check, make
from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.evaluate.errors import (
    DataUnreadable,
    HarnessTaskUnsupported,
    NoRows,
    RowUnusable,
    SubjectMissing,
    SuiteInvalid,
)
from hanbok.studio.evaluate.exporting import export_tasks
from hanbok.studio.evaluate.harness import any_suite, read_harness_task
from hanbok.studio.evaluate.held_out import HeldOutTask, held_out_task
from hanbok.studio.evaluate.pinned import pinned, rows_in
from hanbok.studio.evaluate.plan import EndpointPlan, Evaluate, EvaluatePlan, PricePlan
from hanbok.studio.evaluate.plugs import TASKS, plug
from hanbok.studio.evaluate.serving import is_adapter, weights_in, weights_of
from hanbok.studio.evaluate.suite import Suite, TaskSpec, items_of, joined
from hanbok.studio.rows import DIALOGUE
from hanbok.studio.scores import scores_of
from hanbok.testing.scripted import Said, Script, ScriptedModel

TITLE = Text(ko="시험", en="test")


class Nobody:
    def begin(self, what, total, unit):
        pass

    def advance(self, done):
        pass


def corpus(store, answers, shards=2):
    def work(folder):
        for shard in range(shards):
            listed = [
                {
                    "id": f"d{n:03}",
                    "messages": json.dumps(
                        [
                            {"role": "system", "content": "담당 부서만 쓰십시오."},
                            {"role": "user", "content": f"{n}번 민원"},
                            {"role": "assistant", "content": answer},
                        ],
                        ensure_ascii=False,
                    ),
                    "source": "s",
                    "origin": "o",
                    "licence": "CC0-1.0",
                    "fetched": "",
                    "opt_out": "none",
                }
                for n, answer in list(enumerate(answers))[shard::shards]
            ]
            pq.write_table(pa.Table.from_pylist(listed, DIALOGUE), folder / f"{shard:05}.parquet")
        return {}

    return make(store, Kind.CORPUS, "held_out", {"answers": answers}, {}, work)


def department(asked):
    return Said(text="도로" if "정답" not in asked.text else "정답: 도로")


def test_held_out_rows_are_asked_as_the_conversations_that_they_are(tmp_path):
    held = corpus(tmp_path / "store", ["도로", "환경"] * 6)
    with ScriptedModel(Script(say=department)) as model:
        plan = EvaluatePlan(
            endpoint=EndpointPlan(url=model.url, model="m"), price=PricePlan(input=10, output=20)
        )
        stage = pickle.loads(pickle.dumps(Evaluate(plan, key=Secret("sk-hidden"))))  # noqa: S301 - our own
        inputs = {"held_out": held}
        assert stage.estimate(inputs).cost == 12 * (300 * 10 + 100 * 20)
        assert stage.estimate({}).cost == 0
        made = make(
            tmp_path / "store",
            stage.makes,
            stage.name,
            stage.spec,
            inputs,
            lambda folder: stage.run(inputs, folder, Nobody()),
        )
        asked = [one.json["messages"] for one in model.captured if "민원" in one.body.decode()]
        assert {one.headers["authorization"] for one in model.captured} == {"Bearer sk-hidden"}
    check(made)
    (task,) = scores_of(made).tasks
    assert (task.name, task.protocol.kind, task.protocol.method) == ("held_out", "classification", "strict")
    assert task.metrics["accuracy"].value == 0.5
    assert task.metrics["macro_f1"].value == pytest.approx((2 / 3) / 2)
    assert [one["role"] for one in asked[0]] == ["system", "user"]
    assert asked[0][1]["content"].endswith("번 민원")
    assert made.manifest.facts["scores"]["held_out"]["rows"] == 12
    assert made.manifest.inputs == {"held_out": held.digest}
    assert not any(b"sk-hidden" in path.read_bytes() for path in made.path.rglob("*") if path.is_file())


@pytest.mark.parametrize(("exact", "sent"), [(None, set()), (True, {False})])
def test_an_endpoint_remembers_nothing_only_where_scores_must_be_exact(tmp_path, exact, sent):
    held = corpus(tmp_path / "store", ["도로", "환경"] * 6)
    with ScriptedModel(Script(say=department)) as model:
        stage = Evaluate(EvaluatePlan(endpoint=EndpointPlan(url=model.url, model="m"), exact=exact))
        (tmp_path / "out").mkdir()
        stage.run({"held_out": held}, tmp_path / "out", Nobody())
        assert {one.json["cache_prompt"] for one in model.captured if "cache_prompt" in one.json} == sent
    assert stage.spec != Evaluate(EvaluatePlan(exact=not exact, endpoint=stage.plan.endpoint)).spec


def test_the_spec_does_not_depend_on_where_the_files_are(tmp_path):
    specs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "rows.jsonl").write_text(
            '{"id":"1","lang":"ko","question":"?","choices":["a","b"],"answer":0}\n'
        )
        pin = pinned(folder / "rows.jsonl", folder)
        told = {
            "suite": "s",
            "title": {"ko": "가", "en": "a"},
            "tasks": [
                {
                    "name": "t",
                    "title": {"ko": "가", "en": "a"},
                    "kind": "multiple_choice",
                    "format": "mcq",
                    "files": {"rows": msgspec.to_builtins(pin)},
                }
            ],
        }
        (folder / "suite.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
        plan = EvaluatePlan(files=(folder / "suite.yaml",), data=folder, concurrency=len(specs) + 1)
        specs.append(Evaluate(plan).spec)
    assert specs[0] == specs[1]
    assert json.dumps(specs[0], ensure_ascii=False)


def test_answers_that_hardly_return_are_no_classes(tmp_path):
    free = held_out_task(HeldOutTask(), corpus(tmp_path / "a", [f"답 {n}" for n in range(9)]), tmp_path)
    assert free.tasks[0].kind == "generation"
    few = held_out_task(HeldOutTask(), corpus(tmp_path / "b", ["가", "나"] * 5), tmp_path)
    assert (few.tasks[0].kind, few.tasks[0].labels) == ("classification", ("가", "나"))
    items, _ = items_of(few.tasks[0], tmp_path)
    assert sorted(one.id for one in items) == [f"d{n:03}" for n in range(10)]


def test_a_corpus_of_documents_is_refused(tmp_path):
    def work(folder):
        row = {"id": "1", "text": "글", "source": "s"}
        pq.write_table(pa.Table.from_pylist([row]), folder / "00000.parquet")
        return {}

    documents = make(tmp_path, Kind.CORPUS, "held_out", {}, {}, work)
    with pytest.raises(RowUnusable):
        held_out_task(HeldOutTask(), documents, tmp_path)


def gguf(store, name, kind):
    """A GGUF with one key, which is all that is read before it is served."""

    def work(folder):
        key, value = b"general.type", kind.encode()
        head = b"GGUF" + (3).to_bytes(4, "little") + (0).to_bytes(8, "little") + (1).to_bytes(8, "little")
        told = len(key).to_bytes(8, "little") + key + (8).to_bytes(4, "little")
        (folder / "m.gguf").write_bytes(head + told + len(value).to_bytes(8, "little") + value)
        return {"name": name, "template": "{{ messages }}", "stops": ["\n"]}

    return make(store, Kind.GGUF, name, {}, {}, work)


def test_an_adapter_is_asked_on_its_base_and_a_model_alone(tmp_path):
    base, adapter = gguf(tmp_path, "base", "model"), gguf(tmp_path, "dress", "adapter")
    assert is_adapter(adapter.path / "m.gguf")
    weights, subject = weights_of({"export": adapter, "export_base": base})
    assert (weights.path, weights.adapter) == (base.path / "m.gguf", adapter.path / "m.gguf")
    assert (weights.template, weights.stops) == ("{{ messages }}", ("\n",))
    assert (subject.digest, subject.adapter) == (base.digest, adapter.digest)
    weights, subject = weights_of({"export": base, "export_base": adapter})
    assert (weights.adapter, subject.adapter) == (None, "")
    assert weights_of({"export_base": base})[1].name == "base"
    for inputs in ({}, {"export": adapter}):
        with pytest.raises(SubjectMissing):
            weights_of(inputs)
    with pytest.raises(SubjectMissing):
        weights_in(adapter.path / "m.gguf", None)
    (tmp_path / "no.gguf").write_bytes(b"nothing at all, really nothing")
    for path in (tmp_path / "no.gguf", tmp_path / "missing.gguf"):
        with pytest.raises(SubjectMissing):
            weights_in(path, None)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    monkeypatch.delitem(sys.modules, f"{TASKS}.translation", raising=False)
    with pytest.raises(StudioExtraMissing, match="sacrebleu"):
        plug(TASKS, "translation")


def test_several_suites_become_one(tmp_path):
    (tmp_path / "r.jsonl").write_text("{}\n")
    pin = pinned(tmp_path / "r.jsonl", tmp_path)

    def one(suite, *tasks):
        made = [
            TaskSpec(name=name, title=TITLE, kind="generation", format="chat", files={"rows": pin})
            for name in tasks
        ]
        return Suite(suite=suite, title=TITLE, tasks=made)

    whole = joined([one("a", "t", "u"), one("b", "t")])
    assert [task.name for task in whole.tasks] == ["a.t", "u", "b.t"]
    with pytest.raises(SuiteInvalid):
        joined([])


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("a.json", '[{"a": 1}, {"a": 2}]', 2),
        ("a.json", '{"data": [{"a": 1}]}', 1),
        ("a.txt", '{"question 0": {"a": 1}, "question 1": {"a": 2}}', 2),
        ("a.csv", '\ufeffa,b\n1,"둘,\n셋"\n', 1),
        ("a.tsv", "a\tb\n1\t2\n3\t4\n", 2),
        ("a.jsonl", '{"a":1}\n\n{"a":2}\n', 2),
    ],
)
def test_files_of_published_sets_are_read(tmp_path, name, content, count):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert len(list(rows_in(tmp_path / name))) == count


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"[1]"),
        ("a.json", b"{"),
        ("a.json", b"\xff"),
        ("a.csv", b"a,b\n1\n"),
        ("a.csv", b"a,b\n1,2,3\n"),
        ("a.csv", b'a,b\n"1,2\n'),
        ("a.tsv", b"\xff\xfe"),
        ("a.parquet", b"PAR1 not really"),
        ("a.xlsx", b""),
    ],
)
def test_files_that_cannot_be_read_are_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((DataUnreadable, RowUnusable)):
        list(rows_in(tmp_path / name))
    with pytest.raises(DataUnreadable):
        list(rows_in(tmp_path / f"missing-{name}"))


def taken(path):
    (task,) = any_suite(str(path), path.parent).tasks
    plug(TASKS, task.kind)(task, path.parent)
    return task, items_of(task, path.parent)[0]


CHOICES = {"question": "물음", "choices": ["가", "나"], "answer": 1}


@pytest.mark.parametrize(
    ("name", "listed", "kind", "classes"),
    [
        ("mine.jsonl", [CHOICES | {"lang": "en"}, CHOICES], "multiple_choice", ()),
        (
            "mine.jsonl",
            [{"text": "글", "labels": ["b"]}, {"text": "글", "labels": ["a"]}],
            "classification",
            "ab",
        ),
        ("mine.jsonl", [{"text": "글", "label": 1}, {"text": "글", "label": 0}], "classification", "01"),
        ("mine.csv", "text,label\n글,b\n글,a\n", "classification", "ab"),
    ],
)
def test_a_file_of_ones_own_is_a_suite(tmp_path, name, listed, kind, classes):
    content = listed if isinstance(listed, str) else "".join(json.dumps(one) + "\n" for one in listed)
    (tmp_path / name).write_text(content, encoding="utf-8")
    task, asked = taken(tmp_path / name)
    assert (task.name, task.kind, task.labels) == ("mine", kind, tuple(classes))
    assert task.language == ("en" if kind == "multiple_choice" else "ko")
    assert [one.golds for one in asked] == [("나",)] * 2 if not classes else [(classes[1],), (classes[0],)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.jsonl", json.dumps(CHOICES | {"answer": "b"})),
        ("mine.jsonl", json.dumps(CHOICES | {"answer": "나"})),
        ("mine.csv", 'question,choices,answer\n물음,"[""가"", ""나""]",1\n'),
        ("mine.csv", "question,A,B,C,D,answer\n물음,가,나,다,라,B\n"),
        ("mine.csv", "question,A,B,C,D,answer\n물음,가,나,다,라,2\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_tables_and_answers_are_taken_as_people_write_them(tmp_path, name, content, encoding):
    (tmp_path / name).write_text(content, encoding=encoding if name.endswith("csv") else "utf-8")
    task, (asked,) = taken(tmp_path / name)
    assert (task.kind, asked.question, asked.golds) == ("multiple_choice", "물음", ("나",))


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        ("", NoRows, "mine"),
        ('{"question": "물음", "answer": 1}\n', RowUnusable, "question, choices"),
        ('{"text": "글"}\n', RowUnusable, "text and label"),
        ('{"text": "글", "label": "a"}\n{"text": "글"}\n', RowUnusable, "row 2 "),
        ('{"text": "글", "labels": []}\n', RowUnusable, "row 1 "),
        ('{"text": "글", "label": "a"}\n{"text"\n', RowUnusable, "row 2 "),
        (json.dumps(CHOICES | {"answer": 2}), RowUnusable, "answer 2 of 2 choices"),
        (json.dumps(CHOICES | {"answer": "C"}), RowUnusable, "answer 'C': a number from 0 to 1"),
        (json.dumps(CHOICES | {"choices": "[1"}), RowUnusable, "row 1 "),
        (json.dumps(CHOICES | {"choices": "{}"}), RowUnusable, "choices: a list"),
        (json.dumps(CHOICES | {"choices": "가나"}), RowUnusable, "choices: a list"),
        ('{"text": "글", "label": "a"}\n', SuiteInvalid, "two at least"),
    ],
)
def test_a_file_of_ones_own_that_cannot_be_meant_is_told_by_its_row(tmp_path, content, error, why):
    (tmp_path / "mine.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(error) as caught:
        taken(tmp_path / "mine.jsonl")
    assert why in caught.value.say(Language.EN)


def test_a_file_of_ones_own_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataUnreadable, match="absent"):
        any_suite(str(tmp_path / "absent.jsonl"), tmp_path)


HARNESS = {
    "task": "mc_ko",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "test.jsonl", "dev": "dev.jsonl"}},
    "test_split": "test",
    "fewshot_split": "dev",
    "num_fewshot": 1,
    "fewshot_config": {"sampler": "first_n"},
    "description": "상식 문제입니다.\n\n",
    "output_type": "multiple_choice",
    "doc_to_text": "{{q.strip()}}\n정답:",
    "doc_to_choice": "{{[a, b]}}",
    "doc_to_target": "gold",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
}


def harness_task(root, **changes):
    row = {"q": " 하늘은? ", "a": "푸르다", "b": "네모나다", "gold": 0}
    for name, count in (("test", 3), ("dev", 2)):
        text = "".join(
            json.dumps(row | {"q": f"{name} {n}"}, ensure_ascii=False) + "\n" for n in range(count)
        )
        (root / f"{name}.jsonl").write_text(text, encoding="utf-8")
    told = {name: value for name, value in (HARNESS | changes).items() if value is not None}
    path = root / "task.yaml"
    path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return path


def test_a_task_of_the_harness_becomes_one_of_ours(tmp_path):
    suite = any_suite(str(harness_task(tmp_path)), tmp_path)
    (task,) = suite.tasks
    assert (task.kind, task.format, task.by, task.shots) == ("multiple_choice", "harness", "text", 1)
    items, shots = items_of(task, tmp_path)
    assert [one.question for one in items] == ["test 0\n정답:", "test 1\n정답:", "test 2\n정답:"]
    assert [one.question for one in shots] == ["dev 0\n정답:"]


def test_a_prompt_is_the_harnesss_to_the_letter(tmp_path):
    suite = any_suite(str(harness_task(tmp_path)), tmp_path)
    done, left = export_tasks(suite, tmp_path, tmp_path / "out")
    assert (done, left) == (["mc_ko"], [])
    row = json.loads((tmp_path / "out" / "mc_ko.jsonl").read_text("utf-8").splitlines()[0])
    assert row["prompt"] == "상식 문제입니다.\n\ndev 0\n정답: 푸르다\n\ntest 0\n정답:"
    assert (row["choices"], row["answer"]) == (["푸르다", "네모나다"], 0)
    again = read_harness_task(tmp_path / "out" / "mc_ko.yaml", tmp_path / "out")
    assert items_of(again.tasks[0], tmp_path / "out")[0][0].question == row["prompt"]


def test_an_included_file_stands_below(tmp_path):
    harness_task(tmp_path)
    (tmp_path / "task.yaml").rename(tmp_path / "below.yaml")
    (tmp_path / "over.yaml").write_text(
        "include: below.yaml\ntask: other\nnum_fewshot: 0\n", encoding="utf-8"
    )
    (task,) = any_suite(str(tmp_path / "over.yaml"), tmp_path).tasks
    assert (task.name, task.shots) == ("other", 0)


def test_a_data_set_of_a_hub_is_looked_for_in_the_folder_of_the_data(tmp_path):
    path = harness_task(
        tmp_path, dataset_path="ORG/SET", dataset_name="sub", dataset_kwargs=None, num_fewshot=0
    )
    with pytest.raises(DataUnreadable):
        any_suite(str(path), tmp_path)
    folder = tmp_path / "ORG" / "SET" / "sub"
    folder.mkdir(parents=True)
    (tmp_path / "test.jsonl").rename(folder / "test.jsonl")
    (task,) = any_suite(str(path), tmp_path).tasks
    assert task.files["rows"].path == "ORG/SET/sub/test.jsonl"


@pytest.mark.parametrize(
    "changes",
    [
        {"output_type": "loglikelihood_rolling"},
        {"doc_to_text": None},
        {"process_docs": "x"},
        {"fewshot_config": None},
        {"metric_list": [{"metric": "bleu"}]},
        {"task": ["a", "b"]},
        {
            "output_type": "generate_until",
            "metric_list": [],
            "filter_list": [{"filter": [{"function": "majority_vote"}]}],
        },
    ],
)
def test_what_cannot_be_imported_is_named(tmp_path, changes):
    with pytest.raises(HarnessTaskUnsupported):
        read_harness_task(harness_task(tmp_path, **changes), tmp_path)


def test_a_python_function_is_refused(tmp_path):
    path = harness_task(tmp_path, doc_to_text=None)
    path.write_text(path.read_text("utf-8") + "doc_to_text: !function utils.text\n", encoding="utf-8")
    with pytest.raises(HarnessTaskUnsupported, match="!function"):
        any_suite(str(path), tmp_path)
    path.write_text(
        path.read_text("utf-8") + "other: !!python/object/apply:os.system ['true']\n", encoding="utf-8"
    )
    with pytest.raises(SuiteInvalid):
        any_suite(str(path), tmp_path)


def test_templates_cannot_reach_python(tmp_path):
    path = harness_task(tmp_path, doc_to_text="{{ ''.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(RowUnusable):
        items_of(any_suite(str(path), tmp_path).tasks[0], tmp_path)


def test_the_suites_in_the_package_hold_no_data():
    folder = Path(__file__).parents[2] / "src" / "hanbok" / "studio" / "evaluate" / "suites"
    for path in folder.glob("*.yaml"):
        assert path.stat().st_size < 20_000
        assert set(yaml.safe_load(path.read_text("utf-8"))) == {"suite", "title", "tasks"}
