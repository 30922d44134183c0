"""What counts in Redis is loaded only where it is set up: its packages may be missing."""

from importlib import import_module
from types import ModuleType

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class SharedExtraMissing(HanbokError):
    code = "shared_extra_missing"
    message = Text(
        ko="다른 서버와 한도를 함께 세는 패키지 {package}이(가) 없습니다",
        en="the package {package}, which limits that machines share are counted by, is not installed",
    )
    hint = Text(ko="pip install 'hanbok[redis]'", en="Run: pip install 'hanbok[redis]'")


def part(name: str) -> ModuleType:
    """Return a module of this folder. Raises SharedExtraMissing."""
    try:
        return import_module(f"hanbok.policy.shared.{name}")
    except ModuleNotFoundError as error:
        raise SharedExtraMissing(package=error.name) from error
