"""The tree as it is stored: complete subtrees only, so that a root or a proof reads O(log n) rows however long the log is."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.evidence.merkle import Place, Range, consistency_ranges, cover, fold, inclusion_ranges

_NODES = text(
    "select n.level, n.place, n.hash from unnest(cast(:levels as smallint[]), cast(:places as bigint[])) w(level, place)"
    " join portal.node n using (level, place)"
)
_LEAVES = text("select seq, hash from portal.leaf where seq = any(cast(:seqs as bigint[]))")


class TreeBroken(Exception):
    """A stored node is missing: the log was tampered with or its write was not whole. `portal evidence verify` says where."""


def stored(db: Session, places: Sequence[Place]) -> dict[Place, bytes]:
    """The hashes of those complete subtrees; level 0 are the leaves. At most two statements. Raises TreeBroken."""
    found: dict[Place, bytes] = {}
    leaves = [place for level, place in places if level == 0]
    nodes = [(level, place) for level, place in places if level]
    if leaves:
        found |= {(0, row.seq): bytes(row.hash) for row in db.execute(_LEAVES, {"seqs": leaves})}
    if nodes:
        levels, at = zip(*nodes, strict=True)
        rows = db.execute(_NODES, {"levels": list(levels), "places": list(at)})
        found |= {(row.level, row.place): bytes(row.hash) for row in rows}
    missing = set(places) - found.keys()
    if missing:
        raise TreeBroken("缺少树节点：" + "、".join(f"{level}/{place}" for level, place in sorted(missing)[:5]))
    return found


def edge(db: Session, size: int) -> list[bytes]:
    """The right edge of the tree at `size` leaves, as Frontier takes it."""
    places = cover(0, size)
    found = stored(db, places)
    return [found[place] for place in places]


def inclusion(db: Session, seq: int, size: int) -> list[bytes]:
    """The audit path of leaf `seq` in the tree of `size`, from the leaf upwards."""
    return _ranges(db, inclusion_ranges(seq, size))


def consistency(db: Session, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old`."""
    return _ranges(db, consistency_ranges(old, new))


def _ranges(db: Session, ranges: Sequence[Range]) -> list[bytes]:
    covers = [cover(start, end) for start, end in ranges]
    found = stored(db, [place for places in covers for place in places])
    return [fold([found[place] for place in places]) for places in covers]
