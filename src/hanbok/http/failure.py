"""Errors as answers: OpenAI's shape inside `/v1`, RFC 9457 problem details elsewhere."""

from collections.abc import Mapping

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.front import Failure, Front
from hanbok.http.fronts import front_of
from hanbok.http.inbound import Headers, Inbound
from hanbok.http.statuses import status_of, type_of


def language_of(headers: Mapping[str, str], default: Language) -> Language:
    """Return the first of hanbok's languages that `Accept-Language` names (RFC 9110, 12.5.4), else the default."""
    wanted = headers.get("accept-language")
    if not wanted:
        return default
    ranked: list[tuple[float, Language]] = []
    for part in wanted.split(","):
        tag, _, weight = part.partition(";")
        known = {"ko": Language.KO, "en": Language.EN}.get(tag.strip().lower()[:2])
        try:
            quality = float(weight.partition("=")[2] or 1)
        except ValueError:
            quality = 0.0
        if known and quality > 0:
            ranked.append((quality, known))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else default


def openai_error(error: HanbokError, language: Language) -> bytes:
    """Return the error in OpenAI's shape, with the hint as a field of its own."""
    shape = {
        "message": error.say(language),
        "type": type_of(status_of(error)),
        "param": error.facts.get("field"),
        "code": error.code,
        "hint": error.advise(language),
    }
    return msgspec.json.encode({"error": shape})


def problem(error: HanbokError, language: Language) -> bytes:
    """Return the error as `application/problem+json` (RFC 9457)."""
    status = status_of(error)
    return msgspec.json.encode(
        {
            "type": f"urn:hanbok:error:{error.code}",
            "title": status.phrase,
            "status": int(status),
            "detail": error.say(language),
            "code": error.code,
            "hint": error.advise(language),
        }
    )


def failure_of(error: HanbokError, language: Language) -> Failure:
    """Return the error as a front tells it."""
    status = status_of(error)
    field = error.facts.get("field")
    return Failure(
        status=int(status),
        kind=type_of(status),
        code=error.code,
        message=error.say(language),
        hint=error.advise(language),
        field=None if field is None else str(field),
    )


async def tell(
    inbound: Inbound, error: HanbokError, default: Language, headers: Headers, front: Front | None = None
) -> None:
    """Answer a request with an error, in the words of this front, else of the API whose route it is."""
    language, front = language_of(inbound.headers, default), front or front_of(inbound)
    inside = front is not None or inbound.path.startswith(("/v1/", "/passthrough/"))
    if front is not None:
        body = front.failure(failure_of(error, language))
    else:
        body = openai_error(error, language) if inside else problem(error, language)
    status = status_of(error)
    extra: Headers = [
        ("content-type", "application/json" if inside else "application/problem+json"),
        ("content-language", language),
        ("x-hanbok-error", error.code),
    ]
    retry = error.facts.get("retry_after")
    if retry:
        extra.append(("retry-after", str(retry)))
    if status == 401 and not any(name == "www-authenticate" for name, _ in headers):  # noqa: PLR2004 - RFC 9110, 11.6.1
        extra.append(("www-authenticate", "Bearer"))
    if error.code in ("body_too_large", "body_too_slow", "stopping"):
        # What is left of the body will not be read.
        extra.append(("connection", "close"))
    await inbound.reply(status, headers + extra, body)
