"""The Redis or Valkey that counts for all machines: one script, run whole or not at all."""

from importlib.resources import files
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hanbok.policy.errors import LimitsUnavailable
from hanbok.policy.shared.at import At

_encode: Final = msgspec.json.Encoder().encode
_SCRIPT: Final = files("hanbok.policy.shared").joinpath("limits.lua").read_text(encoding="utf-8")


class Server:
    """To be asked by one task at a time: so everything happens in the order in which it was asked."""

    def __init__(self, at: At) -> None:
        options: dict[str, Any] = {"ssl_ca_certs": at.authorities} if at.authorities else {}
        self._client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - untyped options
            at.url,
            protocol=2,
            socket_timeout=at.patience,
            socket_connect_timeout=at.patience,
            retry=Retry(NoBackoff(), 0),
            **options,
        )
        self._script = self._client.register_script(_SCRIPT)
        self._prefix = at.prefix
        self._run = self._term = ""

    async def meet(self) -> None:
        """Learn which process of the server answers, and since which promotion. Raises LimitsUnavailable."""
        try:
            run = await self._client.info("server")  # pyright: ignore[reportUnknownMemberType] - as above
            term = await self._client.info("replication")  # pyright: ignore[reportUnknownMemberType] - as above
            self._run, self._term = str(run["run_id"]), str(term["master_replid"])
        except (RedisError, OSError, KeyError) as error:
            raise _away(error) from error

    async def ask(self, verb: str, **asked: object) -> list[Any]:
        """Run the script; return a state and what belongs to it. Raises LimitsUnavailable: then it ran or did not."""
        # One hash tag: in a cluster all of it stands in one place.
        space = f"{{{self._prefix}}}:{self._run[:16]}.{self._term[:16]}:"
        try:
            found: list[Any] = await self._script(
                keys=[space], args=[verb, _encode(asked | {"run": self._run, "term": self._term})]
            )
        except (RedisError, OSError) as error:
            raise _away(error) from error
        return found

    async def close(self) -> None:
        await self._client.aclose()


def _away(error: Exception) -> LimitsUnavailable:
    # The first word of a server's own error is its code: NOAUTH, OOM, READONLY.
    code = str(error).partition(" ")[0]
    return LimitsUnavailable(why=code if code.isupper() else type(error).__name__, retry_after=1)
