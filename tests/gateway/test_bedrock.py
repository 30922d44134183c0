"""Amazon Bedrock: official shapes, signatures that another reckoning confirms, frames cut anywhere."""

import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.dialects.bedrock import Bedrock as BedrockDialect
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.bedrock import Bedrock
from hanbok.gateway.errors import EndpointUnavailable, UpstreamGarbled
from hanbok.gateway.rotation import endpoint_of
from hanbok.gateway.spelled import url_of
from hanbok.gateway.spelling.options import EndpointOptionInvalid
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.wire.bedrock import error_event, frame

GOLDEN = Path(__file__).parents[1] / "golden" / "dialect" / "bedrock.jsonl"
SEOUL = Destination(endpoint="seoul", country="KR", zone=Zone.DOMESTIC, operator="AWS")
ABROAD = Destination(endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="AWS")
BLOBS = {"bytes", "redactedContent"}


def requests():
    cases = map(json.loads, GOLDEN.read_text("utf-8").splitlines())
    return [pytest.param(one["out"], id=one["name"]) for one in cases if one["kind"] == "request"]


@pytest.fixture(scope="module")
def official():
    description = Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(description, "bedrock-runtime").operation_model("Converse").input_shape


def with_bytes(value):
    """Return a body with its blobs as botocore takes them."""
    if isinstance(value, dict):
        return {
            key: one.encode() if key in BLOBS and isinstance(one, str) else with_bytes(one)
            for key, one in value.items()
        }
    return [with_bytes(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("body", requests())
def test_what_we_send_is_what_amazon_describes(official, body):
    found = ParamValidator().validate({"modelId": "m", **with_bytes(body)}, official)
    assert found.generate_report() == ""


def signature(secret, url_path, host, headers, body):
    """Reckon a Signature Version 4 by the steps of Amazon's document, apart from botocore."""
    date, token = headers["x-amz-date"], headers.get("x-amz-security-token")
    signed = {"content-type": "application/json", "host": host, "x-amz-date": date}
    signed |= {"x-amz-security-token": token} if token else {}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            "POST",
            quote(url_path, safe="/~"),  # the path as sent, encoded once more
            "",
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{date[:8]}/ap-northeast-2/bedrock/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in (date[:8], "ap-northeast-2", "bedrock", "aws4_request", text):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, Signature={key.hex()}"


@pytest.mark.parametrize("token", ["", "session-token"])
@pytest.mark.parametrize(
    "model", ["amazon.nova-lite-v1:0", "arn:aws:bedrock:ap-northeast-2:1:imported-model/y"]
)
async def test_the_signature_is_the_one_of_the_published_steps(model, token):
    options = {"region": "ap-northeast-2", "access_key_id": "AKIDEXAMPLE"}
    options |= {"session_token": token} if token else {}
    endpoint = Bedrock(EndpointConfig(destination=SEOUL, secret="wJalr/EXAMPLE", options=options), Http1())
    address = await endpoint.address(Operation.CHAT, model)
    body = '{"messages": [{"role": "user", "content": "안녕"}]}'.encode()
    wire = endpoint.dialect.request(Operation.CHAT, body, model=model, stream=False)
    headers = dict(address.sign(url_of(address, wire), wire.body))
    assert headers["authorization"] == signature(
        "wJalr/EXAMPLE", wire.path, "bedrock-runtime.ap-northeast-2.amazonaws.com", headers, wire.body
    )
    assert headers.keys() == {"authorization", "x-amz-date"} | ({"x-amz-security-token"} if token else set())


async def test_a_profile_over_several_countries_is_for_endpoints_abroad_alone():
    def built(where, region):
        return Bedrock(EndpointConfig(destination=where, secret="k", options={"region": region}), Http1())

    seoul, abroad = built(SEOUL, "ap-northeast-2"), built(ABROAD, "us-east-1")
    for model in (
        "apac.amazon.nova-lite-v1:0",
        "zz.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:ap-northeast-2:1:inference-profile/global.x",
        "arn:aws:bedrock:ap-northeast-2:1:application-inference-profile/a1b2c3",
        "arn:aws:bedrock:ap-northeast-2:1:default-prompt-router/a1b2c3",
        "arn:aws:bedrock:ap-northeast-2:1",
    ):
        with pytest.raises(EndpointUnavailable) as caught:
            await seoul.address(Operation.CHAT, model)
        assert "foreign" in caught.value.say(Language.EN)
        assert (await abroad.address(Operation.CHAT, model)).url
    for model in (
        "amazon.nova-lite-v1:0",
        "deepseek.v3.2",
        "arn:aws:bedrock:ap-northeast-2::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:ap-northeast-2:1:provisioned-model/a1b2c3",
    ):
        assert (await seoul.address(Operation.CHAT, model)).url


def test_several_keys_do_not_share_one_id():
    options = {"region": "ap-northeast-2", "access_key_id": "AK"}
    with pytest.raises(EndpointOptionInvalid) as caught:
        endpoint_of(Bedrock, EndpointConfig(destination=SEOUL, secrets=("a", "b"), options=options), Http1())
    assert "keys" in caught.value.say(Language.EN)


EVENT = {":message-type": "event", ":event-type": "messageStart"}
FRAMES = frame(EVENT, b'{"role":"assistant"}') + error_event()


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_frames_are_cut_out_of_any_pieces(size):
    framing = BedrockDialect().framing()
    pieces = [FRAMES[at : at + size] for at in range(0, len(FRAMES), size)]
    assert [event for piece in pieces for event in framing.feed(piece)] == [
        ("messageStart", b'{"role":"assistant"}'),
        ("throttlingException", b'{"message":"scripted"}'),
    ]


@pytest.mark.parametrize("at", [0, 9, 20, len(FRAMES) - 1])
def test_a_flipped_bit_is_no_frame(at):
    damaged = bytearray(FRAMES)
    damaged[at] ^= 0x80
    with pytest.raises(UpstreamGarbled):
        BedrockDialect().framing().feed(bytes(damaged))
