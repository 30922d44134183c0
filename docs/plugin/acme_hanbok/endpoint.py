"""Acme's servers: OpenAI's format, and a header that names the department that pays."""

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, known_options
from hanbok.gateway.upstream import Upstream


class Acme:
    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        known_options("acme", config, {"department"})
        self.destination = config.destination
        self.dialect: Dialect = Openai(config.destination.endpoint)
        department = config.options.get("department", "general")
        headers = (("authorization", f"Bearer {config.secret}"), ("x-acme-department", department))
        self._address = Address(url=base_url(config, upstream), headers=headers)

    async def address(self, operation: Operation, model: str) -> Address:
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""
