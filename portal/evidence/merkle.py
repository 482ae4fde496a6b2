"""The Merkle tree of RFC 6962 / RFC 9162 section 2: hashes, proofs and their verification. Pure functions, no storage.

Leaves are numbered from 0. A *complete subtree* (level, place) covers the leaves `place << level` up to `(place + 1) << level`.
Ranges are half open, `start` included, `end` not.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

Place = tuple[int, int]  # level, place
Range = tuple[int, int]  # start, end


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 over 0x00 and the entry (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and the two children (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def cover(start: int, end: int) -> list[Place]:
    """The complete subtrees, left to right, that make up a range as the tree splits it: at most one per level.

    `start` must be a multiple of the largest power of two that fits into the range, as it is for every range of the tree.
    """
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of a range from those of its covering subtrees, left to right; of nothing, the hash of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(seq: int, size: int) -> list[Range]:
    """The ranges whose hashes prove leaf `seq` in the tree of `size`, from the leaf upwards (RFC 9162, 2.1.3.1).

    Raises ValueError unless 0 <= seq < size.
    """
    if not 0 <= seq < size:
        raise ValueError(f"leaf {seq} is not in a tree of {size}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if seq < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `new` leaves grew from that of `old` (RFC 9162, 2.1.4.1).

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} cannot have grown from one of {old}")
    ranges: list[Range] = []
    start, end, known = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, known = middle, False
    if not known:
        ranges.append((start, end))
    return ranges[::-1]


def verify_inclusion(leaf: bytes, seq: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from the leaf hash at `seq` to `root` of the tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= seq < size:
        return False
    place, last, result = seq, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            result = node_hash(sibling, result)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether `proof` shows that the tree with `new_root` begins with the one with `old_root` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class Frontier:
    """The right edge of a growing tree: all it takes to append leaves and to know the root, at most one hash per level."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """Start at `size` leaves with the hashes of `cover(0, size)`; ValueError when their number does not fit."""
        self.size, self._edge = size, list(edge)
        if len(self._edge) != size.bit_count():
            raise ValueError(f"a tree of {size} has {size.bit_count()} subtrees at its edge, not {len(self._edge)}")

    def append(self, leaf: bytes, completed: Callable[[int, int, bytes], None] | None = None) -> None:
        """Add a leaf hash; `completed(level, place, hash)` is told of each subtree of level 1 and up that it completes."""
        level, place, made = 0, self.size, leaf
        while place & 1:
            made = node_hash(self._edge.pop(), made)
            level, place = level + 1, place >> 1
            if completed is not None:
                completed(level, place, made)
        self._edge.append(made)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return fold(self._edge)
