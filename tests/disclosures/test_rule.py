"""The rule stands four times: as expression, as keys, as policy, and here once more in plain Python. All give the same.

Random worlds: organisations of several kinds, items in every state, grants on every basis, not yet begun, live, past and
revoked, to organisations, classes, rings and people, and exclusions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.access.principals import PUBLIC, QUALIFIED
from portal.core.db import Database, set_principals
from portal.core.ids import new_ref
from portal.disclosures import cursor, policy, queries
from portal.disclosures.models import Disclosure, Document

OWNERS = (900_001, 900_002)  # principals of two enterprises' organisations
READERS = {  # organisation, its person and what it is besides
    900_011: (900_021, QUALIFIED),
    900_012: (900_022, 12),
    900_013: (900_023, 12, 900_031),
}
ENTERPRISES = {owner: owner + 50_000_000 for owner in OWNERS}
ADDRESSES = (PUBLIC, QUALIFIED, 10, 12, 900_031, *OWNERS, *READERS, 900_021, 900_022)
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tie:
    item: int
    principal: int
    basis: Basis
    period: str
    revoked: bool
    readable: int  # minutes; several fall on one moment


@dataclass(frozen=True)
class Item:
    owner: int
    state: str


@dataclass(frozen=True)
class Scene:
    items: tuple[Item, ...]
    ties: tuple[Tie, ...]
    exclusions: frozenset[tuple[int, int]]


PERIODS = {"future": ("1 day", "2 days"), "live": ("-1 day", "1 day"), "past": ("-2 days", "-1 day"), "endless": ("-1 day", "10 years")}
items = st.builds(Item, st.sampled_from(OWNERS), st.sampled_from(["draft", "published", "published", "withdrawn"]))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    made = tuple(draw(st.lists(items, min_size=1, max_size=6)))
    tie = st.builds(
        Tie, st.integers(0, len(made) - 1), st.sampled_from(ADDRESSES), st.sampled_from([Basis.WILL, Basis.DUTY, Basis.RULE, Basis.MEETING]),
        st.sampled_from(["live", "live", *PERIODS]), st.sampled_from([False, False, False, True]), st.integers(0, 3),
    )  # fmt: skip
    ties = tuple(draw(st.lists(tie, max_size=20)))
    hidden = frozenset(draw(st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(tuple(READERS))), max_size=2)))
    return Scene(made, ties, hidden)


def principals(reader: int) -> tuple[int, ...]:
    """What an actor is: everybody, itself, its person, its classes and rings."""
    return (PUBLIC, reader, 10) if reader in OWNERS else (PUBLIC, reader, *READERS[reader])


def reference(scene: Scene, reader: int) -> set[int]:
    """Rule 1 of the design, word by word."""
    found = set()
    for number, item in enumerate(scene.items):
        if item.owner == reader:  # own: the enterprise's own people, drafts too
            found.add(number)
        if item.state != "published":
            continue
        for tie in scene.ties:
            is_live = not tie.revoked and tie.period in ("live", "endless")
            reaches = tie.item == number and tie.principal in principals(reader)
            hidden = (item.owner, reader) in scene.exclusions
            if is_live and reaches and (not hidden or tie.basis is Basis.RULE):
                found.add(number)
    return found


def build(db: Session, scene: Scene) -> list[int]:
    """The scene as rows; returns the items' numbers in the database."""
    numbers = []
    for item in scene.items:
        numbers.append(
            db.scalar(
                text("insert into portal.disclosure (ref, enterprise_id, owner, kind, title, state, published_at, withdrawn_at)"
                     " values (:ref, :e, :o, 'news', 't', cast(:s as text), case when :s <> 'draft' then now() end,"
                     " case when :s = 'withdrawn' then now() end) returning id"),
                {"ref": new_ref(), "e": ENTERPRISES[item.owner], "o": item.owner, "s": item.state},
            )
        )  # fmt: skip
    for tie in scene.ties:
        starts, ends = PERIODS[tie.period]
        owner = scene.items[tie.item].owner
        db.execute(
            text("insert into portal.access_grant (ref, object_kind, object_id, enterprise_id, owner, principal, basis, purpose,"
                 " readable_at, starts, ends, revoked_at) values (:ref, 'disclosure', :i, :e, :o, :p, :b, 'x', :at,"
                 " now() + cast(:starts as interval), now() + cast(:ends as interval), case when :r then now() end)"),
            {"ref": new_ref(), "i": numbers[tie.item], "e": ENTERPRISES[owner], "o": owner, "p": tie.principal, "b": tie.basis.value,
             "at": START + timedelta(minutes=tie.readable), "starts": starts, "ends": ends, "r": tie.revoked},
        )  # fmt: skip
    for owner, reader in scene.exclusions:
        db.execute(
            text("insert into portal.exclusion (enterprise_id, owner, organisation_id, principal)"
                 " values (:e, :o, (select min(id) from portal.organisation), :p)"),
            {"e": ENTERPRISES[owner], "o": owner, "p": reader},
        )  # fmt: skip
    return numbers  # type: ignore[return-value]


@pytest.fixture(scope="module")
def organisation(database: Database) -> None:
    """An exclusion refers to an organisation; which one does not matter to the rule."""
    with database.session() as db:
        db.execute(text("insert into portal.principal (id, word) values (900099, 'org:none') on conflict do nothing"))
        db.execute(
            text("insert into portal.organisation (ref, kind, name, principal) values ('none', 'bank', '无', 900099)"
                 " on conflict do nothing")
        )  # fmt: skip
        db.commit()


