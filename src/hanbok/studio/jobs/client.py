"""One client for fine-tuning jobs of OpenAI, of Azure OpenAI and of hanbok itself."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from hanbok.gateway.endpoint import EndpointConfig
from hanbok.studio.jobs.errors import EndpointCannotTune, JobFailed
from hanbok.studio.jobs.wire import Place

_OPENAI: Final = "https://api.openai.com/v1"
_OVER: Final = frozenset({"succeeded", "failed", "cancelled"})
_MARK: Final = "hanbok_data"
_CONTROL_VERSION: Final = "2025-06-01"


def place_of(kind: str, config: EndpointConfig) -> Place:
    """Return where an endpoint of the settings takes jobs. Raises EndpointCannotTune."""
    name, options = config.destination.endpoint, config.options
    fixed = {
        key.removeprefix("header."): value for key, value in options.items() if key.startswith("header.")
    }
    if kind == "azure" and config.url and not options.get("tenant"):
        version = options.get("api_version", "")
        form = "openai" if version else "openai/v1"  # the older paths need a version, the newer have none
        query = urlencode({"api-version": version}) if version else ""
        url, who = f"{config.url.rstrip('/')}/{form}", {"api-key": config.secret}
    elif kind in ("openai", "openai_compatible") and (config.url or kind == "openai"):
        url, query, who = config.url or _OPENAI, "", {"authorization": f"Bearer {config.secret}"}
        who |= {f"openai-{one}": options[one] for one in ("organization", "project") if one in options}
    else:
        raise EndpointCannotTune(endpoint=name, kind=kind)
    return Place(
        endpoint=name, url=url, headers={**who, **fixed}, query=query, ca_file=options.get("ca_file", "")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be tuned, and how; what is None is the provider's choice."""

    model: str
    method: str = "supervised"
    suffix: str = ""
    seed: int | None = None
    numbers: dict[str, float] = field(default_factory=dict[str, float])
    """Such as `n_epochs`, by the provider's names."""

    def body(self, file: str, digest: str) -> dict[str, Any]:
        """Return the request."""
        told: dict[str, Any] = {
            "model": self.model,
            "training_file": file,
            "method": {"type": self.method, self.method: {"hyperparameters": self.numbers}},
            "metadata": {_MARK: digest},
        }
        return (
            told
            | ({"suffix": self.suffix} if self.suffix else {})
            | ({} if self.seed is None else {"seed": self.seed})
        )


class Client:
    """Sends data, begins jobs and follows them. What was sent or begun before is found again, not done twice."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def upload(self, path: Path) -> str:
        """Return the file's id there. Raises ProviderRefused, ProviderUnreachable."""
        content = path.read_bytes()
        name = f"hanbok-{hashlib.sha256(content).hexdigest()[:24]}.jsonl"
        for one in self._all("/files", purpose="fine-tune"):
            if (
                one.get("filename") == name
                and one.get("bytes") == len(content)
                and one.get("status") != "error"
            ):
                return str(one["id"])
        return str(self._place.form("/files", {"purpose": "fine-tune"}, name, content)["id"])

    def begin(self, wanted: Wanted, file: str, digest: str) -> dict[str, Any]:
        """Return the job, a new one unless the same was begun and has not failed. Raises as `upload`."""
        for one in self._all("/fine_tuning/jobs"):
            same = (one.get("training_file"), (one.get("metadata") or {}).get(_MARK)) == (file, digest)
            if same and one.get("status") not in ("failed", "cancelled") and _model_of(one) == wanted.model:
                return one
        return self._place.ask("POST", "/fine_tuning/jobs", msgspec.json.encode(wanted.body(file, digest)))

    def job(self, name: str) -> dict[str, Any]:
        """Raise ProviderRefused, ProviderUnreachable."""
        return self._place.ask("GET", f"/fine_tuning/jobs/{quote(name, safe='')}")

    def cancel(self, name: str) -> dict[str, Any]:
        """Raise ProviderRefused, ProviderUnreachable."""
        return self._place.ask("POST", f"/fine_tuning/jobs/{quote(name, safe='')}/cancel", b"{}")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the events, the oldest first."""
        return self._all(f"/fine_tuning/jobs/{quote(name, safe='')}/events")[::-1]

    def checkpoints(self, name: str) -> list[dict[str, Any]]:
        """Return the states that were kept, the newest first."""
        return self._all(f"/fine_tuning/jobs/{quote(name, safe='')}/checkpoints")

    def follow(
        self,
        name: str,
        hear: Callable[[dict[str, Any]], None],
        every: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> dict[str, Any]:
        """Tell every new event until the job is over, and return it. Raises JobFailed, ProviderUnreachable."""
        heard: set[str] = set()
        while True:
            job = self.job(name)
            for event in self.events(name):
                if event.get("id") not in heard:
                    heard.add(str(event.get("id")))
                    hear(event)
            if job.get("status") in _OVER:
                break
            sleep(every)
        if job["status"] != "succeeded":
            why = str((job.get("error") or {}).get("code") or job["status"])
            raise JobFailed(endpoint=self._place.endpoint, job=name, why=why)
        return job

    def _all(self, path: str, **asked: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            query = asked | ({"after": str(found[-1]["id"])} if found else {})
            page = self._place.ask("GET", f"{path}?{urlencode(query | {'limit': '100'})}")
            found += page.get("data") or []
            if not page.get("has_more") or not page.get("data"):
                return found


def control_plane(kind: str, config: EndpointConfig, url: str, token: str) -> Place:
    """Return where Azure puts models of an endpoint in service. Raises EndpointCannotTune."""
    if kind != "azure":
        raise EndpointCannotTune(endpoint=config.destination.endpoint, kind=kind)
    return Place(
        endpoint=config.destination.endpoint,
        url=url,
        headers={"authorization": f"Bearer {token}"},
        query=urlencode({"api-version": _CONTROL_VERSION}),
        ca_file=config.options.get("ca_file", ""),
    )


def deploy(management: Place, resource: str, name: str, model: str, capacity: int = 1) -> dict[str, Any]:
    """Put a tuned model of Azure OpenAI in service under a name, by Azure's control plane. `resource` is the account's
    id there (`/subscriptions/.../accounts/NAME`). Raises ProviderRefused, ProviderUnreachable.
    """
    body = {
        "sku": {"name": "standard", "capacity": capacity},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": "1"}},
    }
    path = f"{resource.rstrip('/')}/deployments/{quote(name, safe='')}"
    return management.ask("PUT", path, msgspec.json.encode(body))


def _model_of(job: dict[str, Any]) -> str:
    return str(job.get("model", ""))
