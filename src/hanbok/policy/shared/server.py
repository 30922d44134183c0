"""The Redis or Valkey that counts for all machines: one script, run whole or not at all."""

from hashlib import sha1
from importlib.resources import files
from typing import Any, Final

import msgspec
from redis.exceptions import NoScriptError

from hanbok.policy.shared.at import At
from hanbok.policy.shared.clients import FAULTS, connect

_encode: Final = msgspec.json.Encoder().encode
_SCRIPT: Final = files("hanbok.policy.shared").joinpath("limits.lua").read_text(encoding="utf-8")
_SHA: Final = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
_WHO: Final = """
local function of(text, name)
  return string.match(text, name .. ':(%w+)')
end
return {of(redis.call('INFO', 'server'), 'run_id'), of(redis.call('INFO', 'replication'), 'master_replid')}
"""


class Server:
    """To be asked by one task at a time: so everything happens in the order in which it was asked."""

    def __init__(self, at: At) -> None:
        self._at = connect(at)
        self._tag = f"{{{at.prefix}}}:"
        """One hash tag: in a cluster all names are in one slot, and so at one master."""
        self._run = self._term = ""

    async def meet(self) -> None:
        """Learn which process of the server answers, and since which promotion. Raises as `ask`."""
        try:
            run, term = await self._at.client.eval(_WHO, 1, self._tag)
        except FAULTS as error:
            raise await self._at.explained(error) from error
        self._run, self._term = run.decode(), term.decode()

    async def ask(self, verb: str, **asked: object) -> list[Any]:
        """Run the script; return a state and what belongs to it.

        Raises LimitsUnavailable: then it ran or did not. Or an error of `limits.shared`, if nothing else may help.
        """
        space = f"{self._tag}{self._run[:16]}.{self._term[:16]}:"
        told = (space, verb, _encode(asked | {"run": self._run, "term": self._term}))
        try:
            try:
                found: list[Any] = await self._at.client.evalsha(_SHA, 1, *told)
            except NoScriptError:
                # It is known there from now on.
                found = await self._at.client.eval(_SCRIPT, 1, *told)
        except FAULTS as error:
            raise await self._at.explained(error) from error
        return found

    async def close(self) -> None:
        await self._at.close()
