"""The sequencer: places without gaps, one checkpoint per run, two at once take turns."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, text

from portal.config import Settings
from portal.core.db import Database
from portal.evidence.jobs import JOBS
from portal.evidence.merkle import verify_consistency, verify_inclusion
from portal.evidence.notes import verifier
from portal.evidence.queries import latest_checkpoint, latest_note
from portal.evidence.sealing import Sealed, seal
from portal.evidence.services import record
from portal.evidence.tree import consistency, inclusion
from tests.evidence.conftest import ENTERPRISE, READER, session


def act(log: Database, n: int = 1, kind: str = "disclosure.published") -> None:
    with session(log, READER) as db:
        for number in range(n):
            record(db, kind, actor=READER, owner=ENTERPRISE, about={"number": number})
        db.commit()


def rows(admin: Engine, statement: str) -> list[tuple[Any, ...]]:
    with admin.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_nothing_to_seal_makes_no_checkpoint(log: Database, settings: Settings) -> None:
    assert seal(log, settings) == Sealed(0, 0)
    with log.session() as db:
        assert latest_checkpoint(db) is None
        assert latest_note(db) is None
    act(log, 3)
    assert seal(log, settings) == Sealed(3, 3)
    assert seal(log, settings) == Sealed(0, 3)
    with log.session() as db:
        assert latest_checkpoint(db).size == 3


def test_each_record_has_one_place_in_order(log: Database, settings: Settings, admin: Engine) -> None:
    act(log, 7)
    seal(log, settings, batch=3)
    assert rows(admin, "select seq from leaf order by seq") == [(n,) for n in range(7)]
    assert rows(admin, "select size from checkpoint order by size") == [(3,), (6,), (7,)]
    assert rows(admin, "select count(*) from unsealed") == [(0,)]
    assert rows(admin, "select count(*) from record r join leaf l on l.record = r.ref") == [(7,)]
    assert rows(admin, "select level, place from node order by 1, 2") == [(1, 0), (1, 1), (1, 2), (2, 0)]


def test_two_sequencers_take_turns(log: Database, settings: Settings, admin: Engine) -> None:
    act(log, 60)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _n: seal(log, settings, batch=7), range(3)))
    assert sum(one.added for one in done) == 60
    assert rows(admin, "select seq from leaf order by seq") == [(n,) for n in range(60)]
    assert rows(admin, "select count(distinct record) from leaf") == [(60,)]


def test_an_act_under_way_is_sealed_after_it_commits(log: Database, settings: Settings) -> None:
    with session(log, READER) as slow:
        record(slow, "grant.made", actor=READER, owner=ENTERPRISE, about={})
        act(log, 2)
        assert seal(log, settings) == Sealed(2, 2)
        slow.commit()
    assert seal(log, settings) == Sealed(1, 3)


def test_checkpoints_are_notes_that_prove_each_other(log: Database, settings: Settings, admin: Engine) -> None:
    act(log, 11)
    seal(log, settings, batch=4)
    stated = [verifier(settings).read(note) for (note,) in rows(admin, "select note from checkpoint order by size")]
    assert [(one.origin, one.size) for one in stated] == [(settings.portal_log_origin, size) for size in (4, 8, 11)]
    with log.session() as db:
        for old, new in ((4, 8), (4, 11), (8, 11)):
            before, after = (next(one for one in stated if one.size == size) for size in (old, new))
            assert verify_consistency(old, new, consistency(db, old, new), before.root, after.root)
        for seq, leaf in rows(admin, "select seq, hash from leaf"):
            assert verify_inclusion(bytes(leaf), seq, 11, inclusion(db, seq, 11), stated[-1].root)


def test_the_job_runs_every_minute(log: Database, settings: Settings) -> None:
    [job] = JOBS
    assert (job.name, job.every) == ("evidence.seal", "* * * * *")
    act(log)

    class Process:
        database = log

    Process.settings = settings  # type: ignore[attr-defined]
    job.run(Process())
    with log.session() as db:
        assert latest_checkpoint(db).size == 1
