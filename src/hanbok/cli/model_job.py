"""`hanbok model job`: fine-tuning jobs elsewhere, or on another hanbok, behind guard and policy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from hanbok.building import guard_of, judge_of, rules_of
from hanbok.cli.config import File
from hanbok.cli.model_release import put_on_shelf
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_json
from hanbok.cli.progress import watching
from hanbok.cli.records import actor, opened, send
from hanbok.cli.words import say
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.policy.changes import Changes
from hanbok.policy.governing import govern
from hanbok.settings.environment import azure_token
from hanbok.settings.settings import Settings
from hanbok.studio.build import build
from hanbok.studio.jobs.client import Client, Wanted, control_plane, place_of
from hanbok.studio.jobs.client import deploy as put_in_service
from hanbok.studio.jobs.errors import DeploymentImpossible, TuningEndpointUnknown
from hanbok.studio.jobs.ledger import Ledger
from hanbok.studio.jobs.sending import act_of, deployment_of, inspect, permit
from hanbok.studio.workspace import Workspace

job = App(
    name="job",
    help=say("밖의 조정 작업을 다룹니다.", "Fine-tuning jobs elsewhere."),
    result_action="return_value",
)
Endpoint = Annotated[str, Parameter(help=say("설정에 있는 엔드포인트.", "An endpoint of the settings."))]
Name = Annotated[str, Parameter(help=say("작업의 식별자.", "The job's id."))]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What may be left to the provider, and who sends it."""

    method: Annotated[str, Parameter(help=say("supervised나 dpo.", "supervised or dpo."))] = "supervised"
    suffix: Annotated[str, Parameter(help=say("결과 이름에 붙일 말.", "Stands in the result's name."))] = ""
    seed: Annotated[int | None, Parameter(help=say("난수의 씨앗.", "Seed of chance."))] = None
    epochs: Annotated[int | None, Parameter(help=say("데이터를 몇 번 볼지.", "Passes over the data."))] = None
    organisation: Annotated[
        str, Parameter(name=["--organisation", "--org"], help=say("보내는 조직.", "Who sends it."))
    ] = "default"


