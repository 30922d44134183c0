"""The plug-ins of evaluation, and the extra that some of them need."""

from typing import Final

from hanbok.core.plugin import load
from hanbok.studio.errors import StudioExtraMissing

_PACKAGE: Final = "hanbok.studio.evaluate"
FORMATS: Final = f"{_PACKAGE}.formats"
TASKS: Final = f"{_PACKAGE}.tasks"
CHECKERS: Final = f"{_PACKAGE}.checkers"
METHODS: Final = f"{_PACKAGE}.methods"


def plug(folder: str, name: str) -> type:
    """Return the plug-in class. Raises UnknownPlugin, StudioExtraMissing."""
    try:
        return load(folder, name)
    except ModuleNotFoundError as error:
        raise StudioExtraMissing(package=error.name) from None
