"""`decide`: a list of 50 and one item for readers with many, few, no and ended grants, at 1,000,000 grants.

Ours is the query as the pages ask it, under every policy, in a transaction of its own. The floor gives the same rows by
their keys: same columns, same further statements, same library, by a role that no policy concerns. Past grants stand as the
sweep leaves them, which runs every ten minutes; `decide.list.unswept` is the reader with 100,000 that it has yet to meet.
"""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.accounts.models import Organisation
from portal.core.connect import Urls
from portal.core.db import Database, make_engine
from portal.core.errors import NotFound
from portal.disclosures.models import Disclosure, Document
from portal.disclosures.queries import get_readable, list_readable
from portal.grants.jobs import sweep
from portal.grants.models import Grant
from tests.bench.decide_data import ENDED, FEW, GRANTS, MANY, NONE, build, is_built, reader
from tests.bench.figures import bench_database, figure, milliseconds, p50

LINES, TIMES = 50, 200
READERS = {"many": MANY, "few": FEW, "none": NONE, "ended": ENDED}


def asked(database: Database, actor: Actor) -> Callable[[], Any]:
    """The list as the page asks it."""

    def call() -> Any:
        with database.session(actor.principals) as db:
            return list_readable(db, actor, n=LINES)

    return call


def opened(database: Database, actor: Actor, ref: str) -> Callable[[], Any]:
    """One item as the page asks it; a hidden one answers NotFound."""

    def call() -> Any:
        with database.session(actor.principals) as db:
            try:
                return get_readable(db, actor, ref)
            except NotFound:
                return None

    return call


def list_by_key(engine: Engine, ids: list[int]) -> Callable[[], Any]:
    """The same lines by their keys, with reasons and numbers of documents."""

    def call() -> Any:
        with Session(engine) as db:
            rows = db.execute(
                select(Disclosure.id, Disclosure.ref, Disclosure.version, Disclosure.owner, Disclosure.kind, Disclosure.title,
                       Disclosure.published_at, Organisation.name, Organisation.uscc)
                .outerjoin(Organisation, Organisation.principal == Disclosure.owner)
                .where(Disclosure.id.in_(ids)).order_by(Disclosure.published_at.desc(), Disclosure.id.desc())
            ).all()  # fmt: skip
            if ids:
                _further(db, ids)
            return rows

    return call


def one_by_key(engine: Engine, ref: str, shown: bool) -> Callable[[], Any]:
    """The same item by its reference; a hidden one costs the statement that finds nothing."""

    def call() -> Any:
        with Session(engine, expire_on_commit=False) as db:
            row = db.execute(
                select(Disclosure, Organisation.name, Organisation.uscc)
                .outerjoin(Organisation, Organisation.principal == Disclosure.owner)
                .where(Disclosure.ref == (ref if shown else ""))
            ).one_or_none()
            if row is not None:
                db.execute(select(Grant.object_id, Grant.basis, Grant.purpose, Grant.starts, Grant.ends).where(
                    Grant.object_kind == "disclosure", Grant.object_id == row[0].id, Grant.principal == MANY, Grant.revoked_at.is_(None)
                )).all()  # fmt: skip
                db.scalars(select(Document).where(Document.disclosure_id == row[0].id)).all()
            return row

    return call


def _further(db: Session, ids: list[int]) -> None:
    db.execute(
        select(Grant.object_id, Grant.basis, Grant.purpose, Grant.starts, Grant.ends).where(
            Grant.object_kind == "disclosure", Grant.object_id.in_(ids), Grant.principal == MANY, Grant.revoked_at.is_(None)
        )
    ).all()
    db.execute(select(Document.disclosure_id, func.count()).where(Document.disclosure_id.in_(ids)).group_by(Document.disclosure_id)).all()


def item_for(admin: Engine, principal: int) -> tuple[str, bool]:
    """An item to open: one that names the reader in a grant, else any; and whether the reader can read it."""
    with Session(admin) as db:
        ref = db.scalar(select(Disclosure.ref).join(Grant, Grant.object_id == Disclosure.id).where(Grant.principal == principal).limit(1))
        return ref or db.scalars(select(Disclosure.ref).limit(1)).one(), principal in (MANY, FEW)


def renew_past(admin: Engine) -> None:
    """Put the past grants back to where the sweep has not been."""
    with admin.begin() as connection:
        connection.execute(text("update portal.access_grant set revoked_at = null where principal = :p"), {"p": ENDED})
    with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("vacuum (analyze) portal.access_grant"))


def measure(urls: Urls) -> None:
    database, admin = urls.database(), make_engine(urls.admin or "")
    try:
        renew_past(admin)
        ours, floor = together(asked(database, reader(ENDED)), list_by_key(admin, []))
        figure("decide.list.unswept", ours, "ms", floor, GRANTS, rows=0)
        sweep(database)
        for name, principal in READERS.items():
            actor = reader(principal)
            with Session(admin) as db:
                refs = [line.ref for line in asked(database, actor)().items]
                ids = list(db.scalars(select(Disclosure.id).where(Disclosure.ref.in_(refs))))
            assert len(ids) == {"many": 50, "few": 31, "none": 0, "ended": 0}[name], (name, len(ids))
            ours, floor = together(asked(database, actor), list_by_key(admin, ids))
            figure(f"decide.list.{name}", ours, "ms", floor, GRANTS, rows=len(ids))
        for name, principal in READERS.items():
            ref, shown = item_for(admin, principal)
            assert (opened(database, reader(principal), ref)() is not None) == shown, name
            ours, floor = together(opened(database, reader(principal), ref), one_by_key(admin, ref, shown))
            figure(f"decide.one.{name}", ours, "ms", floor, GRANTS)
    finally:
        database.dispose()
        admin.dispose()


def together(ours: Callable[[], Any], floor: Callable[[], Any]) -> tuple[float, float]:
    """Medians of both, measured in turns so that a busy machine is busy for both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(4):
        taken[0].extend(milliseconds(ours, TIMES // 4))
        taken[1].extend(milliseconds(floor, TIMES // 4))
    return p50(taken[0]), p50(taken[1])


def main() -> None:
    with bench_database("decide") as (urls, _fresh):
        if not is_built(urls):
            start = time.perf_counter()
            build(urls)
            print(f"built in {time.perf_counter() - start:.0f} s", flush=True)
        measure(urls)


if __name__ == "__main__":
    main()
