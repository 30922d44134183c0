"""In which country a cloud's region stands: what an endpoint declares of itself must agree with it."""

import tomllib
from functools import cache
from importlib.resources import files

from hanbok.core.values import Text, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.spelling.options import invalid


@cache
def _countries() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("hanbok.gateway") / "regions.toml").read_text(encoding="utf-8"))


def region_of(config: EndpointConfig, cloud: str, option: str) -> str:
    """Return the region that the option names. Raises EndpointOptionInvalid where it is none, or stands in another
    country than the endpoint says: policy decides by what it says.
    """
    region = config.options.get(option, "")
    if not region.replace("-", "").isalnum() or not region.isascii():
        raise invalid(config, option, Text(ko="필요합니다", en="it is needed"))
    country, there = _countries()[cloud].get(region, ""), config.destination
    if country != there.country and (country or there.zone is not Zone.FOREIGN):
        told = country or "?"
        why = Text(
            ko=f"이 리전의 나라는 {told}인데 엔드포인트는 {there.country}라고 합니다",
            en=f"this region is in {told}, the endpoint says {there.country}",
        )
        raise invalid(config, option, why)
    return region
