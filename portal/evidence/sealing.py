"""The sequencer: gives waiting records their places in the log, grows the tree and signs a checkpoint.

It runs as portal_system. An advisory lock makes sequencers of any number of workers take turns; a place is given only to
records whose transactions have committed, so no place is ever empty and no record has two.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.core.db import Database
from portal.evidence.commitment import entry
from portal.evidence.merkle import Frontier, leaf_hash
from portal.evidence.notes import sign
from portal.evidence.tree import edge

LOCK = 0x65766964  # "evid"
BATCH = 10_000

_TURN = text("select pg_advisory_xact_lock(:lock)")
_SIZE = text("select coalesce(max(size), 0) from portal.checkpoint")
_WAITING = text(
    "select u.id, r.ref, r.at, r.kind, r.commitment from portal.unsealed u join portal.record r on r.ref = u.record"
    " order by u.id limit :n"
)
_LEAVES = text(
    "insert into portal.leaf (seq, record, hash)"
    " select * from unnest(cast(:seqs as bigint[]), cast(:records as text[]), cast(:hashes as bytea[]))"
)
_NODES = text(
    "insert into portal.node (level, place, hash)"
    " select * from unnest(cast(:levels as smallint[]), cast(:places as bigint[]), cast(:hashes as bytea[]))"
)
_SEALED = text("delete from portal.unsealed where id = any(cast(:ids as bigint[]))")
_CHECKPOINT = text("insert into portal.checkpoint (size, root, note) values (:size, :root, :note)")


@dataclass(frozen=True)
class Sealed:
    """What one run did: leaves added, and the log's size afterwards."""

    added: int
    size: int


def seal(database: Database, settings: Settings, *, batch: int = BATCH) -> Sealed:
    """Seal everything that had been committed when the run began, `batch` records per transaction and checkpoint.

    With nothing new there is no new checkpoint. Another sequencer at work is waited for. Raises TreeBroken when the stored
    tree does not fit its last checkpoint, MissingSetting when the seal key cannot be used.
    """
    total = 0
    while True:
        with database.system_session() as db:
            done = seal_batch(db, settings, batch)
        total += done.added
        if done.added < batch:
            return Sealed(total, done.size)


def seal_batch(db: Session, settings: Settings, limit: int) -> Sealed:
    """Seal up to `limit` waiting records in the transaction of `db`."""
    db.execute(_TURN, {"lock": LOCK})
    size = db.scalar(_SIZE)
    waiting = db.execute(_WAITING, {"n": limit}).all()
    if not waiting:
        return Sealed(0, size)
    frontier = Frontier(size, edge(db, size))
    hashes = [leaf_hash(entry(row.ref, row.at, row.kind, bytes(row.commitment))) for row in waiting]
    nodes: list[tuple[int, int, bytes]] = []
    for made in hashes:
        frontier.append(made, lambda *node: nodes.append(node))
    seqs = list(range(size, frontier.size))
    db.execute(_LEAVES, {"seqs": seqs, "records": [row.ref for row in waiting], "hashes": hashes})
    if nodes:
        levels, places, digests = (list(column) for column in zip(*nodes, strict=True))
        db.execute(_NODES, {"levels": levels, "places": places, "hashes": digests})
    db.execute(_SEALED, {"ids": [row.id for row in waiting]})
    root = frontier.root
    db.execute(_CHECKPOINT, {"size": frontier.size, "root": root, "note": sign(settings, frontier.size, root)})
    return Sealed(len(waiting), frontier.size)
