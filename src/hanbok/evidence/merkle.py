"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs and their checking. Pure.

Whoever holds a tree gives `Nodes`: the hash of the complete subtree `index` of 2**level leaves. Everything else of a
tree of any size follows from these.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeAlias

Nodes: TypeAlias = Callable[[int, int], bytes]
EMPTY = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees of one size, at least one."""
    level = list(hashes)
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        # node_hash, written out: a log that grows spends its time here.
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs] + odd
    return level[0]


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the first `size` leaves."""
    return _subtree(nodes, 0, size) if size else EMPTY


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(nodes, middle, high))
            high = middle
        else:
            path.append(_subtree(nodes, low, middle))
            low = middle
    return path[::-1]


def consistency(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is a prefix of the one of `size`."""
    if not 0 <= old <= size:
        raise ValueError("the older tree is the larger one")
    if old in {0, size}:
        return []
    low, high, proof = 0, size, list[bytes]()
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_subtree(nodes, middle, high))
            high = middle
        else:
            proof.append(_subtree(nodes, low, middle))
            low = middle
    if low:  # from 0 on it is the older root itself, which the verifier has
        proof.append(_subtree(nodes, low, high))
    return proof[::-1]


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that this audit path leads to, or None if it fits no tree of this size (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    first, last, result = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            result = node_hash(one, result)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, one)
        first, last = first >> 1, last >> 1
    return result if last == 0 else None


def consistent(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Check that the tree of `old` leaves is a prefix of the one of `size` (RFC 9162 section 2.1.4.2)."""
    if old > size or old < 0:
        return False
    if old in {0, size}:
        return not proof and (old_root == new_root if old == size else old_root == EMPTY)
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, one)
        first, last = first >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(nodes: Nodes, low: int, high: int) -> bytes:
    """Return the hash over leaves `low` to `high`; `low` is a multiple of the power of two that holds them."""
    pieces = list[bytes]()
    while low < high:
        level = (high - low).bit_length() - 1
        pieces.append(nodes(level, low >> level))
        low += 1 << level
    result = pieces.pop()
    while pieces:
        result = node_hash(pieces.pop(), result)
    return result
