"""The tree against the definition in RFC 6962, its proofs against their checking, and tiles against both."""

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.evidence.merkle import (
    EMPTY,
    consistency,
    consistent,
    inclusion,
    leaf_hash,
    root,
    root_of,
)
from hanbok.evidence.tile import HASH, Edge, Shelf, Tile, numbered_path, tiles_of

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_300)]


@cache
def defined(low: int, high: int) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if high - low == 0:
        return sha256(b"").digest()
    if high - low == 1:
        return LEAVES[low]
    split = 1
    while split * 2 < high - low:
        split *= 2
    return sha256(b"\1" + defined(low, low + split) + defined(low + split, high)).digest()


def nodes(level: int, index: int) -> bytes:
    return defined(index << level, (index + 1) << level)


@given(size=st.integers(1, 1100), data=st.data())
def test_every_leaf_is_proved_and_no_other_leaf_index_or_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(nodes, index, size)
    assert root_of(LEAVES[index], index, size, path) == defined(0, size)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else None
    if other is not None:
        assert root_of(LEAVES[other], index, size, path) != defined(0, size)
        assert root_of(LEAVES[index], other, size, path) != defined(0, size)
    assert root_of(LEAVES[index], index, size, [*path, LEAVES[0]]) is None
    if path:
        assert root_of(LEAVES[index], index, size, path[:-1]) != defined(0, size)
    assert root_of(LEAVES[index], size, size, path) is None


@given(size=st.integers(0, 1100), data=st.data())
def test_a_tree_is_consistent_with_its_start_and_with_nothing_else(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    proof = consistency(nodes, old, size)
    assert consistent(old, defined(0, old), size, defined(0, size), proof)
    forged = sha256(b"another").digest()
    if old:
        assert not consistent(old, forged, size, defined(0, size), proof)
    if old != size:
        assert not consistent(old, defined(0, old), size, forged, proof) or old == 0
    if proof:
        assert not consistent(old, defined(0, old), size, defined(0, size), proof[:-1])
        assert not consistent(old, defined(0, old), size, defined(0, size), [*proof, forged])
    assert not consistent(size + 1, defined(0, size), size, defined(0, size), proof)


def test_the_vectors_of_certificate_transparency_fit() -> None:
    # RFC 6962's reference implementation: the roots over the first n of eight inputs.
    inputs = [b"", b"\0", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", bytes(range(0x50, 0x58))]
    inputs.append(bytes(range(0x60, 0x70)))
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    edge = Edge()
    for count, entry in enumerate(inputs, start=1):
        assert list(edge.add((leaf_hash(entry),))) == []
        if count in roots:
            assert edge.root().hex() == roots[count]
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("number", "path"), [(0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")]
)
def test_a_tiles_number_is_written_as_the_specification_says(number: int, path: str) -> None:
    assert numbered_path(number) == path
    assert numbered_path(number, 5) == f"{path}.p/5"


def test_the_tiles_of_a_tree_of_70000_are_those_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in (0, 1, 2)] == [
        273,
        1,
        0,
    ]
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]


def shelf(directory: Path, size: int, counting: Callable[[int], None] = lambda _: None) -> Shelf:
    def leaves(low: int, high: int) -> bytes:
        counting(high - low)
        return b"".join(LEAVES[low:high])

    return Shelf(directory, size, leaves)


@pytest.mark.parametrize("kept", ["all tiles", "no tiles"])
def test_a_shelf_knows_every_tree_with_and_without_files(tmp_path: Path, kept: str) -> None:
    edge, size, read = Edge(), 66_000, []
    for tile, data in edge.add(LEAVES[:size]):
        if kept == "all tiles":
            path = tmp_path / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    assert edge.root() == defined(0, size)
    here = shelf(tmp_path, size, read.append)
    assert here.edge().root() == edge.root()
    assert sum(read) <= 256 or kept == "no tiles"
    for other in (1, 255, 256, 257, 65_535, 65_536, 65_999):
        assert root(here.node, other) == defined(0, other)
    for tile in tiles_of(size):
        high = 8 * tile.level
        indexes = range(tile.number * 256, tile.number * 256 + tile.width)
        expected = [defined(index << high, (index + 1) << high) for index in indexes]
        assert here.tile(tile) == b"".join(expected)
    with pytest.raises(ValueError, match="no such tile"):
        here.tile(Tile(0, size // 256, size % 256 + 1))


def test_an_edge_that_was_read_back_goes_on_as_if_it_had_stayed(tmp_path: Path) -> None:
    whole, size = Edge(), 65_000
    full = dict(whole.add(LEAVES[:size]))
    again = shelf(tmp_path, size).edge()
    rest: Sequence[bytes] = LEAVES[size:70_300]
    assert dict(again.add(rest)) == dict(whole.add(rest))
    assert (again.root(), again.size) == (whole.root(), 70_300)
    assert all(len(data) == 256 * HASH for data in full.values())
