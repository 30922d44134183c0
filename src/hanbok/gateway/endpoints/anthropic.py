"""Anthropic, and servers that speak its Messages API."""

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.anthropic import Anthropic as AnthropicDialect
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, header_options, known_options, secret, whole_number
from hanbok.gateway.upstream import Upstream

_URL = "https://api.anthropic.com/v1"
_VERSION = "2023-06-01"
_MAX_TOKENS = 4096


class Anthropic:
    """`url` is the part before `/messages`.

    Options: `version` (of the API), `beta` (names for `anthropic-beta`), `max_tokens` (for requests that set none;
    the format demands a number), `ca_file` (CA certificates of a private authority), `header.NAME`.
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("anthropic", config, {"ca_file", "version", "beta", "max_tokens"}, prefix="header.")
        self.destination = config.destination
        self.dialect: Dialect = AnthropicDialect(
            config.destination.endpoint, max_tokens=whole_number(config, "max_tokens", _MAX_TOKENS)
        )
        headers = [
            ("x-api-key", secret(config)),
            ("anthropic-version", config.options.get("version", _VERSION)),
            *header_options(config),
        ]
        if beta := config.options.get("beta"):
            headers.append(("anthropic-beta", beta))
        self._address = Address(url=base_url(config, upstream, _URL), headers=tuple(headers))

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send."""
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""
