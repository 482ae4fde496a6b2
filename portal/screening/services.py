"""Keeping the index in step: what changed is written down in the changing transaction, and a job teaches the index."""

from collections.abc import Callable, Iterator

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.core.db import Database
from portal.core.jobs import enqueue
from portal.enterprises.models import Enterprise
from portal.screening.documents import document
from portal.screening.models import SearchDirty
from search.protocol import Document, Engine

REFRESH = "search.refresh"
BATCH = 2000


def note_changed(db: Session, ids: tuple[int, ...] | list[int]) -> None:
    """Mark enterprises as changed and enqueue the refresh, both with this transaction."""
    if not ids:
        return
    # Sorted, so that two transactions marking the same rows never wait for each other in a circle.
    rows = [{"enterprise_id": i} for i in sorted(set(ids))]
    note = insert(SearchDirty).on_conflict_do_update(index_elements=["enterprise_id"], set_={"at": func.clock_timestamp()})
    db.execute(note, rows)
    enqueue(db, REFRESH, lock=REFRESH)


def refresh(database: Database, engine: Engine) -> int:
    """Teach the index every row marked as changed; returns how many. A row changed again meanwhile stays marked."""
    done = 0
    while True:
        with database.system_session() as db:
            marked = db.execute(
                select(SearchDirty.enterprise_id, SearchDirty.at).order_by(SearchDirty.at).limit(BATCH)
            ).all()
            if not marked:
                return done
            ids = [row.enterprise_id for row in marked]
            rows = db.scalars(select(Enterprise).where(Enterprise.id.in_(ids))).all()
            gone = set(ids) - {row.id for row in rows}
            engine.upsert(document(row) for row in rows)
            engine.delete(str(i) for i in gone)
            for enterprise_id, at in marked:
                db.execute(delete(SearchDirty).where(SearchDirty.enterprise_id == enterprise_id, SearchDirty.at == at))
            done += len(ids)


def rebuild(database: Database, engine: Engine, progress: Callable[[int], None] | None = None) -> int:
    """Build the whole index beside the old one and swap; what changed since it began is taught afterwards."""
    with database.system_session() as db:
        began = db.scalar(select(func.clock_timestamp()))
        made = engine.rebuild(documents(db), progress)
    with database.system_session() as db:
        db.execute(delete(SearchDirty).where(SearchDirty.at < began))
    refresh(database, engine)
    return made


def documents(db: Session) -> Iterator[Document]:
    """Every enterprise as an index document, streamed by key."""
    last = 0
    while True:
        rows = db.scalars(select(Enterprise).where(Enterprise.id > last).order_by(Enterprise.id).limit(BATCH)).all()
        if not rows:
            return
        for row in rows:
            yield document(row)
        last = rows[-1].id
        db.expunge_all()


def drift(database: Database, engine: Engine) -> list[str]:
    """Differences between index and database, one line each: missing, superfluous, of another version. Empty: in step."""
    with database.system_session() as db:
        stored = {str(i): str(v) for i, v in db.execute(select(Enterprise.id, Enterprise.version))}
        codes = {str(i): u for i, u in db.execute(text("select id, uscc from portal.enterprise"))}
    held = dict(engine.ids())
    lines = [f"索引里没有 {codes[i]}" for i in sorted(stored.keys() - held.keys(), key=int)]
    lines += [f"索引里多出编号 {i}" for i in sorted(held.keys() - stored.keys())]
    lines += [
        f"索引里的 {codes[i]} 是第 {held[i]} 版，数据库是第 {stored[i]} 版"
        for i in sorted(stored.keys() & held.keys(), key=int)
        if stored[i] != held[i]
    ]
    return lines
