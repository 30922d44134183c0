"""What a client may send without an inspection, and what is read of the provider's events."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from hanbok.core.values import DataUse, Destination, Usage, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.azure import Azure
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.errors import EventUnfit
from hanbok.gateway.realtime.fitness import require_fit, with_writer
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.korean import Identities

RRN = Identities(3).rrn()


@pytest.mark.parametrize(
    ("event", "passes"),
    [
        ({"type": "input_audio_buffer.commit"}, True),
        ({"type": "response.cancel", "response_id": "resp_1", "event_id": "e-1"}, True),
        ({"type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": 5}, True),
        ({"type": "conversation.item.delete", "item_id": "주민등록번호"}, False),
        ({"type": "input_audio_buffer.commit", "note": "x"}, False),
        ({"type": "input_audio_buffer.commit", "event_id": "a b"}, False),
        ({"type": "input_audio_buffer.commit", "event_id": "evt_1795000000123"}, True),
        ({"type": "conversation.item.delete", "item_id": RRN}, False),
        ({"type": "response.cancel", "response_id": f"x{RRN.replace('-', '_')}"}, False),
        ({"type": "conversation.item.truncate", "audio_end_ms": int(RRN.replace("-", ""))}, False),
        ({"type": "conversation.item.create", "item_id": "i"}, False),
        ({"type": "response.create"}, False),
    ],
)
def test_events_of_ids_alone_pass_uninspected(event: dict[str, Any], passes: bool) -> None:
    assert (events.plain(event) is not None) == passes


@pytest.mark.parametrize(
    ("event", "passes"),
    [
        ({"type": events.APPEND, "audio": "AAAA"}, True),
        ({"type": events.APPEND, "audio": "AAA=", "event_id": "x"}, True),
        ({"type": events.APPEND, "audio": "주민등록번호"}, False),
        ({"type": events.APPEND, "audio": "AAAA", "text": "x"}, False),
        ({"type": events.APPEND, "audio": 1}, False),
        ({"type": events.APPEND, "audio": "AAAA", "event_id": RRN.replace("-", "")}, False),
        ({"type": "conversation.item.create", "audio": "AAAA"}, False),
    ],
)
def test_sound_is_nothing_but_base64(event: dict[str, Any], passes: bool) -> None:
    assert (events.sound(event) is not None) == passes


def test_sound_is_seen_wherever_it_stands() -> None:
    part = {"type": "input_audio", "audio": "AAAA"}
    assert events.sound_in({"item": {"content": [part, part]}}) == 8
    assert events.sound_in({"response": {"input": [{"content": [{"type": "text"}, part]}]}}) == 4
    assert not events.sound_in({"session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}})


FUNCTION = {"type": "function", "name": "send"}
SERVER = {"type": "mcp", "server_label": "x", "server_url": "https://example.com"}


@pytest.mark.parametrize(
    ("event", "fits"),
    [
        ({"session": {"tools": [FUNCTION], "prompt": None, "tracing": None, "model": "talk"}}, True),
        ({"response": {"tools": [FUNCTION], "input": [{"type": "message"}]}}, True),
        ({"item": {"type": "function_call_output"}}, True),
        ({"session": {"tools": [FUNCTION, SERVER]}}, False),
        ({"response": {"tools": [SERVER]}}, False),
        ({"response": {"tools": [{"type": "mcp", "connector_id": "connector_gmail"}]}}, False),
        ({"session": {"tools": {"0": SERVER}}}, False),
        ({"session": {"tools": [{"server_url": "https://example.com"}]}}, False),
        ({"session": {"tracing": "auto"}}, False),
        ({"session": {"prompt": {"id": "pmpt_1"}}}, False),
        ({"response": {"prompt": {"id": "pmpt_1"}}}, False),
        ({"item": {"type": "mcp_approval_response", "approve": True}}, False),
        ({"response": {"input": [{"type": "mcp_call"}]}}, False),
        ({"session": {"model": "far"}}, False),
        ({"session": {"type": "transcription"}}, False),
    ],
)
def test_nothing_is_taken_that_the_provider_would_do_past_every_control(
    event: dict[str, Any], fits: bool
) -> None:
    with nullcontext() if fits else pytest.raises(EventUnfit):
        require_fit(event, "talk")


@pytest.mark.parametrize(("levels", "fits"), [(90, True), (900, False), (5000, False)])
def test_events_have_a_depth(levels: int, fits: bool) -> None:
    with nullcontext() if fits else pytest.raises(EventUnfit):
        tree = events.read('{"type": "x", "item": ' + "[" * levels + "]" * levels + "}")
        assert not events.sound_in(tree)


def named(writer: Any) -> dict[str, Any]:
    return {"session": {"type": "transcription", "audio": {"input": {"transcription": writer}}}}


@pytest.mark.parametrize(
    ("event", "fits"),
    [
        (named({"model": "heard", "language": "ko"}), True),
        (named({"language": "ko"}), True),
        ({"type": "transcription_session.update", "session": {"input_audio_transcription": {}}}, True),
        (named({"model": "gpt-dear"}), False),
        (named(None), False),
        ({"session": {"input_audio_transcription": {"model": "gpt-dear"}}}, False),
        ({"session": {"model": "gpt-dear"}}, False),
        ({"session": {"type": "realtime"}}, False),
        ({"type": "response.create"}, False),
    ],
)
def test_a_transcription_is_written_by_the_model_of_its_session(event: dict[str, Any], fits: bool) -> None:
    with nullcontext() if fits else pytest.raises(EventUnfit):
        require_fit(event, "heard", writes="gpt-there")
        assert '"model": "gpt-there"' in json.dumps(event)
        assert '"heard"' not in json.dumps(event)


@pytest.mark.parametrize("session", [{"audio": "x"}, {"audio": {"input": []}}])
def test_a_transcription_that_is_none_is_refused(session: dict[str, Any]) -> None:
    with pytest.raises(EventUnfit):
        with_writer(session, "heard")


@pytest.mark.parametrize(
    ("shape", "speaks", "most"),
    [
        ({"output_modalities": ["audio"], "max_output_tokens": 4096}, True, 4096),
        ({"output_modalities": ["text"], "max_output_tokens": "inf"}, False, None),
        ({"modalities": ["text", "audio"], "max_response_output_tokens": 7}, True, 7),
        ({"output_modalities": "audio", "max_output_tokens": {"a": 1}}, None, None),
        ({}, None, 3),
    ],
)
def test_what_a_session_is_like_is_read_of_any_provider(
    shape: dict[str, Any], speaks: bool | None, most: int | None
) -> None:
    told = events.told(json.dumps({"type": "session.updated", "session": shape})).session
    assert told is not None
    assert (told.speaks, told.most(3)) == (speaks, most)


def test_sound_of_a_telephone_is_known_by_its_format() -> None:
    shape = '{"type": "session.updated", "session": {"audio": {"output": {"format": {"type": "%s"}}}}}'
    assert events.is_narrow((shape % "audio/pcmu").encode(), "session.updated")
    assert not events.is_narrow((shape % "audio/pcm").encode(), "session.updated")


def test_usage_counts_each_token_once() -> None:
    usage = {
        "input_tokens": 130,
        "output_tokens": 120,
        "input_token_details": {
            "audio_tokens": 100,
            "cached_tokens": 40,
            "cached_tokens_details": {"text_tokens": 10, "audio_tokens": 30},
        },
        "output_token_details": {"text_tokens": 20, "audio_tokens": 100},
    }
    told = events.told(json.dumps({"type": "response.done", "response": {"id": "r", "usage": usage}}))
    assert told.of == "r"
    assert told.charged == Usage(
        input=130, output=120, cached=40, parts={"audio_input": 70, "audio_output": 100}
    )
    heard = events.told(b'{"type": "x", "usage": {"type": "duration", "seconds": 2}}').heard
    assert heard == Usage(input=20, parts={"audio_input": 20})


@pytest.mark.parametrize(
    ("form", "url", "query"),
    [
        ("v1", "https://r.openai.azure.com/openai/v1", "api-version=2026-01-01"),
        ("deployments", "https://r.openai.azure.com/openai", "api-version=2026-01-01&deployment=talk"),
    ],
)
async def test_azure_has_sessions_in_both_forms(form: str, url: str, query: str) -> None:
    there = Destination(endpoint="a", country="KR", zone=Zone.DOMESTIC, operator="x", data_use=DataUse())
    options = {"form": form, "api_version": "2026-01-01"}
    config = EndpointConfig(destination=there, url="https://r.openai.azure.com", secret="s", options=options)
    address = await Azure(config, Http1()).address(Operation.REALTIME, "talk")
    assert (address.url, address.query) == (url, query)
