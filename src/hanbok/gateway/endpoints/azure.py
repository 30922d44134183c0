"""Azure OpenAI: the v1 path and the older deployments path, with an API key or an Entra ID token."""

from urllib.parse import quote, urlencode

from hanbok.core.values import Text
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.spelling.options import base_url, header_options, invalid, known_options, permit, secret
from hanbok.gateway.transport.client_credentials import ClientCredentials
from hanbok.gateway.upstream import Upstream

_AUTHORITY = "https://login.microsoftonline.com"
_SCOPE = "https://cognitiveservices.azure.com/.default"
_OPTIONS = frozenset({"api_version", "authority", "ca_file", "client_id", "form", "scope", "tenant"})


class Azure:
    """`url` is the resource's, such as `https://NAME.openai.azure.com`.

    Options: `form` (`v1`, or `deployments`, where a model's name is its deployment's), `api_version` (which the latter
    needs). With `tenant` and `client_id` the secret is that application's, else it is an API key; `authority` and
    `scope` are for sovereign clouds. `ca_file` names CA certificates of a private authority,
    `header.NAME` adds a fixed header.
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        """Raise EndpointOptionUnknown, EndpointOptionInvalid."""
        known_options("azure", config, _OPTIONS, prefix="header.")
        options = config.options
        self.destination = config.destination
        self.dialect: Dialect = Openai(config.destination.endpoint)
        form = options.get("form", "v1")
        if form not in {"v1", "deployments"}:
            raise invalid(
                config, "form", Text(ko="v1이나 deployments여야 합니다", en="it must be v1 or deployments")
            )
        if form == "deployments" and not options.get("api_version"):
            raise invalid(
                config,
                "api_version",
                Text(ko="deployments 방식에 필요합니다", en="the deployments form needs it"),
            )
        if bool(options.get("tenant")) != bool(options.get("client_id")):
            raise invalid(
                config,
                "client_id",
                Text(ko="tenant와 client_id는 함께 써야 합니다", en="tenant and client_id come together"),
            )
        self._deployments = form == "deployments"
        self._home = f"{base_url(config, upstream)}/openai"
        self._url = f"{self._home}/{form}"
        self._query = urlencode({"api-version": options["api_version"]}) if options.get("api_version") else ""
        self._headers = header_options(config)
        self._key = secret(config)
        self._tokens = _tokens(config, upstream)

    async def address(self, operation: Operation, model: str) -> Address:
        """Return where to send, with a fresh token."""
        who = ("api-key", self._key)
        if self._tokens is not None:
            who = ("authorization", f"Bearer {await self._tokens.token()}")
        headers = (who, *self._headers)
        if operation is Operation.PASSAGE and self._deployments:
            return Address(url=self._home, headers=headers, query=self._query)
        if not self._deployments:
            return Address(url=self._url, headers=headers, query=self._query)
        if operation is Operation.REALTIME:  # the one path that names its deployment in the query
            query = f"{self._query}&{urlencode({'deployment': model})}"
            return Address(url=self._home, headers=headers, query=query)
        return Address(url=f"{self._url}/{quote(model, safe='')}", headers=headers, query=self._query)

    async def start(self) -> None:
        """Nothing runs beside it: a token is fetched when the first call needs it."""

    async def close(self) -> None:
        """End a renewal of the token."""
        if self._tokens is not None:
            await self._tokens.close()


def _tokens(config: EndpointConfig, upstream: Upstream) -> ClientCredentials | None:
    if not config.options.get("tenant"):
        return None
    authority = config.options.get("authority", _AUTHORITY).rstrip("/")
    permit(config, upstream, authority)
    return ClientCredentials(
        endpoint=config.destination.endpoint,
        url=f"{authority}/{quote(config.options['tenant'], safe='')}/oauth2/v2.0/token",
        client_id=config.options["client_id"],
        client_secret=config.secret,
        scope=config.options.get("scope", _SCOPE),
        upstream=upstream,
    )
