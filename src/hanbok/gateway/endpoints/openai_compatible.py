"""Any server that speaks OpenAI's API: vLLM, Ollama, SGLang, Friendli, HyperCLOVA X, Upstage, Gemini's own form."""

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, flag, header_options, known_options
from hanbok.gateway.upstream import Upstream


class OpenaiCompatible:
    """`url` is the part before `/chat/completions`, such as `http://10.0.0.5:8000/v1`.

    Options: `key_header` (name of the header that carries the key instead of `authorization`), `header.NAME` (a fixed
    extra header), `needs_done` (`false` for servers that end streams without `[DONE]`), `ca_file` (CA certificates of
    a private authority).
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("openai_compatible", config, {"ca_file", "key_header", "needs_done"}, prefix="header.")
        self.destination = config.destination
        self.dialect: Dialect = Openai(
            config.destination.endpoint, needs_done=flag(config, "needs_done", default=True)
        )
        key_header = config.options.get("key_header", "")
        key = (key_header, config.secret) if key_header else ("authorization", f"Bearer {config.secret}")
        headers = header_options(config)
        self._address = Address(
            url=base_url(config, upstream), headers=(key, *headers) if config.secret else headers
        )

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send."""
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""
