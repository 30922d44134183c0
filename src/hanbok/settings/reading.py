"""Reading `hanbok.yaml`: the only package that reads configuration files and the environment.

Values may name environment variables as `${NAME}` or `${NAME:-fallback}`. Unknown names, wrong types and dangling
references are errors with file and line.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import ValidationError, convert, msgpack, to_builtins
from msgspec.json import schema as json_schema

from hanbok.core.errors import HanbokError
from hanbok.core.secret import Secret
from hanbok.core.values import Text, Zone
from hanbok.settings.located_yaml import LocatedYaml, Problem, Problems, Where, placed
from hanbok.settings.settings import Settings

DEFAULT_FILE = "hanbok.yaml"


class SettingsInvalid(HanbokError):
    code = "settings_invalid"
    message = Text(ko="설정이 잘못되었습니다\n{problems}", en="the settings are not valid\n{problems}")
    hint = Text(
        ko="`hanbok config schema`가 쓸 수 있는 이름과 형식을 보여 줍니다.",
        en="`hanbok config schema` shows the names and types that may stand there.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and the texts of the files that they name."""

    settings: Settings
    source: Path | None = None
    """None: the built-in defaults."""
    policies: tuple[tuple[str, str], ...] = ()
    """File name and text of each extra Cedar file."""
    token_keys: str = ""
    """Text of the file that `mcp.oauth.keys` names."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read `path`, else `$HANBOK_CONFIG`, else `hanbok.yaml` here, else the defaults. Raises SettingsInvalid."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["HANBOK_CONFIG"]) if environ.get("HANBOK_CONFIG") else None)
    source = named or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None)
    if source is None:
        return Loaded(settings=Settings())
    file = LocatedYaml(source, environ)
    try:
        settings = _settings(file.tree())
        policies, keys = _policies(source, settings), _token_keys(source, settings)
        return Loaded(settings=settings, source=source, policies=policies, token_keys=keys)
    except Problems as problems:
        raise SettingsInvalid(problems="\n".join(file.told(problems))) from None


def packed(loaded: Loaded) -> bytes:
    """Return settings as one process of a server tells another: all of it, secrets too."""
    return msgpack.encode(loaded, enc_hook=lambda one: one.reveal() if isinstance(one, Secret) else str(one))


def unpacked(data: bytes) -> Loaded:
    """Return what was `packed`."""
    return msgpack.decode(data, type=Loaded, dec_hook=_decode)


def shown(settings: Settings) -> object:
    """Return the settings as JSON values, secrets hidden."""
    return to_builtins(settings, enc_hook=str)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `hanbok.yaml`, for editors."""
    body = json_schema(Settings, schema_hook=lambda _: {"type": "string"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | body


_NAMED = ("endpoints", "models")


def _settings(tree: Any) -> Settings:  # noqa: ANN401 - as `tree`
    try:
        settings = convert(tree, Settings, dec_hook=_decode)
    except ValidationError as whole:
        # One error at a time is tiresome: try the parts that can be judged alone, and tell all of theirs.
        problems = [problem for part, path in _parts(tree) if (problem := _problem_of(part, path))]
        raise Problems(problems or [placed(whole)]) from None
    if dangling := list(_dangling(settings)):
        raise Problems(dangling)
    return settings


def _dangling(settings: Settings) -> Iterator[Problem]:
    """Yield names that stand for nothing."""
    processors: list[tuple[Where, str]] = [
        *((("endpoints", name), one.processor) for name, one in settings.endpoints.items()),
        *((("mcp", "servers", name), one.processor) for name, one in settings.mcp.servers.items()),
    ]
    for place, processor in processors:
        if processor and processor not in settings.transfers.processors:
            yield (*place, "processor"), f"there is no processor {processor!r}"
    for name, model in settings.models.items():
        for index, target in enumerate(model.targets):
            if target.endpoint not in settings.endpoints:
                place = ("models", name, "targets", index, "endpoint")
                yield place, f"there is no endpoint {target.endpoint!r}"
        if model.instead and model.instead not in settings.models:
            yield ("models", name, "instead"), f"there is no model {model.instead!r}"
    sessions = settings.realtime
    for member, names in (("models", sessions.models), ("transcription", sessions.transcription)):
        for index, opened in enumerate(names):
            if opened not in settings.models:
                yield ("realtime", member, index), f"there is no model {opened!r}"
    yield from _unlike(settings)
    yield from _unfit(settings)


def _unlike(settings: Settings) -> Iterator[Problem]:
    """Yield what keeps questions from being compared."""
    embedder = settings.cache.embedder
    if embedder is not None:
        there = settings.endpoints.get(embedder.endpoint)
        if there is None:
            yield ("cache", "embedder", "endpoint"), f"there is no endpoint {embedder.endpoint!r}"
        elif there.zone is not Zone.HOME:
            why = "questions are compared at home: this endpoint is not in the zone `home`"
            yield ("cache", "embedder", "endpoint"), why
    for name, model in settings.models.items():
        if model.cache.similar.seconds and embedder is None:
            yield ("models", name, "cache", "similar"), "there is no `cache.embedder`"


def _unfit(settings: Settings) -> Iterator[Problem]:
    """Yield judges that cannot be asked, and shadows of nothing."""
    for name, model in settings.models.items():
        judge = model.escalation.judge if model.escalation else None
        if judge is not None:
            where, there = ("models", name, "escalation", "judge", "model"), settings.models.get(judge.model)
            endpoint = settings.endpoints.get(there.targets[0].endpoint) if there else None
            if there is None or judge.model == name:
                yield where, f"there is no other model {judge.model!r}"
            elif endpoint is not None and endpoint.zone is Zone.FOREIGN:
                yield where, "a first answer is not shown abroad: this model is in the zone `foreign`"
        if model.shadow is not None and model.shadow.model not in settings.models.keys() - {name}:
            yield ("models", name, "shadow", "model"), f"there is no other model {model.shadow.model!r}"


def _parts(tree: Any) -> Iterator[tuple[Any, Where]]:  # noqa: ANN401 - as `tree`
    for name, value in _members(tree):
        if name in _NAMED and isinstance(value, dict):
            for key, one in _members(value):
                yield {name: {key: one}}, (name, key)
        else:
            yield {name: value}, (name,)


def _members(tree: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - as `tree`
    return list(tree.items()) if isinstance(tree, dict) else []  # pyright: ignore[reportUnknownArgumentType] - Any


def _problem_of(part: Any, path: Where) -> Problem | None:  # noqa: ANN401 - as `tree`
    try:
        convert(part, Settings, dec_hook=_decode)
    except ValidationError as error:
        return placed(error, path)
    return None


def _decode(kind: type, value: object) -> object:
    if kind in (Path, Secret) and isinstance(value, str):
        return kind(value)
    raise ValidationError(f"Expected `str`, got `{type(value).__name__}`")


def _policies(source: Path, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Read the Cedar files that the settings name; relative paths start at the settings file."""
    texts: list[tuple[str, str]] = []
    for index, path in enumerate(settings.policy.extra):
        try:
            texts.append((str(path), (source.parent / path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise Problems([(("policy", "extra", index), str(error))]) from None
    return tuple(texts)


def _token_keys(source: Path, settings: Settings) -> str:
    if settings.mcp.oauth is None:
        return ""
    try:
        return (source.parent / settings.mcp.oauth.keys).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problems([(("mcp", "oauth", "keys"), str(error))]) from None
