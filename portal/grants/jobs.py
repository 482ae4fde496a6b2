"""Keeps the indexes of live grants thin: what is past its period leaves them, 100,000 past grants cost a reader nothing."""

from sqlalchemy import text

from portal.core.context import Context
from portal.core.db import Database
from portal.core.jobs import Job

BATCH = 20_000  # rows per transaction: a reader never waits for the whole
# A period decides by itself (`live`); this only moves it into the column that the partial indexes look at.
_SWEEP = text(
    "update portal.access_grant g set revoked_at = g.ends from (select id from portal.access_grant"
    " where revoked_at is null and ends <= now() limit :n for update skip locked) past where g.id = past.id"
)


def sweep(database: Database, batch: int = BATCH) -> int:
    """Mark grants past their period as ended at their end; returns how many. Safe to run at any time, by several at once."""
    swept = 0
    while True:
        with database.system_session() as db:
            done = db.execute(_SWEEP, {"n": batch}).rowcount  # type: ignore[attr-defined]
        swept += done
        if done < batch:
            return swept


def run_sweep(context: Context) -> None:
    sweep(context.database)


JOBS = (Job("grants.sweep", run_sweep, every="*/10 * * * *"),)
