"""Who sees a roadshow, its presenters, its participants and the way in: the same in Python and in the database."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from portal.access.principals import BOARD, KIND_PRINCIPALS, QUALIFIED, OrgKind
from portal.core.errors import NotAllowed, NotFound
from portal.roadshows import queries, services
from portal.roadshows.models import Registration, Roadshow, RoadshowEnterprise, RoadshowLink, RoadshowState
from portal.roadshows.policy import link_readable, readable, registration_readable
from tests.financing.stage import Stage

Hold = Callable[..., Roadshow]
EVERYBODY = ("firm", "shy", "other", "fund", "fund2", "bank", "operator", "bureau", "lapsed")


def readers(stage: Stage, question: object, policy: Callable | None) -> set[str]:
    found = set()
    for name in EVERYBODY:
        with stage.session(name) as db:
            asked = question.where(policy(stage.actors[name])) if policy else question  # type: ignore[attr-defined]
            if db.scalars(asked).first() is not None:
                found.add(name)
    return found


def both(stage: Stage, question: object, policy: Callable) -> set[str]:
    by_expression, by_database = readers(stage, question, policy), readers(stage, question, None)
    assert by_expression == by_database
    return by_database


@pytest.mark.clause("十")
@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ([BOARD], {"firm", "shy", "fund", "fund2", "bank", "operator", "bureau"}),
        ([QUALIFIED], {"firm", "shy", "fund", "fund2", "operator"}),
        ([KIND_PRINCIPALS[OrgKind.BANK]], {"firm", "shy", "bank", "operator"}),
        ([KIND_PRINCIPALS[OrgKind.ENTERPRISE]], {"firm", "shy", "other", "operator"}),
    ],
)
def test_a_roadshow_is_shown_to_its_audience_and_to_who_presents(stage: Stage, hold: Hold, audience: list[int], expected: set[str]) -> None:
    event = hold(audience=audience)
    assert both(stage, select(Roadshow.id).where(Roadshow.id == event.id), readable) == expected
    draft = hold(opened=False, audience=audience)
    assert both(stage, select(Roadshow.id).where(Roadshow.id == draft.id), readable) == {"operator"}


def test_an_enterprise_that_hides_is_not_among_the_presenters(stage: Stage, hold: Hold) -> None:
    event = hold()
    stage.hide("shy", "fund")

    def names(name: str) -> list[str]:
        with stage.session(name) as db:
            shown = [row.id for row in queries.presenters(db, stage.actors[name], event.id)]
            asked = select(RoadshowEnterprise.enterprise_id).where(RoadshowEnterprise.roadshow_id == event.id)
            assert list(db.scalars(asked.order_by(RoadshowEnterprise.position))) == shown
        return [key for number in shown for key, row in stage.enterprises.items() if row.id == number]

    assert names("fund2") == names("operator") == ["firm", "shy"]
    assert names("fund") == ["firm"]
    assert names("firm") == ["firm"]
    assert names("shy") == ["shy"]
    for name, count in (("fund2", 1), ("fund", 0), ("shy", 1), ("firm", 0), ("lapsed", 0)):
        with stage.session(name) as db:
            assert len(queries.of_enterprise(db, stage.actors[name], stage.enterprises["shy"].id)) == count


def test_participants_do_not_see_each_other(stage: Stage, hold: Hold) -> None:
    event = hold()
    seat = stage.do("fund", services.register, event.slug)
    assert both(stage, select(Registration.id).where(Registration.id == seat.id), registration_readable) == {"fund", "operator"}
    assert both(stage, select(RoadshowLink.roadshow_id).where(RoadshowLink.roadshow_id == event.id), link_readable) == {"fund", "operator"}
    for name in ("fund", "fund2", "firm", "bureau"):
        with pytest.raises(NotAllowed):
            stage.do(name, services.read_participants, event.slug)
    with pytest.raises(NotFound):
        stage.do("lapsed", services.read_participants, event.slug)
    _show, rows = stage.do("operator", services.read_participants, event.slug)
    assert [row.person for row in rows] == ["fund员"]


def test_seats_are_released_as_full_or_not_and_only_to_readers(stage: Stage, hold: Hold) -> None:
    event = hold(capacity=1)
    with stage.session("fund2") as db:
        assert queries.full(db, [event.id]) == set()
    stage.do("fund", services.register, event.slug)
    for name, answer in (("fund2", {event.id}), ("operator", {event.id}), ("lapsed", set()), ("other", set())):
        with stage.session(name) as db:
            assert queries.full(db, [event.id]) == answer
    stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CANCELLED)


def test_only_the_operator_writes(stage: Stage, hold: Hold, terms: Callable) -> None:
    event = hold()
    for name in ("firm", "fund", "bureau"):
        with pytest.raises(NotAllowed):
            stage.do(name, services.create_roadshow, terms())
        with pytest.raises(NotAllowed):
            stage.do(name, services.move_roadshow, event.slug, RoadshowState.CANCELLED)
    with stage.session("fund") as db, pytest.raises(ProgrammingError, match="row-level security"):
        db.add(RoadshowLink(roadshow_id=event.id + 1, address="https://elsewhere.example"))
        db.flush()
