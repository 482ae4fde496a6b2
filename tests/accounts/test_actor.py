"""What an actor is made of: principals by kind, qualification, rings, membership; in one statement."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.access.principals import AUTHORITY, BOARD, INSTITUTION_KINDS, KIND_PRINCIPALS, OPERATOR, PUBLIC, QUALIFIED, OrgKind
from portal.accounts.models import Organisation, Person, SignInSession
from portal.accounts.queries import SESSION_IDLE, SESSION_LENGTH, load_actor
from portal.accounts.services import add_member, create_organisation, create_person, end_membership, join_ring, leave_ring
from portal.accounts.sessions import SEEN_EVERY, end_sessions, start, usual_membership
from portal.core.clock import now, today
from portal.core.ids import new_ref

DAY = date(2026, 5, 20)


def person(db: Session, name: str = "程砚") -> Person:
    word = "p" + new_ref()
    return create_person(db, username=word, email=f"{word}@beiting.example", name=name)


def organisation(db: Session, kind: OrgKind = OrgKind.FUND_MANAGER, name: str = "天山私募（演示）") -> Organisation:
    return create_organisation(db, kind=kind, name=name)


def signed_in(db: Session, someone: Person, membership_id: int | None) -> str:
    return start(db, person_id=someone.id, membership_id=membership_id, address="192.0.2.7", agent="test")[1]


def actor_of(db: Session, organisation_: Organisation, roles: tuple[str, ...] = ("admin",), on: date = DAY) -> Actor:
    someone = person(db)
    membership = add_member(db, someone, organisation_, roles)
    return load_actor(db, token=signed_in(db, someone, membership.id), on=on)


@pytest.mark.parametrize("token", [None, "", "unknown", "x" * 5000])
def test_no_session_is_nobody(db: Session, token: str | None) -> None:
    assert load_actor(db, token=token) == ANONYMOUS


def test_an_operators_actor_whole(db: Session) -> None:
    house = organisation(db, OrgKind.OPERATOR, "北庭股权（演示）")
    someone = person(db)
    membership = add_member(db, someone, house, ["staff", "admin"])
    token = signed_in(db, someone, membership.id)
    actor = load_actor(db, token=token, on=DAY)
    numbers = tuple(sorted([PUBLIC, BOARD, OPERATOR, KIND_PRINCIPALS[OrgKind.OPERATOR], someone.principal, house.principal]))
    words = {"public", "board", "operator", "kind:operator", f"person:{someone.id}", f"org:{house.id}"}
    assert actor == Actor(
        person_id=someone.id, person_name="程砚", person_principal=someone.principal, membership_id=membership.id,
        organisation_id=house.id, organisation_name="北庭股权（演示）", organisation_principal=house.principal,
        kind=OrgKind.OPERATOR, roles=frozenset({"admin", "staff"}), principals=numbers, words=actor.words,
        session_id=actor.session_id, memberships=1,
    )  # fmt: skip
    assert set(actor.words) == words and len(actor.words) == len(numbers)
    assert actor.words[numbers.index(house.principal)] == f"org:{house.id}"


@pytest.mark.parametrize("kind", list(OrgKind))
def test_reserved_principals_by_kind_without_qualification(db: Session, kind: OrgKind) -> None:
    by_office = {OrgKind.OPERATOR: {BOARD, OPERATOR}, OrgKind.AUTHORITY: {BOARD, AUTHORITY}, OrgKind.EXCHANGE: {BOARD}}
    actor = actor_of(db, organisation(db, kind))
    of_kind = set() if kind in INSTITUTION_KINDS else {KIND_PRINCIPALS[kind]}
    assert {n for n in actor.principals if n < 1000} == {PUBLIC} | of_kind | by_office.get(kind, set())


@pytest.mark.parametrize(
    ("starts", "until", "holds"),
    [
        (DAY, DAY, True),
        (DAY - timedelta(1), DAY, True),
        (DAY, DAY + timedelta(1), True),
        (DAY + timedelta(1), DAY + timedelta(9), False),
        (DAY - timedelta(9), DAY - timedelta(1), False),
        (None, None, False),
    ],
)
@pytest.mark.parametrize("kind", [OrgKind.FUND_MANAGER, OrgKind.BANK])
def test_qualification_holds_on_both_its_border_days(
    db: Session, kind: OrgKind, starts: date | None, until: date | None, holds: bool
) -> None:
    house = organisation(db, kind)
    house.qualified_from, house.qualified_until = starts, until
    db.flush()
    expected = ({BOARD, QUALIFIED} if kind is OrgKind.FUND_MANAGER else {BOARD}) if holds else set()
    of_kind = {KIND_PRINCIPALS[kind]} if holds else set()
    assert set(actor_of(db, house).principals) & {BOARD, QUALIFIED, KIND_PRINCIPALS[kind]} == expected | of_kind


def test_an_enterprise_never_sees_the_board_by_dates(db: Session) -> None:
    house = organisation(db, OrgKind.ENTERPRISE)
    house.qualified_from = house.qualified_until = DAY
    db.flush()
    assert not actor_of(db, house).sees_board


def test_rings_count_only_while_they_last_and_only_for_their_members(db: Session) -> None:
    mine, other = organisation(db), organisation(db)
    live = join_ring(db, "event:901", mine.id)
    join_ring(db, "event:902", mine.id, starts=now() - timedelta(2), ends=now() - timedelta(1))
    join_ring(db, "event:903", mine.id, starts=now() + timedelta(1))
    join_ring(db, "event:904", other.id)
    ended = join_ring(db, "event:905", mine.id, starts=now() - timedelta(1))
    leave_ring(db, "event:905", mine.id)
    actor = actor_of(db, mine)
    assert [w for w in actor.words if w.startswith("event:")] == ["event:901"]
    assert live in actor.principals and ended not in actor.principals


def test_joining_a_ring_twice_adds_nothing(db: Session) -> None:
    house = organisation(db)
    assert join_ring(db, "meeting:77", house.id) == join_ring(db, "meeting:77", house.id)
    actor = actor_of(db, house)
    assert actor.words.count("meeting:77") == 1


def test_an_ended_membership_leaves_only_the_person(db: Session) -> None:
    house, someone, colleague = organisation(db, OrgKind.OPERATOR), person(db), person(db)
    membership = add_member(db, someone, house, ["staff"])
    add_member(db, colleague, house, ["admin"])
    token = signed_in(db, someone, membership.id)
    assert load_actor(db, token=token).is_operator
    end_membership(db, membership)
    actor = load_actor(db, token=token)
    assert actor.principals == (PUBLIC, someone.principal)
    assert (actor.person_id, actor.organisation_id, actor.kind, actor.roles) == (someone.id, None, None, frozenset())


def test_a_session_with_somebody_elses_membership_gives_nothing_of_it(db: Session) -> None:
    theirs = add_member(db, person(db), organisation(db, OrgKind.OPERATOR), ["admin"])
    someone = person(db)
    assert load_actor(db, token=signed_in(db, someone, theirs.id)).principals == (PUBLIC, someone.principal)


@pytest.mark.parametrize("change", ["ended", "inactive", "old", "idle"])
def test_sessions_end(db: Session, change: str) -> None:
    someone = person(db)
    token = signed_in(db, someone, None)
    assert load_actor(db, token=token).person_id == someone.id
    row = update(SignInSession).where(SignInSession.person_id == someone.id)
    if change == "ended":
        end_sessions(db, someone.id)
    elif change == "inactive":
        someone.active = False
        db.flush()
    elif change == "old":
        db.execute(row.values(created_at=now() - SESSION_LENGTH - timedelta(seconds=5)))
    else:
        db.execute(row.values(last_seen_at=now() - SESSION_IDLE - timedelta(seconds=5)))
    assert load_actor(db, token=token) == ANONYMOUS


def test_one_statement_and_a_second_once_a_minute(db: Session) -> None:
    house, someone = organisation(db), person(db)
    for n in range(5):
        join_ring(db, f"event:8{n}", house.id)
    token = signed_in(db, someone, add_member(db, someone, house, ["admin"]).id)
    assert statements(db, token) == 1
    db.execute(update(SignInSession).values(last_seen_at=now() - SEEN_EVERY - timedelta(seconds=1)))
    assert statements(db, token) == 2
    assert statements(db, token) == 1


def test_only_enterprises_are_enriched_and_with_their_principals_in_force(db: Session) -> None:
    seen: list[tuple[int, ...]] = []

    def enrich(session: Session, actor: Actor) -> Actor:
        seen.append(session.info["principals"])
        return actor

    for kind in (OrgKind.ENTERPRISE, OrgKind.BANK):
        house, someone = organisation(db, kind), person(db)
        token = signed_in(db, someone, add_member(db, someone, house, ["admin"]).id)
        actor = load_actor(db, token=token, enrich=enrich)
        assert bool(seen) == (kind is OrgKind.ENTERPRISE)
        assert seen == [] or seen.pop() == actor.principals


def test_the_membership_used_last_is_the_usual_one(db: Session) -> None:
    someone = person(db)
    assert usual_membership(db, someone.id) is None
    first, second = (add_member(db, someone, organisation(db), ["admin"]).id for _ in range(2))
    assert usual_membership(db, someone.id) == first
    signed_in(db, someone, second)
    assert usual_membership(db, someone.id) == second


def test_today_is_the_default_day(db: Session) -> None:
    house = organisation(db)
    house.qualified_from = house.qualified_until = today()
    db.flush()
    someone = person(db)
    token = signed_in(db, someone, add_member(db, someone, house, ["admin"]).id)
    assert load_actor(db, token=token).sees_board


def statements(db: Session, token: str) -> int:
    count = 0

    def note(*_args: object) -> None:
        nonlocal count
        count += 1

    connection = db.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        load_actor(db, token=token)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return count
