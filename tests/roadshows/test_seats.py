"""Seats: never more than there are, one to a person, given back at once; the database says the same."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.access.principals import OrgKind
from portal.accounts.models import Principal, RingMember
from portal.core.clock import now
from portal.core.connect import Urls
from portal.core.errors import Conflict, Expired, Invalid, NotAllowed, NotFound
from portal.roadshows import queries, services
from portal.roadshows.models import Registration, Roadshow, RoadshowState
from tests.financing.stage import Stage

Hold = Callable[..., Roadshow]
THREADS, SEATS = 24, 9


def live(stage: Stage, event: Roadshow) -> list[Registration]:
    with stage.session("operator") as db:
        asked = select(Registration).where(Registration.roadshow_id == event.id, Registration.state == "registered")
        return list(db.scalars(asked))


@pytest.mark.clause("十")
def test_capacity_holds_under_parallel_requests(stage: Stage, hold: Hold, urls: Urls) -> None:
    """24 people on 24 connections, each asking twice, for 9 seats."""
    event = hold(capacity=SEATS)
    names = [f"guest{n}" for n in range(THREADS)]
    for name in names:
        stage.organisation(name, OrgKind.FUND_MANAGER)
    stage.database = urls.database(pool_size=THREADS)

    def attempt(name: str) -> str:
        try:
            stage.do(name, services.register, event.slug)
            return "seat"
        except Conflict as error:
            return "full" if "已满" in error.text else "again"

    with ThreadPoolExecutor(THREADS) as pool:
        said = Counter(pool.map(attempt, names * 2))
    seats = live(stage, event)
    stage.database.dispose()
    assert len(seats) == SEATS == said["seat"]
    assert len({seat.person_id for seat in seats}) == SEATS
    assert said["seat"] + said["full"] + said["again"] == 2 * THREADS


def test_one_person_asking_at_once_gets_one_seat(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=5)

    def attempt(_n: int) -> bool:
        try:
            stage.do("fund", services.register, event.slug)
            return True
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert len(live(stage, event)) == 1


def test_a_seat_given_back_is_free(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=1)
    stage.do("fund", services.register, event.slug)
    with pytest.raises(Conflict, match="已满"):
        stage.do("fund2", services.register, event.slug)
    stage.do("fund", services.cancel_registration, event.slug)
    with pytest.raises(Conflict, match="没有报名"):
        stage.do("fund", services.cancel_registration, event.slug)
    stage.do("fund2", services.register, event.slug)
    with pytest.raises(Conflict, match="已满"):
        stage.do("fund", services.register, event.slug)


def test_registration_refuses(stage: Stage, hold: Hold, terms: Callable) -> None:
    event = hold()
    for name, error in (("lapsed", NotFound), ("other", NotFound), ("operator", NotAllowed), ("bureau", NotAllowed)):
        with pytest.raises(error):
            stage.do(name, services.register, event.slug)
    stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CLOSED)
    with pytest.raises(Conflict, match="不接受"):
        stage.do("fund", services.register, event.slug)
    stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CANCELLED)
    with pytest.raises(Conflict, match="已取消"):
        stage.do("fund", services.register, event.slug)
    late = hold()
    stage.do("operator", services.change_roadshow, late.slug, terms(registration_until=now() - timedelta(seconds=1)), late.version)
    with pytest.raises(Expired):
        stage.do("fund", services.register, late.slug)
    begun = hold()
    starts = now() - timedelta(hours=1)
    words = terms(starts=starts, ends=starts + timedelta(hours=3), registration_until=starts)
    stage.do("fund", services.register, begun.slug)
    stage.do("operator", services.change_roadshow, begun.slug, words, begun.version)
    with pytest.raises(Expired):
        stage.do("fund2", services.register, begun.slug)
    with pytest.raises(Expired, match="已经开始"):
        stage.do("fund", services.cancel_registration, begun.slug)


def test_the_database_repeats_it(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=1)
    fund, other = stage.actors["fund"], stage.actors["fund2"]
    seat = text("insert into portal.registration (ref, roadshow_id, organisation_id, person_id, principal)"
                " values (:ref, :show, :organisation, :person, :principal)")  # fmt: skip

    def values(actor: object, principal_of: object, show: int = event.id) -> dict:
        return {"ref": f"r{now()}", "show": show, "organisation": actor.organisation_id, "person": actor.person_id,  # type: ignore[attr-defined]
                "principal": principal_of.organisation_principal}  # type: ignore[attr-defined] # fmt: skip

    for wrong in (values(other, other), values(other, fund), values(fund, other)):
        with stage.session("fund") as db, pytest.raises(DBAPIError, match="row-level security"):
            db.execute(seat, wrong)
    with stage.session("fund") as db:
        db.execute(seat, values(fund, fund))
        db.commit()
    with stage.session("fund2") as db, pytest.raises(IntegrityError, match="no seat left"):
        db.execute(seat, values(other, other))
    change = text("update portal.registration set organisation_id = organisation_id + 1 where roadshow_id = :id")
    with stage.session("operator") as db:
        assert db.execute(change, {"id": event.id}).rowcount == 0  # type: ignore[attr-defined]
    with stage.session("fund") as db, pytest.raises(DBAPIError, match="only ever cancelled"):
        db.execute(change, {"id": event.id})
    closed = hold()
    stage.do("operator", services.move_roadshow, closed.slug, RoadshowState.CLOSED)
    with stage.session("fund") as db, pytest.raises(IntegrityError, match="registration is over"):
        db.execute(seat, values(fund, fund, closed.id))


def test_capacity_cannot_fall_below_what_is_taken(stage: Stage, hold: Hold, terms: Callable) -> None:
    event = hold(capacity=3)
    for name in ("fund", "fund2"):
        stage.do(name, services.register, event.slug)
    with pytest.raises(Invalid, match="已有 2 人"):
        stage.do("operator", services.change_roadshow, event.slug, terms(capacity=1), event.version)
    with stage.session("operator") as db, pytest.raises(IntegrityError, match="more are registered"):
        db.execute(text("update portal.roadshow set capacity = 1 where id = :id"), {"id": event.id})


def rings(stage: Stage, event: Roadshow, name: str) -> list[tuple]:
    with stage.session(name) as db:
        rows = db.execute(
            select(RingMember.starts, RingMember.ends)
            .join(Principal, Principal.id == RingMember.principal)
            .where(Principal.word == f"event:{event.ref}", RingMember.ends > func.now(),
                   RingMember.organisation_id == stage.organisations[name].id)
        )  # fmt: skip
        return [tuple(row) for row in rows]


def test_participants_form_a_ring_while_the_roadshow_lasts(stage: Stage, hold: Hold, terms: Callable) -> None:
    event = hold()
    stage.colleague("fund-b", "fund")
    stage.do("fund", services.register, event.slug)
    stage.do("fund-b", services.register, event.slug)
    assert rings(stage, event, "fund") == [(event.starts, event.ends)]
    stage.do("fund", services.cancel_registration, event.slug)
    assert len(rings(stage, event, "fund")) == 1
    later = terms(starts=event.starts + timedelta(1), ends=event.ends + timedelta(1))
    moved = stage.do("operator", services.change_roadshow, event.slug, later, event.version)
    assert rings(stage, event, "fund") == [(moved.starts, moved.ends)]
    stage.do("fund-b", services.cancel_registration, event.slug)
    assert rings(stage, event, "fund") == []
    stage.do("fund2", services.register, event.slug)
    stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CANCELLED)
    assert rings(stage, event, "fund2") == []


def test_another_membership_takes_no_second_seat(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=5)
    stage.do("fund", services.register, event.slug)
    fund, bank = stage.actors["fund"], stage.actors["bank"]
    principals = tuple(sorted({*bank.principals, fund.person_principal} - {bank.person_principal}))
    stage.actors["hat"] = replace(bank, person_id=fund.person_id, person_principal=fund.person_principal, principals=principals)
    with stage.session("hat") as db:
        assert queries.own_seat(db, stage.actors["hat"], event.id) is None
    with pytest.raises(Conflict, match="另一个机构"):
        stage.do("hat", services.register, event.slug)
