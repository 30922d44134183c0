"""Pictures, moderation, ranking and speech, in OpenAI's and Jina's words."""

import io
import re
import wave
from collections.abc import Callable
from typing import Any, Final

from hanbok.testing.wire.script import Captured

_CREATED: Final = 1_760_000_000


def images(asked: dict[str, Any]) -> dict[str, Any]:
    """Spell a picture of one white point, and what was understood."""
    prompt = str(asked.get("prompt", ""))
    usage = {"input_tokens": len(prompt), "output_tokens": 10, "total_tokens": len(prompt) + 10}
    return {
        "created": _CREATED,
        "data": [{"b64_json": "iVBORw0KGgo=", "revised_prompt": prompt}],
        "usage": usage,
    }


def moderations(asked: dict[str, Any]) -> dict[str, Any]:
    """Find nothing wrong."""
    result = {"flagged": False, "categories": {"violence": False}, "category_scores": {"violence": 0.0}}
    return {"id": "modr-1", "model": asked.get("model"), "results": [result]}


def ranking(asked: dict[str, Any]) -> dict[str, Any]:
    """Rank documents by how many letters they share with the query."""
    query, documents = set(str(asked.get("query", ""))), [str(one) for one in asked.get("documents", [])]
    scored = [(len(query & set(text)) / (len(query) or 1), at) for at, text in enumerate(documents)]
    results = [
        {"index": at, "relevance_score": score, "document": {"text": documents[at]}}
        for score, at in sorted(scored, reverse=True)
    ]
    return {"id": "rank-1", "model": asked.get("model"), "results": results, "usage": {"total_tokens": 9}}


def speech(_: dict[str, Any]) -> bytes:
    """Return a WAV file of a hundredth of a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(160))
    return file.getvalue()


_FIELD: Final = 'name="{name}"\\r\\n\\r\\n(.*?)\\r\\n--'


def heard(captured: Captured) -> dict[str, Any] | str:
    """Write down the prompt, as if it had been said, in the format that the form asks for."""
    form = captured.body.decode("utf-8", "replace")
    said, wanted = (
        found[1] if (found := re.search(_FIELD.format(name=name), form, re.DOTALL)) else ""
        for name in ("prompt", "response_format")
    )
    if wanted in ("text", "srt", "vtt"):
        start = {"text": "", "srt": "1\n00:00:00,000 --> 00:00:01,000\n"}.get(wanted, "WEBVTT\n\n")
        return f"{start}{said}\n"
    usage = {"type": "tokens", "input_tokens": 20, "output_tokens": 5, "total_tokens": 25}
    segments = [{"id": 0, "start": 0.0, "end": 1.0, "text": said}]
    more = {"duration": 1.0, "language": "korean", "segments": segments} if wanted == "verbose_json" else {}
    return {"text": said, **more, "usage": usage}


_SPELL: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any] | bytes]]] = {
    "/images/generations": images,
    "/moderations": moderations,
    "/rerank": ranking,
    "/audio/speech": speech,
}


def spell(captured: Captured) -> dict[str, Any] | bytes | str | None:
    """Return an answer, or None for what is asked elsewhere."""
    path = captured.target.partition("?")[0]
    if path.endswith(("/audio/transcriptions", "/audio/translations")):
        return heard(captured)
    found = next((one for end, one in _SPELL.items() if path.endswith(end)), None)
    return found(captured.json) if found else None
