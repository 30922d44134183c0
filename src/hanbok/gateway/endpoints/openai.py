"""OpenAI itself."""

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.openai import Openai as OpenaiDialect
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, header_options, known_options, secret
from hanbok.gateway.upstream import Upstream

_URL = "https://api.openai.com/v1"


class Openai:
    """`url` is needed only for the regional hosts. Options: `organization`, `project`, `ca_file`, `header.NAME`."""

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("openai", config, {"ca_file", "organization", "project"}, prefix="header.")
        self.destination = config.destination
        self.dialect: Dialect = OpenaiDialect(config.destination.endpoint)
        headers = [("authorization", f"Bearer {secret(config)}"), *header_options(config)]
        headers += [
            (f"openai-{name}", config.options[name])
            for name in ("organization", "project")
            if name in config.options
        ]
        self._address = Address(url=base_url(config, upstream, _URL), headers=tuple(headers))

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send."""
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""
