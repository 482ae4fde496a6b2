"""Questions about disclosures. Fetching and authorising are one statement: hidden, absent, withdrawn and malformed are one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.accounts.models import Organisation
from portal.core.errors import NotAllowed, NotFound
from portal.core.ids import is_ref
from portal.disclosures import policy
from portal.disclosures.cursor import Cursor
from portal.disclosures.models import OBJECT, Disclosure, Document, Kind, State
from portal.evidence.kinds import READ
from portal.evidence.models import Opening
from portal.grants.models import Grant
from portal.grants.policy import LAST_ID, live
from portal.grants.queries import Why, why

PAGE = 25
DEEPEST_SEARCH = 5000  # keys looked through for one answer; the reader goes on from there
QUERY_LENGTH = 100
RECENT = 2000  # readings looked through for one item's latest


@dataclass(frozen=True)
class Listed:
    """A line of a reader's list: an item given to the reader, since when, and on which basis."""

    ref: str
    version: int
    owner: int
    kind: Kind
    title: str
    published_at: datetime
    readable_at: datetime
    enterprise: str
    uscc: str | None
    documents: int
    reasons: tuple[Why, ...]


@dataclass(frozen=True)
class Readable:
    """One page of a reader's list; `next` goes on below it. `complete` is false when a search stopped before its page was full."""

    items: tuple[Listed, ...]
    next: str | None
    complete: bool


@dataclass(frozen=True)
class Owned:
    """A line of the enterprise's own list."""

    ref: str
    kind: Kind
    title: str
    state: State
    updated_at: datetime
    published_at: datetime | None
    withdrawn_at: datetime | None
    documents: int
    grants: int


@dataclass(frozen=True)
class Use:
    """One reading of one's own item by somebody else; `what` names a document, empty for the item itself."""

    at: datetime
    record: str
    organisation: str
    person: str
    what: str


@dataclass(frozen=True)
class Shown:
    """One item as its reader gets it; `mine` for the enterprise's own people."""

    item: Disclosure
    enterprise: str
    uscc: str | None
    mine: bool
    documents: tuple[Document, ...]
    reasons: tuple[Why, ...]


def list_readable(
    db: Session,
    actor: Actor,
    *,
    q: str | None = None,
    enterprise: int | None = None,
    before: Cursor | None = None,
    n: int = PAGE,
) -> Readable:
    """What was given to the actor, most recently readable first; `q` looks in title and text of those items only.

    The walk follows the reader's keys, so its cost is that of the page, not of the table. A search that finds little stops
    after DEEPEST_SEARCH keys with `complete` false and a `next` from which it goes on.
    """
    wanted = (q or "").replace("\x00", "").strip()[:QUERY_LENGTH].lower()
    at, at_id = _start(db, before)
    found: list[Row[Any]] = []
    seen, size, last, ended = 0, n + 1, None, False
    while len(found) <= n and not ended and (seen < DEEPEST_SEARCH or last is None):
        rows = db.execute(_keys(actor, wanted, enterprise, at, at_id, size)).all()
        seen, ended = seen + len(rows), len(rows) < size
        for row in rows:
            at, at_id = row.readable_at, row.object_id
            if row.shown:
                last = row if len(found) < n else last
                if row.matches:
                    found.append(row)
        size = max(size, 500) if wanted else size
    more = len(found) > n or not ended
    shown = found[:n]
    end = shown[-1] if len(found) > n else last
    token = Cursor(end.readable_at, end.ref).token if more and end is not None else None
    return Readable(_listed(db, actor, shown), token, ended or len(found) > n)


def _start(db: Session, before: Cursor | None) -> tuple[datetime | None, int | None]:
    if before is None:
        return None, None
    # An item no longer readable gives no number: then those of the same moment are shown again rather than skipped.
    at_id = db.scalar(select(Disclosure.id).where(Disclosure.ref == before.ref))
    return before.at, LAST_ID if at_id is None else at_id


def _keys(actor: Actor, q: str, enterprise: int | None, at: datetime | None, at_id: int | None, n: int) -> Any:
    text = func.lower(Disclosure.title + "\n" + Disclosure.body)
    matches = func.coalesce(func.strpos(text, q) > 0, False) if q else literal(True)
    return (
        policy.readable_keys(actor, enterprise=enterprise, before=at, before_id=at_id, n=n)
        .outerjoin(Organisation, Organisation.principal == Disclosure.owner)
        .add_columns(
            matches.label("matches"), Disclosure.ref, Disclosure.version, Disclosure.owner, Disclosure.kind, Disclosure.title,
            Disclosure.published_at, Organisation.name.label("enterprise"), Organisation.uscc,
        )
    )  # fmt: skip


def _listed(db: Session, actor: Actor, rows: Sequence[Row[Any]]) -> tuple[Listed, ...]:
    ids = [row.object_id for row in rows]
    reasons = why(db, actor, OBJECT, ids) if ids else {}
    documents = _document_counts(db, ids)
    return tuple(
        Listed(
            row.ref, row.version, row.owner, Kind(row.kind), row.title, row.published_at, row.readable_at, row.enterprise or "",
            row.uscc, documents.get(row.object_id, 0), tuple(reasons.get(row.object_id, ())),
        )
        for row in rows
    )  # fmt: skip


def _document_counts(db: Session, ids: Sequence[int]) -> dict[int, int]:
    if not ids:
        return {}
    counts = select(Document.disclosure_id, func.count()).where(Document.disclosure_id.in_(ids)).group_by(Document.disclosure_id)
    return {key: count for key, count in db.execute(counts)}


def recent_for(db: Session, actor: Actor, n: int = 5) -> tuple[Listed, ...]:
    """The `n` items most recently given to the actor, for the home page."""
    return list_readable(db, actor, n=n).items


