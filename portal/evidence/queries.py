"""Questions to the log: what an actor may open, one receipt with its proof, the latest checkpoint."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.errors import NotFound
from portal.core.ids import is_ref
from portal.evidence.merkle import verify_inclusion
from portal.evidence.models import RESULTS, Checkpoint, Leaf, Opening, Record
from portal.evidence.policy import readable
from portal.evidence.tree import inclusion

PAGE = 50

# Each arm walks one stretch of an index, newest first, and all are merged: a boolean condition over both columns would read
# and sort everything an organisation ever did for the first fifty lines. The policy still judges every row. Only people's
# principals stand in `actor`, so the reader's own is the one to look for.
_ARM = """select o.id, o.at from {of} cross join lateral (
  select o.id, o.at from portal.opening o where {whose}{kind}{result}
  and (o.at, o.id) {beyond} (:at, :id) order by o.at {order}, o.id {order} limit :n) o"""
_MINE = "unnest(cast(:mine as int[])) p"
_ARMS = (
    (_MINE, "o.owner = p"),
    (_MINE, "o.actor = :me and o.organisation = p"),
    ("(select) nobody", "o.actor = :me and o.organisation is null"),
)


@dataclass(frozen=True)
class Entry:
    """One line of the list: what the record's opening says, and whether it has its place in the log yet."""

    ref: str
    at: datetime
    kind: str
    result: str
    said: dict[str, Any]
    own: bool  # the reader's own information was used (else the reader acted)
    sealed: bool


@dataclass(frozen=True)
class Entries:
    """A page of entries, newest first; `older` and `newer` are the refs to go on from, None at an end."""

    entries: tuple[Entry, ...]
    older: str | None
    newer: str | None


@dataclass(frozen=True)
class Receipt:
    """A record as its reader gets it. Without a place in the log `seq`, `leaf`, `checkpoint` are None and `proof` is empty."""

    entry: Entry
    commitment: bytes
    salt: bytes
    seq: int | None = None
    leaf: bytes | None = None
    checkpoint: Row[Any] | None = None
    proof: tuple[bytes, ...] = ()
    holds: bool = False


def list_entries(
    db: Session,
    actor: Actor,
    *,
    kind: str | None = None,
    result: str | None = None,
    before: str | None = None,
    after: str | None = None,
    n: int = PAGE,
) -> Entries:
    """What `actor` may open, newest first, `n` a page; `before`/`after` are refs of the neighbouring page's last/first line.

    A ref that is not the actor's to read starts from the newest, as one that never was.
    """
    at = _place(db, actor, before or after)
    forward = at is not None and before is None
    keys = _keys(db, actor, kind, result, at, forward, n + 1)
    more, keys = len(keys) > n, keys[:n]
    rows = _rows(db, actor, keys)
    older = rows[-1].ref if rows and (more or forward) else None
    newer = rows[0].ref if rows and at is not None and (more or not forward) else None
    return Entries(tuple(rows), older, newer)


def _place(db: Session, actor: Actor, ref: str | None) -> tuple[datetime, int] | None:
    if not ref or not is_ref(ref):
        return None
    row = db.execute(select(Opening.at, Opening.id).where(Opening.record == ref, readable(actor))).one_or_none()
    return (row.at, row.id) if row else None


def _keys(
    db: Session, actor: Actor, kind: str | None, result: str | None, at: tuple[datetime, int] | None, forward: bool, n: int
) -> list[int]:
    parts = {
        "order": "asc" if forward else "desc",
        "beyond": ">" if forward else "<",
        "kind": " and o.kind = :kind" if kind else "",
        # Written out, so that the planner can use the denials' own index.
        "result": f" and o.result = '{result}'" if result in RESULTS else "",
    }
    arms = " union ".join(_ARM.format(of=of, whose=whose, **parts) for of, whose in _ARMS)
    moment, number = at or ("infinity", 0)
    statement = text(f"select id from ({arms}) k order by at {parts['order']}, id {parts['order']} limit :n")
    values = {"mine": list(actor.principals), "me": actor.person_principal, "at": moment, "id": number, "n": n}
    return list(db.scalars(statement, values | ({"kind": kind} if kind else {})))


def _rows(db: Session, actor: Actor, keys: list[int]) -> list[Entry]:
    found = db.execute(
        select(Opening, Leaf.seq)
        .outerjoin(Leaf, Leaf.record == Opening.record)
        .where(Opening.id.in_(keys), readable(actor))
        .order_by(Opening.at.desc(), Opening.id.desc())
    )
    return [_entry(actor, opening, seq) for opening, seq in found]


def _entry(actor: Actor, opening: Opening, seq: int | None) -> Entry:
    own = opening.owner in actor.principals
    return Entry(opening.record, opening.at, opening.kind, opening.result, opening.plaintext, own, seq is not None)


def get_receipt(db: Session, actor: Actor, ref: str) -> Receipt:
    """The receipt of record `ref` with its proof against the newest checkpoint, verified. Raises NotFound."""
    row = db.execute(
        select(Opening, Record.commitment, Leaf.seq, Leaf.hash)
        .join(Record, Record.ref == Opening.record)
        .outerjoin(Leaf, Leaf.record == Opening.record)
        .where(Opening.record == ref, readable(actor))
    ).one_or_none()
    if row is None:
        raise NotFound()
    opening, committed, seq, leaf = row
    shown = Receipt(_entry(actor, opening, seq), committed, opening.salt)
    checkpoint = latest_note(db) if seq is not None else None
    if checkpoint is None or seq >= checkpoint.size:
        return shown
    proof = inclusion(db, seq, checkpoint.size)
    holds = verify_inclusion(leaf, seq, checkpoint.size, proof, checkpoint.root)
    return Receipt(shown.entry, committed, opening.salt, seq, leaf, checkpoint, tuple(proof), holds)


_NEWEST = select(Checkpoint.size, Checkpoint.at).order_by(Checkpoint.size.desc()).limit(1)


def latest_checkpoint(db: Session) -> Row[Any] | None:
    """Size and moment of the newest checkpoint, for the foot of every page; None before the first."""
    return db.execute(_NEWEST).one_or_none()


def latest_note(db: Session) -> Row[Any] | None:
    """The newest checkpoint with root and signed note; None before the first."""
    statement = select(Checkpoint.size, Checkpoint.at, Checkpoint.root, Checkpoint.note)
    return db.execute(statement.order_by(Checkpoint.size.desc()).limit(1)).one_or_none()
