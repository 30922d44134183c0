"""Google Gemini's native API. Its OpenAI form is an `openai_compatible` endpoint."""

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.gemini import Gemini as GeminiDialect
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, header_options, known_options, secret
from hanbok.gateway.upstream import Upstream

_URL = "https://generativelanguage.googleapis.com/v1beta"


class Gemini:
    """`url` is the part before `/models/...`.

    Options: `ca_file` (CA certificates of a private authority), `header.NAME`.
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("gemini", config, {"ca_file"}, prefix="header.")
        self.destination = config.destination
        self.dialect: Dialect = GeminiDialect(config.destination.endpoint)
        headers = (("x-goog-api-key", secret(config)), *header_options(config))
        self._address = Address(url=base_url(config, upstream, _URL), headers=headers)

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send."""
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""
