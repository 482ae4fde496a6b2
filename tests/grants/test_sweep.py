"""The sweep takes past periods out of the live indexes and changes no answer."""

from sqlalchemy import text

from portal.core.db import Database
from portal.core.ids import new_ref
from portal.grants.jobs import sweep

OWNER, READER = 800_001, 800_002
_ADD = text(
    "insert into portal.access_grant (ref, object_kind, object_id, enterprise_id, owner, principal, basis, purpose, starts, ends,"
    " revoked_at) values (:ref, 'swept', :i, 1, :o, :p, 'will', 'x', now() + cast(:s as interval), now() + cast(:e as interval),"
    " case when :r then now() - interval '1 hour' end)"
)
PERIODS = [("-2 days", "-1 day", False), ("-2 days", "-1 day", True), ("-1 day", "1 day", False), ("1 day", "2 days", False)]


def seen(database: Database) -> list[int]:
    with database.session((READER,)) as db:
        return list(db.scalars(text("select object_id from portal.feed_keys('swept', null, '9999-12-31', 1, 50)")))


def test_past_periods_end_at_their_end_and_nothing_else_changes(database: Database) -> None:
    with database.session((OWNER,)) as db:
        for number, (starts, ends, revoked) in enumerate(PERIODS * 3):
            db.execute(_ADD, {"ref": new_ref(), "i": number, "o": OWNER, "p": READER, "s": starts, "e": ends, "r": revoked})
        db.commit()
    before = seen(database)
    assert sorted(before) == [2, 6, 10]
    assert sweep(database, batch=2) >= 3
    assert sweep(database, batch=2) == 0
    assert seen(database) == before
    with database.session((OWNER,)) as db:
        rows = db.execute(
            text("select object_id, revoked_at = ends from portal.access_grant where owner = :o and revoked_at is not null"), {"o": OWNER}
        ).all()
    assert sorted((number % 4, at_its_end) for number, at_its_end in rows) == [(0, True)] * 3 + [(1, False)] * 3
