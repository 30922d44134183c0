"""Anthropic's Messages API on Vertex AI: the model stands in the path, the version in the body."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import msgspec

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireRequest
from hanbok.gateway.dialects.anthropic import Anthropic
from hanbok.gateway.head import Spans
from hanbok.gateway.spelling.json_text import Raw, encode

_VERSION: Final = Raw(b'"vertex-2023-10-16"')
_MEMBERS = msgspec.json.Decoder(dict[str, Raw]).decode


class VertexAnthropic(Anthropic):
    def request(
        self, operation: Operation, body: bytes, *, model: str, stream: bool, where: Spans | None = None
    ) -> WireRequest:
        """Spell a chat request."""
        return _placed(
            super().request(operation, body, model=model, stream=stream, where=where), model, stream
        )

    def forward(self, body: bytes, *, model: str, stream: bool, headers: Mapping[str, str]) -> WireRequest:
        """Pass a request on that is of this format already."""
        return _placed(super().forward(body, model=model, stream=stream, headers=headers), model, stream)


def _placed(wire: WireRequest, model: str, stream: bool) -> WireRequest:  # noqa: FBT001 - as in the contract
    members = _MEMBERS(wire.body)
    del members["model"]
    verb = "streamRawPredict" if stream else "rawPredict"
    path = f"/publishers/anthropic/models/{quote(model, safe='@')}:{verb}"
    return replace(wire, path=path, body=encode(members | {"anthropic_version": _VERSION}))
