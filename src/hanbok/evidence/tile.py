"""Tiles of the tree as C2SP tlog-tiles lays them out: 256 hashes of one height, in files that never change.

The tree's edge, where the next leaf goes, is at most 255 hashes of each height; `Edge` keeps it. `Shelf` reads any
hash of the tree from the files of tiles, and works out from a lower height what no file holds yet.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from hanbok.evidence.merkle import EMPTY, fold, node_hash

WIDTH: Final = 256
HASH: Final = 32
_STEP: Final = 8
"""Heights of the tree from one level of tiles to the next."""
_THOUSAND: Final = 1000


class Tile(NamedTuple):
    """Hashes `number * 256` to `number * 256 + width` of a level. Level 0 is that of the leaves."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The tile's address below the log's."""
        return f"tile/{self.level}/{numbered_path(self.number, self.width)}"


def numbered_path(number: int, width: int = WIDTH) -> str:
    """Write a tile's number in path elements of three digits: 1234067 is x001/x234/067."""
    parts = [f"{number % _THOUSAND:03d}"]
    while number >= _THOUSAND:
        number //= _THOUSAND
        parts.insert(0, f"x{number % _THOUSAND:03d}")
    path = "/".join(parts)
    return path if width == WIDTH else f"{path}.p/{width}"


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a tree of this size, full and partial."""
    level, count = 0, size
    while count:
        for number in range(count // WIDTH):
            yield Tile(level, number)
        if count % WIDTH:
            yield Tile(level, count // WIDTH, count % WIDTH)
        level, count = level + 1, count // WIDTH


def hashes_in(data: bytes) -> list[bytes]:
    """Take a tile's bytes apart."""
    return [data[at : at + HASH] for at in range(0, len(data), HASH)]


class Edge:
    """The right edge of a growing tree: the hashes that are in no full tile yet."""

    def __init__(self, size: int = 0, levels: Iterable[list[bytes]] = ()) -> None:
        self.size = size
        self._levels = [list(level) for level in levels]

    def add(self, leaves: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Append leaf hashes; yield each tile that became full. To be run to its end."""
        if not self._levels:
            self._levels.append([])
        lowest, rest = self._levels[0], iter(leaves)
        while taken := list(islice(rest, WIDTH - len(lowest))):
            lowest += taken
            self.size += len(taken)
            yield from self._full()

    def _full(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the tiles that are full, from the lowest up, and keep of each its root one level higher."""
        level = 0
        while len(hashes := self._levels[level]) == WIDTH:
            yield Tile(level, (self.size >> (_STEP * (level + 1))) - 1), b"".join(hashes)
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(fold(hashes))
            hashes.clear()

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the tiles at the edge that are not full."""
        for level, hashes in enumerate(self._levels):
            if hashes:
                number = self.size >> (_STEP * (level + 1))
                yield Tile(level, number, len(hashes)), b"".join(hashes)

    def root(self) -> bytes:
        """Return the root over all leaves."""
        result = b""
        for hashes in self._levels:
            # Complete subtrees of one height, and to their right all that is lower.
            rest = list(hashes)
            while rest:
                count = len(rest) & -len(rest)
                piece = fold(rest[-count:])
                result = node_hash(piece, result) if result else piece
                del rest[-count:]
        return result or EMPTY


class Shelf:
    """Reads hashes of a tree of `size` leaves. `leaves(low, high)` gives leaf hashes that no file of a tile holds."""

    def __init__(self, directory: Path, size: int, leaves: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._directory = directory
        self._leaves = leaves
        self._whole = lru_cache(maxsize=1024)(self._read)

    def tile(self, tile: Tile) -> bytes:
        """Return the tile's bytes. Raises ValueError when the tree has no such tile."""
        start = tile.number * WIDTH
        if not 1 <= tile.width <= WIDTH or start + tile.width > self.size >> (_STEP * tile.level):
            raise ValueError("the tree has no such tile")
        there = min((self.size >> (_STEP * tile.level)) - start, WIDTH)
        return self._whole(tile.level, tile.number, there)[: tile.width * HASH]

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree `index` of 2**level leaves (`merkle.Nodes`)."""
        height, within = divmod(level, _STEP)
        first = index << within
        number, offset = divmod(first, WIDTH)
        count = 1 << within
        data = self.tile(Tile(height, number, offset + count))
        return fold(hashes_in(data[offset * HASH :]))

    def edge(self) -> Edge:
        """Return the edge of the tree, to go on from."""
        levels, count, height = list[list[bytes]](), self.size, 0
        while count:
            width = count % WIDTH
            levels.append(hashes_in(self.tile(Tile(height, count // WIDTH, width))) if width else [])
            count, height = count // WIDTH, height + 1
        return Edge(self.size, levels)

    def _read(self, level: int, number: int, width: int) -> bytes:
        try:
            data = (self._directory / Tile(level, number, width).path).read_bytes()
        except FileNotFoundError:
            data = b""
        return data if len(data) == width * HASH else self._made(level, number * WIDTH, width)

    def _made(self, level: int, start: int, width: int) -> bytes:
        if level == 0:
            return self._leaves(start, start + width)
        return b"".join(fold(hashes_in(self._whole(level - 1, start + at, WIDTH))) for at in range(width))
