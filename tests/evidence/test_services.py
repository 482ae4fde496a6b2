"""Records commit with their acts, stay, and open only to those concerned."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database, set_principals
from portal.core.errors import NotFound
from portal.evidence.commitment import canonical, commitment, new_salt
from portal.evidence.models import Opening, Record
from portal.evidence.policy import readable
from portal.evidence.services import erase, record, record_denial, record_read, record_reads
from tests.evidence.conftest import BANK, ENTERPRISE, FUND, OTHER, OWNER, READER, actor, session
from tests.evidence.test_sealing import rows

TABLES = ("record", "opening", "erasure", "unsealed", "leaf", "node", "checkpoint")


def said(db: Session) -> list[dict[str, Any]]:
    return list(db.scalars(select(Opening.plaintext).order_by(Opening.id)))


@contextmanager
def statements(log: Database) -> Iterator[list[str]]:
    """The statements that go to the database, without their values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(log.app, "before_cursor_execute", note)
    yield seen
    event.remove(log.app, "before_cursor_execute", note)


@pytest.mark.clause("八")
def test_act_and_record_commit_together(log: Database, admin: Engine) -> None:
    with session(log, READER) as db:
        record(db, "disclosure.published", actor=READER, owner=ENTERPRISE, about={"disclosure": "a" * 16})
        db.rollback()
    assert rows(admin, "select count(*) from record") == [(0,)]
    assert rows(admin, "select count(*) from unsealed") == [(0,)]
    with session(log, READER) as db:
        record(db, "disclosure.published", actor=READER, owner=ENTERPRISE, about={"disclosure": "a" * 16})
        db.commit()
        [stated] = said(db)
    assert stated["about"] == {"disclosure": "a" * 16}
    assert (stated["kind"], stated["owner"], stated["result"]) == ("disclosure.published", ENTERPRISE, "allowed")
    assert stated["actor"]["name"] == "罗砚秋"
    assert rows(admin, "select count(*) from unsealed") == [(1,)]


@pytest.mark.clause("八")
def test_a_read_names_what_was_shown(db: Session) -> None:
    set_principals(db, READER.principals)
    record_read(db, READER, owner=ENTERPRISE, what="disclosure", items=[("a" * 16, 2)])
    record_read(db, READER, owner=None, what="disclosure.list", items=[])
    assert [(one["kind"], one["owner"], one["about"]) for one in said(db)] == [
        ("read", ENTERPRISE, {"what": "disclosure", "items": [["a" * 16, 2]]}),
        ("read", None, {"what": "disclosure.list", "items": []}),
    ]


def test_a_list_of_several_owners_tells_each_only_its_own(log: Database) -> None:
    with session(log, READER) as db, statements(log) as seen:
        record_reads(db, READER, what="disclosure.list", items=[(ENTERPRISE, "a", 1), (BANK, "b", 3), (ENTERPRISE, "c", 2)])
        assert len([one for one in seen if "insert into portal.record" in one]) == 1
        db.commit()
    with session(log, OWNER) as db:
        assert [one["about"]["items"] for one in said(db)] == [[["a", 1], ["c", 2]]]
    with session(log, OTHER) as db:
        assert [one["about"]["items"] for one in said(db)] == [[["b", 3]]]
    with session(log, READER) as db:
        record_reads(db, READER, what="disclosure.list", items=[])
        assert said(db)[-1]["about"] == {"what": "disclosure.list", "items": []}


@pytest.mark.clause("八")
def test_a_denial_takes_the_same_statements_whatever_is_there(log: Database) -> None:
    """Absent, hidden, malformed: one shape; the addresses differ only in what was asked for."""
    with session(log, OWNER) as db:
        record(db, "disclosure.published", actor=OWNER, owner=ENTERPRISE, about={"disclosure": "hidden0hidden0hh"})
        db.commit()
    shapes = []
    for address in ("/disclosures/hidden0hidden0hh", "/disclosures/absent0absent0aa", "/x\x00\ud800" + "长" * 900):
        with session(log, READER) as db, statements(log) as seen:
            record_denial(db, READER, address, "404")
            db.commit()
            shapes.append(list(seen))
    assert shapes[0] == shapes[1] == shapes[2]
    with session(log, READER) as db:
        kept = [one["about"]["address"] for one in said(db)]
    assert kept == ["/disclosures/hidden0hidden0hh", "/disclosures/absent0absent0aa", "/x\\x00\\ud800" + "长" * 496]
    with session(log, OWNER) as db:
        assert [one["kind"] for one in said(db)] == ["disclosure.published"]


def test_nobodys_denial_is_recorded_and_opens_to_nobody(log: Database, admin: Engine) -> None:
    with log.session(ANONYMOUS.principals) as db:
        record_denial(db, ANONYMOUS, "/disclosures/absent0absent0aa", "404")
        db.commit()
        assert said(db) == []
    assert rows(admin, "select kind, result, actor, owner from opening") == [("denied", "denied", None, None)]


