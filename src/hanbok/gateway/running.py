"""Endpoints that run: kept over reloads while their settings stay the same."""

from collections.abc import AsyncGenerator, Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple, TypeAlias

from hanbok.gateway.endpoint import Endpoint, EndpointConfig
from hanbok.gateway.rotation import Kind, endpoint_of
from hanbok.gateway.transport.egress import Doorway, Egress
from hanbok.gateway.upstream import Gate, Upstream


class Built(NamedTuple):
    kind: str
    config: EndpointConfig
    endpoint: Endpoint
    door: Doorway


Housed: TypeAlias = Callable[[Endpoint, EndpointConfig, Upstream], Endpoint]


class Endpoints:
    """Endpoints by name, kept over reloads while their settings stay the same."""

    def __init__(self, upstream: Upstream, egress: Egress, housed: Housed) -> None:
        """`housed` tells what stands for an endpoint here."""
        self._upstream = upstream
        self._egress = egress
        self._housed = housed
        self._built: dict[str, Built] = {}

    def of(
        self, configured: Mapping[str, tuple[str, EndpointConfig]], kind_of: Callable[[str], Kind]
    ) -> dict[str, Built]:
        """Return one for each name with its kind: the one that is there, or a new one, not yet started."""
        wanted: dict[str, Built] = {}
        for name, (kind, config) in configured.items():
            there = self._built.get(name)
            if there is not None and there[:2] == (kind, config):
                wanted[name] = there
            else:
                door = Doorway(self._upstream)
                endpoint = endpoint_of(kind_of(kind), config, door)
                wanted[name] = Built(kind, config, self._housed(endpoint, config, door), door)
        return wanted

    def close_doors(self, others: AbstractSet[Gate]) -> None:
        """Let connections go to the endpoints in force, to these others and to nowhere else."""
        self._egress.only(others | {gate for built in self._built.values() for gate in built.door.gates})

    @asynccontextmanager
    async def started(self, wanted: Mapping[str, Built]) -> AsyncGenerator[None]:
        """Start the new ones. Where that, or what is done with them here, fails, they are stopped again."""
        there = [built.endpoint for built in self._built.values()]
        async with AsyncExitStack() as failing:
            for built in wanted.values():
                if built.endpoint not in there:
                    failing.push_async_callback(built.endpoint.close)
                    await built.endpoint.start()
            yield
            failing.pop_all()

    def put_in_force(self, wanted: dict[str, Built]) -> list[Endpoint]:
        """Take up what has started; return those that are no longer wanted, still running."""
        kept = [built.endpoint for built in self._built.values()]
        self._built = wanted
        new = [built.endpoint for built in wanted.values()]
        return [endpoint for endpoint in kept if endpoint not in new]
