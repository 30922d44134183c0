"""`/openapi.json`: everything that the server answers, as OpenAPI 3.1, made from the types that it answers with."""

import asyncio
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import msgspec

from hanbok.app import App
from hanbok.core.values import Language, Text
from hanbok.http.admin.route import Route
from hanbok.http.admin.routes import ROUTES
from hanbok.http.failure import language_of
from hanbok.http.inbound import Inbound
from hanbok.http.operation import Operation
from hanbok.http.operations import OPERATIONS
from hanbok.http.shapes import OpenaiError, Problem
from hanbok.policy.roles import role_table

Json: TypeAlias = dict[str, Any]
_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = Text(
    ko="모든 모델로 통하는 하나의 문. 돈은 백만분의 1원 단위의 정수입니다.",
    en="One door to every model. Money is in whole millionths of a won.",
)
_ADMIN_READS: Final = (400, 401, 403, 404, 429, 503)
_ADMIN_CHANGES: Final = (400, 401, 403, 404, 408, 409, 412, 413, 429, 503)
_SEEN: Final = {"type": "string"}
_OTHERS: Final[dict[str, Json]] = {"text/event-stream": {}}
"""Events are JSON of many shapes, which OpenAPI 3.1 has no words for."""
_KEY: Final = {"key": list[str]()}


async def openapi(app: App, inbound: Inbound) -> None:
    """Answer with the document, its texts in the language that the client asks for."""
    language = language_of(inbound.headers, app.runtime.settings.language)
    body = await asyncio.to_thread(_encoded, app.version, language)
    headers = [("content-type", "application/json"), ("vary", "accept-language")]
    await inbound.reply(200, headers, body)


@lru_cache(maxsize=len(Language))
def _encoded(version: str, language: Language) -> bytes:
    return msgspec.json.encode(document(version, language))


def document(version: str, language: Language) -> Json:
    """Return the OpenAPI document."""
    given = [one.gives for one in OPERATIONS] + [one.gives for one in ROUTES]
    taken = [one.takes for one in OPERATIONS] + [one.takes for one in ROUTES]
    failed = {one.fails for one in OPERATIONS} | {OpenaiError, Problem}
    named = [one for one in (*given, *taken, *sorted(failed - {None}, key=repr)) if one is not None]
    schemas, components = msgspec.json.schema_components(named, ref_template=_REF)
    written = dict(zip(map(repr, named), schemas, strict=True))
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _operation(one, written, language)
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _route(route, written, language)
    for path, item in paths.items():
        if parameters := _path_parameters(path):
            item["parameters"] = parameters
    return {
        "openapi": "3.1.0",
        "info": {"title": "hanbok", "version": version, "description": _ABOUT.of(language)},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation, written: Json, language: Language) -> Json:
    schema: Json = {} if one.gives is None else written[repr(one.gives)]
    content = {
        media: {"schema": schema if media == "application/json" else _OTHERS.get(media, {"type": "string"})}
        for media in one.media
    }
    told_as = one.fails or (OpenaiError if one.path.startswith("/v1/") else Problem)
    errors = {str(status): _error(status, written, told_as) for status in one.errors}
    told: Json = {
        "operationId": _id(one.method, one.path),
        "summary": one.title.of(language),
        "security": [] if one.public else [_KEY],
        "responses": {"200": {"description": "OK", "content": content}} | errors,
    }
    if one.takes is not None:
        told["requestBody"] = _body(written[repr(one.takes)])
    return told


def _route(route: Route, written: Json, language: Language) -> Json:
    ok = HTTPStatus(route.status)
    answer: Json = {
        "description": ok.phrase,
        "content": {"application/json": {"schema": written[repr(route.gives)]}},
    }
    if route.etag:
        answer["headers"] = {"ETag": {"required": True, "schema": _SEEN}}
    statuses = _ADMIN_READS if route.method == "GET" else _ADMIN_CHANGES
    told: Json = {
        "operationId": _id(route.method.lower(), route.path),
        "summary": route.title.of(language),
        "tags": ["admin"],
        "security": [_KEY],
        "responses": {str(route.status): answer}
        | {str(status): _error(status, written, Problem) for status in statuses},
    }
    if route.permission:
        allowed = role_table().permissions[route.permission]
        told["description"] = f"`{route.permission}`: {allowed.title.of(language)}"
    if route.takes is not None:
        told["requestBody"] = _body(written[repr(route.takes)])
    parameters = _query_parameters(route)
    if route.etag and route.method != "GET":
        parameters.append({"name": "If-Match", "in": "header", "required": False, "schema": _SEEN})
    if parameters:
        told["parameters"] = parameters
    return told


def _error(status: int, written: Json, shape: type) -> Json:
    media = "application/problem+json" if shape is Problem else "application/json"
    return {"description": HTTPStatus(status).phrase, "content": {media: {"schema": written[repr(shape)]}}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _query_parameters(route: Route) -> list[Json]:
    if route.query is None:
        return []
    properties = msgspec.json.schema(route.query)["$defs"][route.query.__name__]["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.get("description", ""),
            "schema": _without_null(schema),
        }
        for name, schema in properties.items()
    ]


def _without_null(schema: Json) -> Json:
    """Return the schema of a value in an address, where there is no null."""
    kept = {name: one for name, one in schema.items() if name not in ("description", "default", "anyOf")}
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return kept | (choices[0] if choices else {})


def _path_parameters(path: str) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", path)
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _id(method: str, path: str) -> str:
    words = re.findall(r"\w+", path)
    return "_".join([method, *words]) if words else f"{method}_first_page"
