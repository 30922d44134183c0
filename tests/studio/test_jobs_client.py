"""The client of jobs elsewhere against a stand-in of the public API that is busy, breaks, restarts and fails."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hanbok.cli.model_job import job
from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Text, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.guard.guard import Guard
from hanbok.policy.errors import Refused
from hanbok.policy.ruling import Clause, Question, Ruling
from hanbok.studio.jobs.client import Client, Wanted, deploy, place_of
from hanbok.studio.jobs.errors import (
    DeploymentImpossible,
    EndpointCannotTune,
    JobFailed,
    ProviderRefused,
    ProviderUnreachable,
)
from hanbok.studio.jobs.sending import act_of, inspect, permit
from hanbok.studio.jobs.wire import Place
from hanbok.studio.tune.errors import IdentifiersInData, RowUnreadable
from hanbok.testing.korean import Identities

ROW = {
    "messages": [{"role": "user", "content": "안녕하세요"}, {"role": "assistant", "content": "반갑습니다"}]
}


class Provider:
    """OpenAI's files and fine-tuning jobs, as their public description says; `faults` are answered first, one each:
    a status, or `cut` for a connection that ends.
    """

    def __init__(self) -> None:
        self.files: list[dict] = []
        self.jobs: list[dict] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[int | str] = []
        self.fails = False
        self.rounds = 2
        self.deployed: dict = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict]:  # noqa: PLR0911 - one a route
        plain, _, query = path.partition("?")
        plain = re.sub(r"^/(openai/)?(v1/)?", "/", plain)
        match method, plain.strip("/").split("/"):
            case "GET", ["files"]:
                return 200, self._page(self.files, query)
            case "POST", ["files"]:
                name = re.search(rb'filename="([^"]+)"', body)
                content = body.split(b"Content-Type: application/jsonl\r\n\r\n")[1].rsplit(b"\r\n--", 1)[0]
                assert name
                kept = {"id": f"file-{len(self.files)}", "filename": name[1].decode(), "bytes": len(content)}
                self.files.append(kept | {"status": "processed", "content": content.decode()})
                return 200, kept
            case "GET", ["fine_tuning", "jobs"]:
                return 200, self._page(self.jobs, query)
            case "POST", ["fine_tuning", "jobs"]:
                told = json.loads(body)
                self.jobs.append(told | {"id": f"ftjob-{len(self.jobs)}", "status": "queued", "seen": 0})
                return 200, self.jobs[-1]
            case "GET", ["fine_tuning", "jobs", name]:
                return 200, self._step(self._job(name))
            case "POST", ["fine_tuning", "jobs", name, "cancel"]:
                return 200, self._job(name) | {"status": "cancelled"}
            case "GET", ["fine_tuning", "jobs", name, "events"]:
                told = [{"id": f"e{at}", "message": f"step {at}"} for at in range(self._job(name)["seen"])]
                return 200, self._page(told[::-1], query)
            case "PUT", [*_, "deployments", name]:
                self.deployed[name] = json.loads(body)
                return 201, {"name": name, "properties": {"provisioningState": "Creating"}}
        return 404, {"error": {"code": "not_found", "message": "there is no 900101"}}

    def _job(self, name: str) -> dict:
        return next(one for one in self.jobs if one["id"] == name)

    def _step(self, job: dict) -> dict:
        job["seen"] += 1
        if job["seen"] > self.rounds:
            job["status"] = "failed" if self.fails else "succeeded"
            job["fine_tuned_model"] = None if self.fails else "ft:gpt:org::abc"
            job["error"] = (
                {"code": "invalid_training_data", "message": "row 3 says 900101"} if self.fails else None
            )
        else:
            job["status"] = "running"
        return job

    def _page(self, everything: list[dict], query: str) -> dict:
        after = re.search(r"after=([^&]+)", query)
        names = [one["id"] for one in everything]
        start = names.index(after[1]) + 1 if after else 0
        return {
            "object": "list",
            "data": everything[start : start + 2],
            "has_more": start + 2 < len(everything),
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                provider.asked.append(
                    (self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
                )
                fault = provider.faults.pop(0) if provider.faults else None
                if fault == "cut":
                    self.connection.close()
                    return
                status, told = (
                    (fault, {"error": {"code": "busy"}})
                    if fault
                    else provider.answer(self.command, self.path, body)
                )
                told = json.dumps(told).encode()
                self.send_response(int(status))
                if fault == 429:
                    self.send_header("retry-after", "7")
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text((json.dumps(ROW, ensure_ascii=False) + "\n") * 10, encoding="utf-8")
    return path


class Slept(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(provider: Provider, slept: Slept | None = None) -> Client:
    return Client(
        Place(
            endpoint="away",
            url=f"{provider.url}/v1",
            headers={"authorization": "Bearer k"},
            sleep=Slept() if slept is None else slept,
            seconds=5,
        )
    )


WANTED = Wanted(model="gpt-4o-mini", suffix="minwon", seed=3, numbers={"n_epochs": 2})


def test_from_upload_to_a_tuned_model(provider: Provider, data: Path) -> None:
    api, heard = client(provider), []
    file = api.upload(data)
    job = api.begin(WANTED, file, "digest")
    done = api.follow(job["id"], heard.append, sleep=Slept())
    assert done["fine_tuned_model"] == "ft:gpt:org::abc"
    assert [one["message"] for one in heard] == ["step 0", "step 1", "step 2"]
    assert provider.files[0]["content"] == data.read_text(encoding="utf-8")
    assert provider.jobs[0]["method"] == {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 2}},
    }
    assert (provider.jobs[0]["suffix"], provider.jobs[0]["seed"]) == ("minwon", 3)


def test_what_was_sent_is_not_sent_twice(provider: Provider, data: Path) -> None:
    for _ in range(3):
        api = client(provider)
        assert api.begin(WANTED, api.upload(data), "digest")["id"] == "ftjob-0"
    assert (len(provider.files), len(provider.jobs)) == (1, 1)
    provider.jobs[0]["status"] = "failed"
    assert client(provider).begin(WANTED, "file-0", "digest")["id"] == "ftjob-1"
    other = Wanted(model="gpt-4o")
    assert client(provider).begin(other, "file-0", "digest")["id"] == "ftjob-2"


def test_a_busy_or_broken_provider_is_asked_again(provider: Provider, data: Path) -> None:
    slept = Slept()
    api = client(provider, slept)
    provider.faults = [429, 500, "cut", 503]
    api.upload(data)
    assert slept == [7.0, 2.0, 4.0, 8.0]
    assert len(provider.files) == 1
    provider.faults = [502] * 6
    with pytest.raises(ProviderUnreachable) as gone:
        api.job("ftjob-0")
    assert gone.value.facts["attempts"] == 6
    assert len(slept) == 10


def test_a_restart_of_the_provider_in_the_middle_is_waited_out(provider: Provider, data: Path) -> None:
    api = client(provider)
    job = api.begin(WANTED, api.upload(data), "digest")
    provider.rounds = 4
    times = 0

    def pause(_: float) -> None:
        nonlocal times
        times += 1
        provider.faults = ["cut", "cut", 503] if times == 2 else []

    assert api.follow(job["id"], lambda _: None, sleep=pause)["status"] == "succeeded"


def test_a_job_that_fails_midway_is_told_by_its_code_alone(provider: Provider, data: Path) -> None:
    api = client(provider)
    job = api.begin(WANTED, api.upload(data), "digest")
    provider.fails = True
    with pytest.raises(JobFailed) as failed:
        api.follow(job["id"], lambda _: None, sleep=Slept())
    assert failed.value.facts["why"] == "invalid_training_data"
    assert "900101" not in str(failed.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(provider: Provider, status: int) -> None:
    provider.faults = [status]
    with pytest.raises(ProviderRefused) as refused:
        client(provider).job("x")
    assert (refused.value.facts["status"], len(provider.asked)) == (status, 1)


def config(url: str, **options: str) -> EndpointConfig:
    return EndpointConfig(destination=destination(Zone.FOREIGN), url=url, secret="s3", options=options)


def destination(zone: Zone) -> Destination:
    return Destination(
        endpoint="away", country="US", zone=zone, operator="Provider", data_use=DataUse(trains=False)
    )


@pytest.mark.parametrize(
    ("kind", "options", "path", "header"),
    [
        ("openai", {"project": "p"}, "/v1/fine_tuning/jobs/j", ("authorization", "Bearer s3")),
        ("openai_compatible", {}, "/v1/fine_tuning/jobs/j", ("authorization", "Bearer s3")),
        ("azure", {}, "/openai/v1/fine_tuning/jobs/j", ("api-key", "s3")),
        (
            "azure",
            {"api_version": "2025-04-01"},
            "/openai/fine_tuning/jobs/j?api-version=2025-04-01",
            ("api-key", "s3"),
        ),
    ],
)
def test_each_kind_of_endpoint_is_asked_at_its_own_address(
    provider: Provider, kind: str, options: dict[str, str], path: str, header: tuple[str, str]
) -> None:
    provider.jobs.append({"id": "j", "seen": 0})
    base = provider.url if kind == "azure" else f"{provider.url}/v1"
    Client(place_of(kind, config(base, **options))).job("j")
    method, asked, headers = provider.asked[-1]
    assert (method, asked, headers[header[0]]) == ("GET", path, header[1])
    assert headers.get("openai-project") == options.get("project")


@pytest.mark.parametrize("kind", ["anthropic", "gemini", "embedded"])
def test_others_take_no_jobs(kind: str) -> None:
    with pytest.raises(EndpointCannotTune):
        place_of(kind, config("http://127.0.0.1:1"))


def test_a_tuned_model_of_azure_is_put_in_service(provider: Provider) -> None:
    management = Place(
        endpoint="azure",
        url=provider.url,
        headers={"authorization": "Bearer t"},
        query="api-version=2025-06-01",
    )
    resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
    assert deploy(management, resource, "minwon", "ft:gpt")["properties"]["provisioningState"] == "Creating"
    assert provider.deployed["minwon"]["properties"]["model"]["name"] == "ft:gpt"
    assert provider.asked[-1][1] == f"{resource}/deployments/minwon?api-version=2025-06-01"


SETTINGS = """\
state: {folder}
endpoints:
  abroad:
    kind: azure
    url: {url}
    key: k
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, retention_days: 30}}
models: {{}}
"""


def test_the_verb_deploys_what_a_job_has_made_and_nothing_before(
    provider: Provider, tmp_path: Path, monkeypatch, capsys
) -> None:
    (tmp_path / "hanbok.yaml").write_text(SETTINGS.format(folder=tmp_path / "state", url=provider.url))
    provider.jobs = [{"id": "ftjob-0", "status": "queued", "seen": 0}]
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
    asked = ["deploy", "ftjob-0", "--endpoint", "abroad", "--as", "minwon", "--resource", account]
    asked += ["--control", provider.url, "--config", str(tmp_path / "hanbok.yaml"), "--json"]
    monkeypatch.setenv("HANBOK_AZURE_TOKEN", "t")
    with pytest.raises(DeploymentImpossible, match="fine_tuned_model"):  # it is still running
        job(asked)
    assert not provider.deployed
    provider.rounds = 0
    monkeypatch.delenv("HANBOK_AZURE_TOKEN")
    with pytest.raises(DeploymentImpossible, match="HANBOK_AZURE_TOKEN"):
        job(asked)
    monkeypatch.setenv("HANBOK_AZURE_TOKEN", "t")
    job(asked)
    assert json.loads(capsys.readouterr().out)["properties"]["provisioningState"] == "Creating"
    assert provider.deployed["minwon"]["properties"]["model"]["name"] == "ft:gpt:org::abc"
    method, path, headers = provider.asked[-1]
    assert (method, path) == ("PUT", f"{account}/deployments/minwon?api-version=2025-06-01")
    assert headers["authorization"] == "Bearer t"


class Judge:
    """Lets this zone have data of this grade at most, altered at least so."""

    version = "test"

    def __init__(self, grade: Grade, form: Form) -> None:
        self._grade, self._form = grade, form

    def rule(self, question: Question) -> Ruling:
        allowed = question.grade.rank <= self._grade.rank and (
            list(Form).index(question.form) >= list(Form).index(self._form)
        )
        clause = Clause(id="p1", article="제1조", reason=Text(ko="시험", en="test"))
        return Ruling(allowed=allowed, clauses=(clause,))


def wrote(tmp_path: Path, said: str) -> Path:
    path = tmp_path / "rows.jsonl"
    row = {"messages": [{"role": "user", "content": said}, {"role": "assistant", "content": "네"}]}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def test_guard_and_policy_stand_before_the_upload(tmp_path: Path) -> None:
    guard, people = Guard.load(), Identities(11)
    who, to = Principal(organisation="alpha", key=""), destination(Zone.FOREIGN)
    free = Judge(Grade.CLASSIFIED, Form.AS_IS)

    plain = inspect(wrote(tmp_path, "도서관은 언제 여나요?"), guard)
    assert permit(plain, free, who, to, "m") == ("p1",)

    number = people.rrn()
    identified = inspect(wrote(tmp_path, f"주민등록번호 {number}"), guard)
    with pytest.raises(IdentifiersInData) as refused:
        permit(identified, free, who, to, "m")
    assert number not in str(refused.value)

    reached = inspect(wrote(tmp_path, f"전화는 {people.mobile()}입니다"), guard)
    assert reached.grade is not Grade.OPEN
    with pytest.raises(Refused):
        permit(reached, Judge(Grade.OPEN, Form.AS_IS), who, to, "m")
    with pytest.raises(Refused):  # a file is not masked on its way: that is the curation's work
        permit(reached, Judge(Grade.CLASSIFIED, Form.MASKED), who, to, "m")
    told = act_of(reached, who, to, "m", "kim", ("p1",))
    assert told.verb == "tuning.upload"
    assert (told.facts["zone"], told.facts["digest"]) == ("foreign", reached.digest)
    assert "전화는" not in str(told)


def test_a_poisoned_line_is_named_and_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROW) + "\n{여기 900101\n", encoding="utf-8")
    with pytest.raises(RowUnreadable) as refused:
        inspect(path, Guard.load())
    assert refused.value.facts["row"] == 2
    assert "900101" not in str(refused.value)
