"""The client of the Redis or Valkey that an address names, and what its errors mean to an administrator."""

import ssl
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    MovedError,
    NoPermissionError,
    RedisClusterException,
    RedisError,
)

from hanbok.core.errors import HanbokError
from hanbok.policy.errors import (
    LimitsKindWrong,
    LimitsLoginRefused,
    LimitsMasterUnknown,
    LimitsTlsFailed,
    LimitsUnavailable,
)
from hanbok.policy.shared.address import Address, parse
from hanbok.policy.shared.at import At

FAULTS: Final = (RedisError, RedisClusterException, OSError)
"""What a client raises."""
_REFUSED: Final = (AuthenticationError, AuthorizationError, NoPermissionError)


class Client(Protocol):
    def evalsha(self, sha: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[Any]: ...
    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[Any]: ...
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    client: Client
    master: str = ""
    sentinels: Sentinel | None = None

    async def close(self) -> None:
        await self.client.aclose()
        if isinstance(self.client, RedisCluster):
            # The library closes nothing when the nodes are not known for the moment.
            await self.client.nodes_manager.aclose()
            await self.client.nodes_manager.aclose("startup_nodes")
        if self.sentinels is not None:
            await self.sentinels.aclose()

    async def explained(self, error: Exception) -> HanbokError:
        """Say what is wrong: LimitsUnavailable is what passes by itself, all others are for an administrator."""
        if self.sentinels is not None and isinstance(error, MasterNotFoundError):
            return await self._without_master(self.sentinels)
        return _named(error, "Redis")

    async def _without_master(self, sentinels: Sentinel) -> HanbokError:
        """Ask why: the library has one error for an unknown master, one that is not well, and a wrong password."""
        refused: HanbokError | None = None
        strangers = 0
        for one in sentinels.sentinels:
            try:
                known = await one.sentinel_masters()
            except FAULTS as error:
                refused = _named(error, "Sentinel")
            else:
                if self.master in known:
                    return LimitsUnavailable(why="MasterNotFoundError", retry_after=1)
                strangers += 1
        if strangers or refused is None:
            return LimitsMasterUnknown(master=self.master)
        return refused


def connect(at: At) -> Connected:
    """Return a client, which connects when it is first asked. It tries nothing twice: whoever asks it does.

    Raises LimitsTlsFailed for files that are none.
    """
    address = parse(at.url)
    _check_files(at)
    options: dict[str, Any] = {
        "protocol": 2,
        "socket_timeout": at.patience,
        "socket_connect_timeout": at.patience,
        "retry": Retry(NoBackoff(), 0),
    }
    tls = {"ssl_ca_certs": at.authorities, "ssl_certfile": at.certificate, "ssl_keyfile": at.key}
    options |= {name: path for name, path in tls.items() if path}
    login = _login(address.username or at.username, address.password or at.password)
    if address.kind == "server":
        return Connected(client=Redis.from_url(at.url, **options, **login))  # pyright: ignore[reportUnknownMemberType] - untyped options
    options |= {"ssl": True} if address.tls else {}
    if address.kind == "cluster":
        return Connected(client=_cluster(address, options | login))
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        address.nodes, sentinel_kwargs=options | _login(at.sentinel_username, at.sentinel_password)
    )
    client = sentinels.master_for(  # pyright: ignore[reportUnknownMemberType] - as above
        address.master, db=address.database, **options, **login
    )
    return Connected(client=client, master=address.master, sentinels=sentinels)


def _check_files(at: At) -> None:
    """Read them once: the library tells the same of a file that is missing and of a server that is away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    path = at.authorities
    try:
        if path:
            context.load_verify_locations(path)
        path = at.certificate
        if path:
            context.load_cert_chain(path, at.key)
    except OSError as error:  # an error of the certificate is one too
        raise LimitsTlsFailed(why=f"{path}: {error.strerror or error}") from error


def _login(username: str, password: str) -> dict[str, Any]:
    return {"username": username or None, "password": password or None}


def _cluster(address: Address, options: dict[str, Any]) -> RedisCluster:
    return RedisCluster(
        startup_nodes=[ClusterNode(*one) for one in address.nodes],
        # All names of ours are in one slot: others may be without a node. And names in the settings outlive addresses.
        require_full_coverage=False,
        dynamic_startup_nodes=False,
        **options,
    )


def _named(error: BaseException, who: str) -> HanbokError:
    for one in _chain(error):
        if isinstance(one, _REFUSED):
            return LimitsLoginRefused(who=who, why=str(one))
        if isinstance(one, ssl.SSLError):
            return LimitsTlsFailed(why=getattr(one, "verify_message", "") or one.reason or type(one).__name__)
        if isinstance(one, MovedError) or "unknown command" in str(one) or "cluster support" in str(one):
            return LimitsKindWrong()
    # The first word of a server's own error is its code, if the library has no class for it: NOREPLICAS, MISCONF.
    code = str(error).partition(" ")[0]
    return LimitsUnavailable(why=code if code.isupper() else type(error).__name__, retry_after=1)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