def as_expression(db: Session, actor: Actor, numbers: list[int]) -> set[int]:
    """By `readable` alone: the administrator is under no policy."""
    return set(db.scalars(select(Disclosure.id).where(Disclosure.id.in_(numbers), policy.readable(actor))))


def as_policy(db: Session, numbers: list[int]) -> set[int]:
    return set(db.scalars(select(Disclosure.id).where(Disclosure.id.in_(numbers))))


def as_keys(db: Session, actor: Actor, n: int) -> list[int]:
    """The keys walked to their end, `n` at a time."""
    found, at, at_id = [], None, None
    while True:
        rows = db.execute(policy.readable_keys(actor, before=at, before_id=at_id, n=n)).all()
        found += [row.object_id for row in rows if row.shown]
        if len(rows) < n:
            return found
        at, at_id = rows[-1].readable_at, rows[-1].object_id


def as_pages(db: Session, actor: Actor, n: int) -> list[str]:
    found, token = [], None
    while True:
        page = queries.list_readable(db, actor, before=cursor.parse(token), n=n)
        found += [one.ref for one in page.items]
        token = page.next
        if token is None:
            return found


@pytest.mark.clause("七")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(scene=scenes(), n=st.integers(1, 4))
def test_expression_keys_pages_policy_and_plain_words_agree(
    database: Database, organisation: None, admin: Engine, scene: Scene, n: int
) -> None:
    with admin.connect() as connection:
        outer = connection.begin()
        db = type(database.session())(bind=connection, join_transaction_mode="create_savepoint", info={"principals": ()})
        try:
            numbers = build(db, scene)
            refs = {ref: key for ref, key in db.execute(select(Disclosure.ref, Disclosure.id).where(Disclosure.id.in_(numbers)))}
            for reader in (*OWNERS, *READERS):
                actor = Actor(person_id=1, organisation_principal=reader, principals=principals(reader))
                expected = {numbers[one] for one in reference(scene, reader)}
                set_principals(db, actor.principals)
                assert as_expression(db, actor, numbers) == expected
                db.execute(text("set local role portal_app"))
                assert as_policy(db, numbers) == expected
                others = {number for number in expected if scene.items[numbers.index(number)].owner != reader}
                keys = as_keys(db, actor, n)
                assert (set(keys), len(keys)) == (others, len(others))
                pages = as_pages(db, actor, n)
                assert [refs[ref] for ref in pages] == keys
                db.execute(text("reset role"))
        finally:
            db.close()
            outer.rollback()


def test_the_reference_would_notice_a_hole(database: Database, organisation: None, admin: Engine) -> None:
    """A policy without the state, or without exclusions, gives other rows: the property can fail."""
    scene = Scene(
        (Item(OWNERS[0], "withdrawn"), Item(OWNERS[0], "published")),
        (Tie(0, 900_011, Basis.WILL, "live", False, 0), Tie(1, 900_011, Basis.WILL, "live", False, 0)),
        frozenset({(OWNERS[0], 900_011)}),
    )
    assert reference(scene, 900_011) == set()
    with admin.connect() as connection:
        outer = connection.begin()
        db = type(database.session())(bind=connection, join_transaction_mode="create_savepoint", info={"principals": ()})
        numbers = build(db, scene)
        set_principals(db, principals(900_011))
        db.execute(text("set local role portal_app"))
        assert as_policy(db, numbers) == set()
        db.execute(text("reset role"))
        db.execute(text("drop policy seen on portal.disclosure"))
        db.execute(
            text("create policy seen on portal.disclosure for select to portal_app using (exists (select from portal.access_grant g"
                 " where g.object_id = disclosure.id and g.object_kind = 'disclosure'))")
        )  # fmt: skip
        db.execute(text("set local role portal_app"))
        assert as_policy(db, numbers) == set(numbers)
        db.close()
        outer.rollback()


def test_documents_are_read_with_their_item(database: Database, organisation: None, admin: Engine) -> None:
    scene = Scene(
        (Item(OWNERS[0], "published"), Item(OWNERS[0], "published"), Item(OWNERS[0], "draft"), Item(OWNERS[0], "withdrawn")),
        tuple(Tie(number, 900_011, Basis.WILL, "live", False, 0) for number in (0, 2, 3)),
        frozenset(),
    )
    with admin.connect() as connection:
        outer = connection.begin()
        db = type(database.session())(bind=connection, join_transaction_mode="create_savepoint", info={"principals": ()})
        numbers = build(db, scene)
        for number in numbers:
            db.add(Document(disclosure_id=number, enterprise_id=ENTERPRISES[OWNERS[0]], owner=OWNERS[0], name="n.pdf", size=1,
                            sha256="0", pages=1, storage_key="k", position=1))  # fmt: skip
        db.flush()
        seen = {}
        for reader in (OWNERS[0], OWNERS[1], 900_011, 900_012):
            set_principals(db, principals(reader))
            db.execute(text("set local role portal_app"))
            seen[reader] = set(db.scalars(select(Document.disclosure_id).where(Document.disclosure_id.in_(numbers))))
            db.execute(text("reset role"))
        assert seen == {OWNERS[0]: set(numbers), OWNERS[1]: set(), 900_011: {numbers[0]}, 900_012: set()}
        db.close()
        outer.rollback()