_ANY = How()


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a tuned model is put in service as, and where."""

    name: Annotated[str, Parameter(name="--as", help=say("배포의 이름.", "Name of the deployment."))]
    resource: Annotated[
        str,
        Parameter(
            help=say(
                "Azure OpenAI 계정의 식별자: /subscriptions/…/accounts/이름.",
                "Id of the Azure OpenAI account: /subscriptions/.../accounts/NAME.",
            )
        ),
    ]
    capacity: Annotated[int, Parameter(help=say("분당 토큰(천).", "Thousands of tokens a minute."))] = 1
    control: Annotated[
        str, Parameter(help=say("Azure 관리 API의 주소.", "Base URL of Azure's control plane."))
    ] = "https://management.azure.com"


@job.command
def submit(
    file: Annotated[Path, Parameter(help=say("JSON Lines 데이터.", "Data as JSON Lines."))],
    /,
    *,
    endpoint: Endpoint,
    model: Annotated[str, Parameter(help=say("조정할 모델의 이름.", "Name of the model to tune."))],
    how: How = _ANY,
    wait: Annotated[
        bool, Parameter(negative=(), help=say("끝날 때까지 지켜봅니다.", "Follow it to its end."))
    ] = False,
    json: Json = False,
    config: File = None,
) -> None:
    """Read the data with the guard, ask policy, note it in the log, send it and begin the job."""
    wanted = Wanted(
        model=model,
        method=how.method,
        suffix=how.suffix,
        seed=how.seed,
        numbers={"n_epochs": how.epochs} if how.epochs else {},
    )
    with opened(config) as (loaded, store):
        settings = loaded.settings
        client = _client(settings, endpoint)
        seen = inspect(file, guard_of(settings, settings.state / "cache"))
        who = Principal(organisation=how.organisation, key="", person=actor())
        to = settings.destination(endpoint, today())
        judge = judge_of(loaded, today(), govern(Changes(store), rules_of(loaded)))
        try:
            policies = permit(seen, judge, who, to, model)
        except HanbokError as error:
            send(loaded, store, [act_of(seen, who, to, model, actor(), (), error.code)])
            raise
        send(loaded, store, [act_of(seen, who, to, model, actor(), policies)])
    begun = client.begin(wanted, client.upload(file), seen.digest)
    if wait:
        begun = client.follow(str(begun["id"]), lambda event: _tell(event, json=json))
    _show(begun, json=json)


@job.command
def show(name: Name, /, *, endpoint: Endpoint, json: Json = False, config: File = None) -> None:
    """Show a job, and what happened in it."""
    with opened(config) as (loaded, _):
        client = _client(loaded.settings, endpoint)
    found = client.job(name)
    events = client.events(name)
    if json:
        print_json(found | {"events": events})
        return
    for event in events:
        _tell(event, json=False)
    _show(found, json=False)


@job.command
def cancel(name: Name, /, *, endpoint: Endpoint, json: Json = False, config: File = None) -> None:
    """Cancel a job."""
    with opened(config) as (loaded, _):
        client = _client(loaded.settings, endpoint)
    _show(client.cancel(name), json=json)


@job.command
def deploy(
    name: Name,
    /,
    *,
    endpoint: Endpoint,
    to: Deployment,
    organisation: Organisation = "default",
    json: Json = False,
    config: File = None,
) -> None:
    """Put the model of a job of Azure OpenAI in service under a name. Reads HANBOK_AZURE_TOKEN."""
    token = azure_token()
    with opened(config) as (loaded, store):
        settings = loaded.settings
        client = _client(settings, endpoint)
        management = control_plane(
            settings.endpoints[endpoint].kind, settings.endpoint_config(endpoint), to.control, token
        )
        model = client.job(name).get("fine_tuned_model")
        if not model or not token:
            raise DeploymentImpossible(job=name, why="fine_tuned_model" if token else "HANBOK_AZURE_TOKEN")
        who = Principal(organisation=organisation, key="", person=actor())
        place = settings.destination(endpoint, today())
        send(loaded, store, [deployment_of(who, place, str(model), to.name, actor())])
    made = put_in_service(management, to.resource, to.name, str(model), to.capacity)
    if json:
        print_json(made)
    else:
        properties: dict[str, Any] = made.get("properties") or {}
        print(f"{made.get('name')}: {properties.get('provisioningState')}")


@job.command
def release(
    name: Name,
    /,
    *,
    model: Annotated[str, Parameter(name="--as", help=say("서비스할 이름.", "The name to serve it by."))],
    version: Annotated[str, Parameter(help=say("릴리스의 버전.", "Version of the release."))] = "0.1.0",
    organisation: Organisation = "default",
    json: Json = False,
    config: File = None,
) -> None:
    """Make a release of what a job of this hanbok made, and put it on the shelf: the gateway serves it by its name."""
    from hanbok.studio.job_release import steps_of_job  # noqa: PLC0415 - torch is an extra, the rest needs none

    with opened(config) as (loaded, store):
        home = loaded.settings.state / "studio"
        steps = steps_of_job(Ledger(home / "jobs"), organisation, name, name=model, version=version)
        with watching() as watcher:
            made = build(steps, Workspace(home), watcher)
        key, line = put_on_shelf(loaded, store, made[-1].artifact)
    if json:
        print_json({"release": key, "path": str(made[-1].artifact.path), "live": line.live})
    else:
        print(say(f"{key}이(가) 등록소에 있습니다.", f"{key} is on the shelf."))


def _client(settings: Settings, endpoint: str) -> Client:
    one = settings.endpoints.get(endpoint)
    if one is None:
        raise TuningEndpointUnknown(endpoint=endpoint, known=", ".join(settings.endpoints))
    return Client(place_of(one.kind, settings.endpoint_config(endpoint)))


def _tell(event: dict[str, Any], *, json: bool) -> None:
    if not json:
        print(f"{event.get('created_at')}  {event.get('level')}  {event.get('message')}")


def _show(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
        return
    for key in ("id", "status", "model", "fine_tuned_model", "trained_tokens", "error"):
        if found.get(key):
            print(f"{key}: {found[key]}")
