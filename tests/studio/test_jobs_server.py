"""hanbok's own fine-tuning API, by OpenAI's own client: upload, job, events, cancel, and a server that dies midway."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: it comes with the extra `studio`")
pytest.importorskip("peft", reason="peft is not installed: it comes with the extra `studio`")

import openai
from openai.types.fine_tuning import FineTuningJob

from administered import Stand, administered
from hanbok.cli.model_job import job as verb
from hanbok.studio.jobs.errors import JobNotOver, JobUnknown
from hanbok.studio.jobs.ledger import Ledger
from hanbok.testing.korean import Identities
from studio.small_models import LABELS, TEXT, small_model

ROWS = "".join(
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": TEXT[at % 5]},
                {"role": "assistant", "content": LABELS[at % 5 % 3]},
            ]
        },
        ensure_ascii=False,
    )
    + "\n"
    for at in range(40)
).encode()
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("jobs")
    with administered(folder, "alpha") as stand:
        base = small_model(folder / "state" / "studio" / "bases" / "small", "llama")
        (base / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
        yield stand


def client(stand: Stand, role: str = "operator") -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{stand.server.url}/v1", api_key=stand.secrets[f"alpha/{role}"], max_retries=0
    )


def over(api: openai.OpenAI, job: str, seconds: float = 180) -> FineTuningJob:
    end = time.monotonic() + seconds
    while (found := api.fine_tuning.jobs.retrieve(job)).status not in ("succeeded", "failed", "cancelled"):
        assert time.monotonic() < end, api.fine_tuning.jobs.list_events(job).data
        time.sleep(0.3)
    return found


def test_a_job_from_upload_to_adapter_by_openais_client(stand: Stand) -> None:
    api = client(stand)
    data = api.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    assert (data.bytes, data.filename, data.status) == (len(ROWS), "rows.jsonl", "processed")
    assert api.files.content(data.id).read() == ROWS
    assert [one.id for one in api.files.list().data] == [data.id]
    made = api.fine_tuning.jobs.create(
        model="small",
        training_file=data.id,
        validation_file=data.id,
        suffix="trial",
        seed=3,
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 2, "learning_rate_multiplier": 4}},
        },
        metadata={"purpose": "시험"},
    )
    assert made.status in {"queued", "running"}
    assert [one.id for one in client(stand, "auditor").fine_tuning.jobs.list().data] == [made.id]
    done = over(api, made.id)
    assert done.status == "succeeded", done.error
    assert done.fine_tuned_model
    assert done.fine_tuned_model.startswith("ft:small:alpha:trial:")
    assert (done.seed, done.trained_tokens is not None, done.metadata) == (3, True, {"purpose": "시험"})
    table = api.files.content(done.result_files[0]).read().decode().splitlines()
    assert table[0] == "step,train_loss"
    assert float(table[-1].split(",")[1]) < float(table[1].split(",")[1])
    events = [one.message for one in api.fine_tuning.jobs.list_events(made.id, limit=100).data]
    assert events[0] == "The job has successfully completed"
    assert events[-1] == "Created fine-tuning job"
    (adapter,) = (
        one.removeprefix("The adapter is in ") for one in events if one.startswith("The adapter is in")
    )
    assert {"adapter_config.json", "adapter_model.safetensors", "manifest.json"} <= {
        one.name for one in Path(adapter).iterdir()
    }
    (checkpoint,) = api.fine_tuning.jobs.checkpoints.list(made.id).data
    assert checkpoint.step_number == len(table) - 1
    page = api.fine_tuning.jobs.list_events(made.id, limit=2)
    assert page.has_more
    assert [one.message for one in page.get_next_page().data] == events[2:4]


@pytest.mark.model
def test_what_a_job_made_is_served_by_name_once_it_is_released(stand: Stand, capsys, monkeypatch) -> None:
    api = client(stand)
    data = api.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")

    def begun() -> FineTuningJob:
        return api.fine_tuning.jobs.create(
            model="small", training_file=data.id, hyperparameters={"n_epochs": 1}
        )

    there = (one for one in api.fine_tuning.jobs.list().data if one.status == "succeeded")
    job, left = next(there, None) or begun(), begun()
    api.fine_tuning.jobs.cancel(left.id)
    monkeypatch.chdir(stand.server.folder)
    rest = ["--as", "minwon", "--json", "--config", str(stand.server.settings)]
    with pytest.raises(JobNotOver):
        verb(["release", left.id, "--org", "alpha", *rest])
    assert over(api, job.id).status == "succeeded"
    with pytest.raises(JobUnknown):  # it is another organisation's
        verb(["release", job.id, "--org", "beta", *rest])
    capsys.readouterr()
    verb(["release", job.id, "--org", "alpha", *rest])
    told = json.loads(capsys.readouterr().out)
    assert (told["release"], told["live"]) == ("minwon@0.1.0", "0.1.0")
    assert json.loads((Path(told["path"]) / "serving.json").read_bytes())["name"] == "minwon"
    parity = json.loads((Path(told["path"]) / "manifest.json").read_bytes())["facts"]["parity"]
    assert parity["agreement"]["gguf"] >= 0.99


def test_a_killed_server_takes_its_job_up_again(stand: Stand) -> None:
    api = client(stand)
    data = api.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    numbers = {"n_epochs": 50, "batch_size": 4}
    job = api.fine_tuning.jobs.create(model="small", training_file=data.id, hyperparameters=numbers)  # type: ignore[arg-type]
    ledger = Ledger(stand.server.folder / "state" / "studio" / "jobs")
    end = time.monotonic() + 90
    while not any(one.type == "metrics" for one in ledger.events("alpha", job.id)):
        assert time.monotonic() < end, ledger.events("alpha", job.id)
        time.sleep(0.05)
    stand.server.kill()
    assert ledger.get("alpha", job.id).status == "running"
    stand.server.start()
    stand.url = stand.server.url
    done = over(client(stand), job.id)
    assert done.status == "succeeded", done.error
    events = [one.message for one in ledger.events("alpha", job.id)]
    assert "Taken up again after a restart" in events


def test_a_job_is_cancelled_and_the_next_one_begins(stand: Stand) -> None:
    api = client(stand)
    data = api.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    long, short = (
        api.fine_tuning.jobs.create(
            model="small",
            training_file=data.id,
            method={
                "type": "supervised",
                "supervised": {"hyperparameters": {"n_epochs": epochs, "batch_size": 1}},
            },
        )
        for epochs in (50, 1)
    )
    cancelled = api.fine_tuning.jobs.cancel(long.id)
    assert cancelled.status == "cancelled"
    assert over(api, short.id).status == "succeeded"
    assert api.fine_tuning.jobs.retrieve(long.id).status == "cancelled"
    with pytest.raises(openai.ConflictError):
        api.fine_tuning.jobs.cancel(long.id)
    api.files.delete(data.id)
    with pytest.raises(openai.NotFoundError):
        api.files.retrieve(data.id)


def test_identifiers_are_not_even_kept(stand: Stand) -> None:
    api = client(stand)
    before = len(api.files.list().data)
    said = f"제 주민등록번호는 {Identities(7).rrn()}입니다"
    row = {"messages": [{"role": "user", "content": said}, {"role": "assistant", "content": "네"}]}
    with pytest.raises(openai.BadRequestError) as refused:
        api.files.create(
            file=("rows.jsonl", json.dumps(row, ensure_ascii=False).encode()), purpose="fine-tune"
        )
    assert refused.value.code == "identifiers_in_data"
    assert said not in str(refused.value)
    assert len(api.files.list().data) == before
    kept = stand.server.folder / "state" / "studio" / "files" / "alpha"
    assert not [one for one in kept.iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no json\n", "row_unreadable"),
        (b"", "file_unfit"),
        (b'{"prompt": "x", "completion": "y"}\n', "row_unreadable"),
    ],
)
def test_data_that_cannot_be_learned_are_refused_at_once(stand: Stand, content: bytes, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client(stand).files.create(file=("rows.jsonl", content), purpose="fine-tune")
    assert refused.value.code == code


def test_a_job_that_cannot_be_done_says_why(stand: Stand) -> None:
    api = client(stand)
    data = api.files.create(
        file=("rows.jsonl", b'{"messages": [{"role": "user", "content": "only asked"}]}\n'),
        purpose="fine-tune",
    )
    job = api.fine_tuning.jobs.create(model="small", training_file=data.id)
    failed = over(api, job.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == "nothing_to_learn"
    for wanted, error in (
        ({"model": "../../etc", "training_file": data.id}, openai.BadRequestError),
        ({"model": "small", "training_file": "file-../../../x"}, openai.NotFoundError),
        ({"model": "small", "training_file": data.id, "seed": -1}, openai.BadRequestError),
    ):
        with pytest.raises(error):
            api.fine_tuning.jobs.create(**wanted)


def test_roles_and_programs(stand: Stand) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        client(stand, "member").files.list()
    with pytest.raises(openai.PermissionDeniedError):
        client(stand, "auditor").files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
    program = openai.OpenAI(base_url=f"{stand.server.url}/v1", api_key=stand.secrets["first"], max_retries=0)
    with pytest.raises(openai.PermissionDeniedError):
        program.fine_tuning.jobs.list()
