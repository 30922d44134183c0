"""Amazon Bedrock, by its Converse API, with AWS Signature Version 4 or a Bedrock API key. Extra: `aws`."""

import re
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hanbok.core.values import Text, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.bedrock import Bedrock as BedrockDialect
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.regions import region_of
from hanbok.gateway.spelling.json_text import JSON_HEADERS
from hanbok.gateway.spelling.options import base_url, invalid, known_options, secret
from hanbok.gateway.upstream import Upstream

_SERVICE: Final = "bedrock"
_OPTIONS: Final = frozenset({"access_key_id", "ca_file", "region", "session_token"})
_GEOGRAPHIES: Final = frozenset({"amer", "apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"})
"""First words of inference profiles that send a request on to other regions."""
_PROFILE: Final = re.compile(r"[^.]+\.(?:[a-z]+|ai21)\.")
"""The id of a profile: a model's, maker and name, with a geography before it that may be none of those."""
_ONE_REGION: Final = frozenset(
    {"custom-model-deployment", "foundation-model", "imported-model", "provisioned-model"}
)
"""What an ARN may name that runs where it is asked; profiles and routers do not tell where they send."""
_ELSEWHERE: Final = Text(
    ko="이 모델 이름은 다른 나라의 리전으로 보내는 추론 프로파일입니다. 국외 엔드포인트에서만 쓸 수 있습니다",
    en="this model's name is an inference profile that sends to other countries' regions: only an endpoint "
    "in the zone `foreign` may use it",
)
_ONE_PAIR: Final = Text(
    ko="비밀 키마다 ID가 따로 있어 `keys`와 함께 쓸 수 없습니다. 키마다 엔드포인트를 두십시오",
    en="each secret access key needs its own id, so it does not go with several `keys`: make an endpoint for each",
)


class Bedrock:
    """`url` is needed only for a VPC endpoint or a proxy.

    Options: `region` (such as `ap-northeast-2`; the endpoint's `country` must be the region's), `access_key_id` (the
    key is then its secret access key; without it the key is a Bedrock API key), `session_token` (of temporary
    credentials), `ca_file` (CA certificates of a private authority).

    A target's model may be a model's id or an ARN; inference profiles and prompt routers need the zone `foreign`.
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        """Raise EndpointOptionUnknown, EndpointOptionInvalid."""
        known_options("bedrock", config, _OPTIONS)
        options = config.options
        if config.secrets and options.get("access_key_id"):
            raise invalid(config, "access_key_id", _ONE_PAIR)
        self.destination = config.destination
        self.dialect: Dialect = BedrockDialect(config.destination.endpoint)
        self._region = region_of(config, "aws", "region")
        url = base_url(config, upstream, f"https://bedrock-runtime.{self._region}.amazonaws.com")
        key = secret(config)
        if options.get("access_key_id"):
            self._who = Credentials(options["access_key_id"], key, options.get("session_token") or None)
            self._address = Address(url=url, sign=self._sign)
        else:
            self._address = Address(url=url, headers=(("authorization", f"Bearer {key}"),))

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send."""
        if self.destination.zone is not Zone.FOREIGN and _leads_elsewhere(model):
            raise EndpointUnavailable(endpoint=self.destination.endpoint, why=_ELSEWHERE)
        return self._address

    async def start(self) -> None:
        """Nothing runs beside it."""

    async def close(self) -> None:
        """Nothing was started."""

    def _sign(self, url: str, body: bytes) -> tuple[tuple[str, str], ...]:
        request = AWSRequest(method="POST", url=url, data=body, headers=dict(JSON_HEADERS))
        SigV4Auth(self._who, _SERVICE, self._region).add_auth(request)
        ours = {name for name, _ in JSON_HEADERS}
        return tuple((name.lower(), value) for name, value in request.headers.items() if name not in ours)


def _leads_elsewhere(model: str) -> bool:
    """Whether a model's name may send a request on to other regions; one that does not tell is taken to."""
    kind, _, name = model.rpartition(":" if model.startswith("arn:") and "/" not in model else "/")
    if kind and kind.rpartition(":")[2] not in _ONE_REGION:
        return True
    return name.partition(".")[0] in _GEOGRAPHIES or _PROFILE.match(name) is not None