def list_own(db: Session, actor: Actor, *, before: Cursor | None = None, n: int = PAGE) -> tuple[tuple[Owned, ...], str | None]:
    """The enterprise's own items in every state, last changed first, with the number of live grants; and where to go on."""
    documents = select(func.count()).where(Document.disclosure_id == Disclosure.id).scalar_subquery()
    ties = select(func.count()).where(Grant.object_kind == OBJECT, Grant.object_id == Disclosure.id, live()).scalar_subquery()
    statement = (
        select(Disclosure.ref, Disclosure.kind, Disclosure.title, Disclosure.state, Disclosure.updated_at, Disclosure.published_at,
               Disclosure.withdrawn_at, documents.label("documents"), ties.label("grants"))
        .where(Disclosure.owner == actor.organisation_principal)
        .order_by(Disclosure.updated_at.desc(), Disclosure.id.desc())
        .limit(n + 1)
    )  # fmt: skip
    if before is not None:
        at, at_id = _start(db, before)
        statement = statement.where(tuple_(Disclosure.updated_at, Disclosure.id) < tuple_(literal(at), literal(at_id)))
    rows = db.execute(statement).all()
    items = tuple(
        Owned(r.ref, Kind(r.kind), r.title, State(r.state), r.updated_at, r.published_at, r.withdrawn_at, r.documents, r.grants)
        for r in rows[:n]
    )
    return items, Cursor(items[-1].updated_at, items[-1].ref).token if len(rows) > n else None


def _asked(ref: str) -> str:
    """What an address asks for: anything but a reference becomes one that nobody has, and takes the same statement."""
    return ref if is_ref(ref) else ""


def get_readable(db: Session, actor: Actor, ref: str) -> Shown:
    """One item with its documents and the actor's reasons. NotFound when absent, hidden, withdrawn or no reference at all."""
    row = db.execute(
        select(Disclosure, Organisation.name, Organisation.uscc, policy.own(actor).label("mine"))
        .outerjoin(Organisation, Organisation.principal == Disclosure.owner)
        .where(Disclosure.ref == _asked(ref), policy.readable(actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    item, name, uscc, mine = row
    reasons = () if mine else tuple(why(db, actor, OBJECT, [item.id]).get(item.id, ()))
    return Shown(item, name or "", uscc, mine, documents_of(db, item), reasons)


def documents_of(db: Session, item: Disclosure) -> tuple[Document, ...]:
    """The item's documents in their order."""
    return tuple(
        db.scalars(select(Document).where(Document.disclosure_id == item.id).order_by(Document.position, Document.id))
    )


def get_document(db: Session, actor: Actor, ref: str, document_ref: str) -> tuple[Disclosure, Document]:
    """One document of a readable item. NotFound as for the item, and for a document of another item."""
    row = db.execute(
        select(Disclosure, Document)
        .join(Document, Document.disclosure_id == Disclosure.id)
        .where(Disclosure.ref == _asked(ref), Document.ref == _asked(document_ref), policy.readable(actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.Disclosure, row.Document


def get_own(db: Session, actor: Actor, ref: str) -> Disclosure:
    """An item the actor's enterprise may act on. NotFound when unreadable, NotAllowed when only readable."""
    row = db.execute(
        select(Disclosure, policy.own(actor).label("mine")).where(Disclosure.ref == _asked(ref), policy.readable(actor))
    ).one_or_none()
    if row is None:
        raise NotFound
    if not row.mine:
        raise NotAllowed("这项披露是别家企业的，只能看。")
    return row.Disclosure


def live_principals(db: Session, item: Disclosure, *, but: str | None = None) -> frozenset[int]:
    """Principals that live grants on one's own item name; without the grant `but`."""
    statement = select(Grant.principal).where(
        Grant.object_kind == OBJECT, Grant.object_id == item.id, Grant.owner == item.owner, live()
    )
    return frozenset(db.scalars(statement.where(Grant.ref != but) if but else statement))


def live_until(db: Session, item: Disclosure, principals: Iterable[int], basis: str) -> dict[int, datetime]:
    """How long each of `principals` can read one's own item already on `basis`: the latest end among its live grants."""
    rows = db.execute(
        select(Grant.principal, func.max(Grant.ends))
        .where(and_(Grant.object_kind == OBJECT, Grant.object_id == item.id, Grant.basis == basis, live()),
               or_(Grant.principal.in_(list(principals))))
        .group_by(Grant.principal)
    )  # fmt: skip
    return {principal: ends for principal, ends in rows}


def recent_uses(db: Session, actor: Actor, item: Disclosure, documents: Iterable[Document], n: int = 8) -> list[Use]:
    """The latest readings of one's own item and its documents, among the enterprise's latest RECENT readings."""
    names = {document.ref: document.name for document in documents}
    recent = (
        select(Opening.at, Opening.record, Opening.plaintext)
        .where(Opening.owner == actor.organisation_principal, Opening.kind == READ)
        .order_by(Opening.at.desc(), Opening.id.desc())
        .limit(RECENT)
        .subquery()
    )
    about = recent.c.plaintext["about"]
    read = about["items"][0][0].as_string()
    rows = db.execute(
        select(recent.c.at, recent.c.record, recent.c.plaintext["actor"].label("who"), read.label("read"))
        .where(about["what"].as_string().in_(["disclosure", "disclosure.document"]), read.in_([item.ref, *names]))
        .order_by(recent.c.at.desc(), recent.c.record)
        .limit(n)
    )
    return [Use(r.at, r.record, r.who["organisation"], r.who["name"], names.get(r.read, "")) for r in rows]
