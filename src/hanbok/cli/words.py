"""Korean or English, as the terminal's locale says."""

from typing import Final

from hanbok.core.values import Text
from hanbok.settings.environment import speaks

LANGUAGE: Final = speaks()


def say(ko: str, en: str) -> str:
    """Return the sentence in the terminal's language."""
    return Text(ko=ko, en=en).of(LANGUAGE)
