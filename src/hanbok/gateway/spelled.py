"""A call as it leaves: in the provider's words, and to which address."""

from hanbok.gateway.call import Call
from hanbok.gateway.dialect import Dialect, Native, WireRequest
from hanbok.gateway.endpoint import Address


def spelled(call: Call, dialect: Dialect, body: bytes, model: str) -> WireRequest:
    """Spell a request in the provider's words: it stays as it is where the client speaks them too."""
    where = call.members if body is call.body else None
    if call.front is not None and call.head is not None:
        if isinstance(dialect, Native) and dialect.front == call.front.name:
            return dialect.forward(body, model=model, stream=call.stream, headers=call.headers)
        body, where = call.front.chat(body, call.head), None
    return dialect.request(call.operation, body, model=model, stream=call.stream, where=where)


def url_of(address: Address, wire: WireRequest) -> str:
    """Return the whole address of a request."""
    url = address.url + wire.path
    return f"{url}{'&' if '?' in url else '?'}{address.query}" if address.query else url