def test_an_act_cannot_be_recorded_in_anothers_name(log: Database) -> None:
    with session(log, OTHER) as db, pytest.raises(DBAPIError, match="row-level security"):
        record(db, "grant.made", actor=READER, owner=BANK, about={})


@pytest.mark.parametrize("about", [{"a": 1.5}, {"a": "x\x00"}, {"a": {1: 2}}, {"a": object()}, {"a": [b"x"]}])
def test_what_is_not_exact_is_no_evidence(db: Session, about: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="evidence"):
        record(db, "grant.made", actor=ANONYMOUS, owner=None, about=about)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc\u4e00\U0001f600\"\\", max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(values, min_size=1, max_size=20))
def test_a_commitment_survives_its_way_through_the_database(database: Database, given_values: list[Any]) -> None:
    with database.app.connect() as connection:
        stored = connection.scalar(text("select cast(:value as jsonb)"), {"value": json.dumps({"v": given_values})})
    assert canonical(stored) == canonical({"v": given_values})
    salt = new_salt()
    assert commitment(salt, stored) == commitment(salt, {"v": given_values})
    assert commitment(new_salt(), stored) != commitment(salt, stored)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["update portal.{} set {} = {}", "delete from portal.{}", "truncate portal.{} cascade"])
def test_insert_only_by_grant_and_by_trigger(table: str, verb: str, log: Database, template_log: Urls) -> None:
    """The app and the system's role are refused by grant; the tables' owner, whom no grant stops, by the triggers."""
    column = {"leaf": "hash", "node": "hash", "checkpoint": "note", "erasure": "trace", "unsealed": "record"}.get(table, "kind")
    statement = verb.format(table, column, column)
    owner = create_engine(template_log.owner or "")
    queue = table == "unsealed"  # the sequencer takes records out of the queue; verification misses what somebody else takes
    refusals = {log.app: "permission denied"}
    if not (queue and verb.startswith("delete")):
        refusals[log.system] = "permission denied"
    if not queue:
        refusals[owner] = "evidence stays"
    for engine, sentence in refusals.items():
        with engine.connect() as connection, pytest.raises(DBAPIError, match=sentence):
            connection.execute(text(statement))
    owner.dispose()


def test_erasure_needs_its_record_and_happens_once(log: Database, admin: Engine, settings: Settings) -> None:
    with session(log, READER) as db:
        record(db, "grant.made", actor=READER, owner=ENTERPRISE, about={"secret": "名字"})
        db.commit()
        [ref] = db.scalars(select(Opening.record))
        with pytest.raises(DBAPIError, match="permission denied"):
            db.execute(text("select portal.erase_opening(:ref, :ref)"), {"ref": ref})
    with log.system_session() as db, pytest.raises(DBAPIError, match="needs its record"):
        db.execute(text("select portal.erase_opening(:ref, :ref)"), {"ref": ref})
    with log.system_session() as db:
        erase(db, ref, "依法删除")
    with log.system_session() as db, pytest.raises(NotFound):
        erase(db, ref, "依法删除")
    assert rows(admin, "select e.record, r.kind from erasure e join record r on r.ref = e.trace") == [(ref, "evidence.erased")]
    assert rows(admin, "select record from opening where plaintext::text like '%名字%'") == []
    with log.system_session() as db, pytest.raises(DBAPIError, match="erasure_trace_key"):
        # One record excuses one erasure.
        trace = db.scalar(text("select trace from portal.erasure"))
        db.execute(text("select portal.erase_opening(:trace, :trace)"), {"trace": trace})


PEOPLE = [
    OWNER, READER, OTHER,
    actor("同事", FUND, person=7001),
    actor("同一个人，另一家机构", BANK, person=READER.person_principal),
]  # fmt: skip


@given(data=st.data())
def test_the_expression_and_the_policy_are_one_rule(data: st.DataObject, database: Database) -> None:
    """What each person sees through the policy equals the expression, and equals the rule written out here."""
    acts = data.draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([None, 0, ENTERPRISE, FUND, BANK])), max_size=5))
    with database.app.connect() as connection, connection.begin() as outer:
        db = type(database.session())(bind=connection, join_transaction_mode="create_savepoint", info={"principals": ()})
        made: list[tuple[Actor, int | None]] = []
        for who, owner in acts:
            set_principals(db, who.principals)
            record(db, "grant.made", actor=who, owner=owner, about={"n": len(made)})
            made.append((who, owner))
        for who in PEOPLE:
            set_principals(db, who.principals)
            expected = [
                n for n, (by, owner) in enumerate(made)
                if owner in who.principals
                or (by.person_principal == who.person_principal and by.organisation_principal == who.organisation_principal)
            ]  # fmt: skip
            mine = [one["about"]["n"] for one in said(db)]
            assert mine == expected
            assert db.scalars(select(Opening.plaintext).where(readable(who)).order_by(Opening.id)).all() == said(db)
            assert len(db.scalars(select(Record.ref)).all()) == len(expected)
        db.close()
        outer.rollback()
