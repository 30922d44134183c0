"""Which routes belong to which API's clients: requests, answers and errors there have that API's shape."""

from typing import Final

from hanbok.gateway.front import Front
from hanbok.gateway.fronts.anthropic import Anthropic
from hanbok.gateway.fronts.gemini import Gemini
from hanbok.gateway.fronts.responses import Responses
from hanbok.http.inbound import Inbound

_GEMINI: Final = Gemini()
_FRONTS: Final[tuple[tuple[str, Front], ...]] = (
    ("/v1/messages", Anthropic()),
    ("/v1/responses", Responses()),
    ("/v1beta/", _GEMINI),
)
_MODELS: Final = "/v1/models/"


def front_of(inbound: Inbound) -> Front | None:
    """Return the front of a request's route; None: it is one of OpenAI's, or of our own."""
    path = inbound.path
    for prefix, front in _FRONTS:
        if path.startswith(prefix):
            return front
    # Google's clients take the version from a setting: what is asked below `/v1/models/` is theirs, lists are not.
    return _GEMINI if path.startswith(_MODELS) and inbound.method == "POST" else None
