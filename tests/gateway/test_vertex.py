"""Vertex AI: the token that a service account asks for, and both publishers' models behind one address."""

import json
from contextlib import aclosing
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from google.auth.jwt import decode

from hanbok.core.values import Destination, Form, Zone
from hanbok.gateway.asking import Asking, Place
from hanbok.gateway.call import Call, Operation, Planned
from hanbok.gateway.catalogue import Target
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.vertex import Vertex
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import ScriptedModel
from stands import rsa_key, service_account

SEOUL = Destination(endpoint="seoul", country="KR", zone=Zone.DOMESTIC, operator="Google Cloud")
BASE = "/v1/projects/example/locations/asia-northeast3/publishers"
BODY = json.dumps({"model": "asked", "messages": [{"role": "user", "content": "안녕하세요"}]}).encode()


def endpoint(model, upstream, **options):
    config = EndpointConfig(
        destination=SEOUL,
        url=model.origin,
        secret=service_account(model.origin),
        options={"location": "asia-northeast3", **options},
    )
    return Vertex(config, upstream)


async def asked(place, upstream, *, stream):
    """Ask through the way of all calls; return the text."""
    target = Target(endpoint="seoul", destination=SEOUL, model="real", facts=unknown_facts("real"))
    body = BODY if not stream else BODY.replace(b'"asked"', b'"asked", "stream": true')
    call = Call(
        id="c",
        route="/v1/chat/completions",
        operation=Operation.CHAT,
        body=body,
        headers={},
        origin="",
        digest="",
        model="m",
        stream=stream,
        body_in=lambda _: body,
    )
    asking = Asking({"seoul": Place(place, Timeouts())}, upstream)
    reply = await asking.ask(call, Planned(target=target, form=Form.AS_IS))
    try:
        if reply.chunks is None:
            return json.loads(reply.body)["choices"][0]["message"]["content"]
        async with aclosing(reply.chunks) as batches:
            chunks = [json.loads(chunk) async for batch in batches for chunk in batch]
        return "".join(one["delta"].get("content") or "" for chunk in chunks for one in chunk["choices"])
    finally:
        call.finish()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("publisher", "verbs"),
    [
        ("google", ("generateContent", "streamGenerateContent")),
        ("anthropic", ("rawPredict", "streamRawPredict")),
    ],
)
async def test_each_publisher_s_models_answer_with_a_token_of_the_account(publisher, verbs, stream):
    upstream = Http1()
    async with ScriptedModel() as model:
        place = endpoint(model, upstream, publisher=publisher)
        assert await asked(place, upstream, stream=stream) == "안녕하세요"
        assert await asked(place, upstream, stream=stream) == "안녕하세요"
        login, first, second = model.captured
        assert first.target.partition("?")[0] == f"{BASE}/{publisher}/models/real:{verbs[stream]}"
        assert {first.headers["authorization"], second.headers["authorization"]} == {"Bearer token-1"}
        if publisher == "anthropic":
            assert first.json["anthropic_version"] == "vertex-2023-10-16"
            assert "model" not in first.json
        form = parse_qs(login.body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        public = load_pem_private_key(rsa_key().encode(), None).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        audience = f"{model.origin}/oauth2/v2.0/token"
        claims = decode(form["assertion"][0], {"1": pem.decode()}, audience=audience)
        assert claims["iss"] == "hanbok@example.iam.gserviceaccount.com"
        assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
        assert claims["exp"] - claims["iat"] == 3600
    await place.close()
    await upstream.close()
