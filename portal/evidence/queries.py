"""Questions to the log: what an actor may open, one receipt with its proof, the latest checkpoint."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.errors import NotFound
from portal.core.ids import is_ref
from portal.evidence.models import Checkpoint, Leaf, Opening, Record
from portal.evidence.merkle import verify_inclusion
from portal.evidence.policy import readable
from portal.evidence.tree import inclusion

PAGE = 50

# Each principal's own stretch of an index, newest first, then merged: a boolean condition over both columns would read and
# sort everything an organisation ever did for the first fifty lines. The policy still judges every row.
_ARM = """select o.id, o.at from unnest(cast(:mine as int[])) p cross join lateral (
  select o.id, o.at from portal.opening o where o.{column} = p{who}{kind}{result}
  and (o.at, o.id) {beyond} (:at, :id) order by o.at {order}, o.id {order} limit :n) o"""
_SAME_ORGANISATION = " and (o.organisation is null or o.organisation = any(cast(:mine as int[])))"


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
    order, beyond = ("asc", ">") if forward else ("desc", "<")
    parts = {
        "order": order,
        "beyond": beyond,
        "kind": " and o.kind = :kind" if kind else "",
        "result": " and o.result = :result" if result else "",
    }
    if at is None:
        parts["beyond"] = "<"
    arms = (_ARM.format(column="owner", who="", **parts), _ARM.format(column="actor", who=_SAME_ORGANISATION, **parts))
    statement = text(f"select id from ({arms[0]} union {arms[1]}) k order by at {order}, id {order} limit :n")
    values: dict[str, Any] = {"mine": list(actor.principals), "n": n, "at": "infinity", "id": 0}
    if at is not None:
        values["at"], values["id"] = at
    return list(db.scalars(statement, values | {"kind": kind, "result": result}))


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


def latest_checkpoint(db: Session) -> Row[Any] | None:
    """Size and moment of the newest checkpoint, for the foot of every page; None before the first."""
    return db.execute(select(Checkpoint.size, Checkpoint.at).order_by(Checkpoint.size.desc()).limit(1)).one_or_none()


def latest_note(db: Session) -> Row[Any] | None:
    """The newest checkpoint with root and signed note; None before the first."""
    statement = select(Checkpoint.size, Checkpoint.at, Checkpoint.root, Checkpoint.note)
    return db.execute(statement.order_by(Checkpoint.size.desc()).limit(1)).one_or_none()
