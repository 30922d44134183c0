"""Reading an endpoint's settings: every kind refuses what it does not know."""

from collections.abc import Set as AbstractSet
from pathlib import Path

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.transport.origin import opening
from hanbok.gateway.upstream import Gate, Upstream

_SCHEME = Text(ko="http://나 https://로 시작해야 합니다", en="it must begin with http:// or https://")
_ABSOLUTE = Text(ko="절대 경로여야 합니다", en="it must be an absolute path")


class EndpointOptionUnknown(HanbokError):
    code = "endpoint_option_unknown"
    message = Text(
        ko="엔드포인트 {endpoint!r}(kind {kind!r})에는 {option!r} 옵션이 없습니다",
        en="endpoint {endpoint!r} (kind {kind!r}) has no option {option!r}",
    )
    hint = Text(ko="쓸 수 있는 옵션: {known}", en="Known options: {known}")


class EndpointOptionInvalid(HanbokError):
    code = "endpoint_option_invalid"
    message = Text(
        ko="엔드포인트 {endpoint!r}의 {option!r} 설정을 쓸 수 없습니다: {why}",
        en="the setting {option!r} of endpoint {endpoint!r} cannot be used: {why}",
    )
    hint = Text(ko="hanbok.yaml에서 고치십시오.", en="Correct it in hanbok.yaml.")


def known_options(kind: str, config: EndpointConfig, known: AbstractSet[str], *, prefix: str = "") -> None:
    """Raise EndpointOptionUnknown for an option that is neither in `known` nor begins with `prefix`."""
    for option in config.options:
        if option not in known and not (prefix and option.startswith(prefix)):
            names = ", ".join([*sorted(known), *([f"{prefix}NAME"] if prefix else [])]) or "-"
            raise EndpointOptionUnknown(
                endpoint=config.destination.endpoint, kind=kind, option=option, known=names
            )


def base_url(config: EndpointConfig, upstream: Upstream, default: str = "") -> str:
    """Return the base URL without a slash at its end, have the file in the option `ca_file` trusted for it, and put
    its host and port on the list of places that connections may go to.

    Raises EndpointOptionInvalid.
    """
    url = (config.url or default).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise invalid(config, "url", _SCHEME)
    if file := config.options.get("ca_file"):
        if not Path(file).is_absolute():
            raise invalid(config, "ca_file", _ABSOLUTE)
        upstream.trust(url, Path(file))
    permit(config, upstream, url)
    return url


def permit(config: EndpointConfig, upstream: Upstream, url: str) -> None:
    """Put the host and port of a URL on the list of places that connections may go to. Raises UpstreamUnreachable."""
    origin = opening(url, ())[0]
    upstream.permit(
        Gate(host=origin.host, port=origin.port, endpoint=config.destination.endpoint, private=config.private)
    )


def flag(config: EndpointConfig, option: str, *, default: bool) -> bool:
    """Read `true` or `false`. Raises EndpointOptionInvalid."""
    text = config.options.get(option, str(default)).lower()
    if text not in {"true", "false"}:
        raise invalid(config, option, Text(ko="true나 false여야 합니다", en="it must be true or false"))
    return text == "true"


def header_options(config: EndpointConfig) -> tuple[tuple[str, str], ...]:
    """Return the fixed headers that options of the form `header.NAME` ask for."""
    found = ((name.partition("header."), value) for name, value in config.options.items())
    return tuple((name.lower(), value) for (before, mark, name), value in found if mark and not before)


def secret(config: EndpointConfig) -> str:
    """Return the provider's key. Raises EndpointOptionInvalid when there is none."""
    if not config.secret:
        raise invalid(config, "secret", Text(ko="이 kind에는 열쇠가 필요합니다", en="this kind needs a key"))
    return config.secret


def invalid(config: EndpointConfig, option: str, why: Text | str) -> EndpointOptionInvalid:
    """Return the error to raise."""
    return EndpointOptionInvalid(endpoint=config.destination.endpoint, option=option, why=why)


def whole_number(config: EndpointConfig, option: str, default: int) -> int:
    """Read a positive whole number. Raises EndpointOptionInvalid."""
    text = config.options.get(option, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise invalid(
            config, option, Text(ko="1 이상의 정수여야 합니다", en="it must be a positive whole number")
        )
    return int(text)
