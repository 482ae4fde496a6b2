"""Questions about roadshows; each answers only what the actor may read, seats as the released value only."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, any_, func, select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.released import released
from portal.accounts.models import Organisation, Person
from portal.core.errors import NotAllowed, NotFound
from portal.core.paging import PAGE_SIZE, Page
from portal.enterprises import policy as enterprises
from portal.enterprises.models import Enterprise
from portal.roadshows.models import Registration, RegistrationState, Roadshow, RoadshowEnterprise, RoadshowLink, RoadshowReader
from portal.roadshows.policy import link_readable, readable, registration_readable

SEATS = released("roadshow.seats").form.split(" / ")  # in this order: a seat is left, none is


@dataclass(frozen=True)
class Listed:
    """A roadshow in a list: whether it is full (the released value), whether this person holds a seat."""

    roadshow: Roadshow
    full: bool
    mine: bool

    @property
    def seats(self) -> str:
        """What is released about seats."""
        return SEATS[self.full]


@dataclass(frozen=True)
class Shown:
    """A roadshow's page: its presenters as far as this actor may read them, the own seat, the way in for participants."""

    roadshow: Roadshow
    organiser: str
    full: bool
    registration: Registration | None
    link: str
    presenters: list[Enterprise]

    @property
    def seats(self) -> str:
        """What is released about seats."""
        return SEATS[self.full]


@dataclass(frozen=True)
class Participant:
    """One line of the operator's list."""

    registration: Registration
    person: str
    organisation: str
    kind: str


def roadshows(db: Session, actor: Actor, *, past: bool = False, number: int = 1) -> tuple[list[Listed], Page]:
    """One page of the roadshows the actor may read: the next ones first, or the past ones, the latest first."""
    which = readable(actor) & (Roadshow.ends < func.now() if past else Roadshow.ends >= func.now())
    total = db.scalar(select(func.count()).select_from(Roadshow).where(which)) or 0
    page = Page(min(number, Page(1, PAGE_SIZE, total).last), PAGE_SIZE, total)
    order = (Roadshow.starts.desc(), Roadshow.id.desc()) if past else (Roadshow.starts, Roadshow.id)
    rows = db.scalars(select(Roadshow).where(which).order_by(*order).limit(page.size).offset(page.offset)).all()
    return _listed(db, actor, rows), page


def coming(db: Session, actor: Actor, n: int = 5) -> list[Listed]:
    """The next roadshows the actor may read: for a start page."""
    which = readable(actor) & (Roadshow.ends >= func.now()) & (Roadshow.state != "cancelled")
    return _listed(db, actor, db.scalars(select(Roadshow).where(which).order_by(Roadshow.starts, Roadshow.id).limit(n)).all())


def of_enterprise(db: Session, actor: Actor, enterprise_id: int, n: int = 3) -> list[Listed]:
    """The latest roadshows at which an enterprise presents or presented, if the actor may read both."""
    rows = db.scalars(
        select(Roadshow)
        .join(RoadshowEnterprise, RoadshowEnterprise.roadshow_id == Roadshow.id)
        .join(Enterprise, Enterprise.id == RoadshowEnterprise.enterprise_id)
        .where(RoadshowEnterprise.enterprise_id == enterprise_id, readable(actor), enterprises.readable(actor))
        .order_by(Roadshow.starts.desc(), Roadshow.id.desc())
        .limit(n)
    )
    return _listed(db, actor, rows.all())


def _listed(db: Session, actor: Actor, rows: Iterable[Roadshow]) -> list[Listed]:
    found = list(rows)
    ids = [row.id for row in found]
    taken, mine = full(db, ids), set(db.scalars(_own_seats(actor, Registration.roadshow_id == any_(ids), Registration.roadshow_id)))
    return [Listed(row, row.id in taken, row.id in mine) for row in found]


def full(db: Session, ids: list[int]) -> set[int]:
    """Which of the roadshows that this reader is shown are full: the released value `roadshow.seats`."""
    return set(db.scalars(select(func.portal.roadshows_full(ids).column_valued("id"))))


def _own_seats(actor: Actor, which: ColumnElement[bool], what: object) -> Select:
    return select(what).where(  # type: ignore[call-overload]
        which,
        Registration.person_id == (actor.person_id or 0),
        Registration.state == RegistrationState.REGISTERED.value,
        registration_readable(actor),
    )


def roadshow(db: Session, actor: Actor, slug: str) -> Roadshow:
    """A roadshow by its part of the address. Raises NotFound when it is absent or not for this actor."""
    found = db.scalar(select(Roadshow).where(Roadshow.ref == slug, readable(actor)))
    if found is None:
        raise NotFound
    return found


def show(db: Session, actor: Actor, slug: str) -> Shown:
    """Everything a roadshow's page tells this actor. Raises NotFound."""
    found = roadshow(db, actor, slug)
    organiser = db.scalar(select(Organisation.name).where(Organisation.id == found.organiser_id)) or ""
    link = db.scalar(select(RoadshowLink.address).where(RoadshowLink.roadshow_id == found.id, link_readable(actor))) or ""
    return Shown(found, organiser, bool(full(db, [found.id])), own_seat(db, actor, found.id), link, presenters(db, actor, found.id))


def own_seat(db: Session, actor: Actor, roadshow_id: int) -> Registration | None:
    """The actor's own live registration."""
    return db.scalar(_own_seats(actor, Registration.roadshow_id == roadshow_id, Registration))


def presenters(db: Session, actor: Actor, roadshow_id: int) -> list[Enterprise]:
    """The enterprises that present, in the programme's order, as far as the actor may read them."""
    rows = db.scalars(
        select(Enterprise)
        .join(RoadshowEnterprise, RoadshowEnterprise.enterprise_id == Enterprise.id)
        .where(RoadshowEnterprise.roadshow_id == roadshow_id, enterprises.readable(actor))
        .order_by(RoadshowEnterprise.position)
    )
    return list(rows)


def audience(db: Session, actor: Actor, roadshow_id: int) -> list[int]:
    """The principals a roadshow was addressed to, for the operator; without those that only follow from presenting."""
    _staff_only(actor)
    rows = select(RoadshowReader.principal).where(RoadshowReader.roadshow_id == roadshow_id, RoadshowReader.presenting.is_(False))
    return list(db.scalars(rows.order_by(RoadshowReader.principal)))


def taken(db: Session, actor: Actor, roadshow_id: int) -> int:
    """How many seats are taken, for the operator."""
    _staff_only(actor)
    live = Registration.state == RegistrationState.REGISTERED.value
    return db.scalar(select(func.count()).select_from(Registration).where(Registration.roadshow_id == roadshow_id, live)) or 0


def participants(db: Session, actor: Actor, roadshow_id: int) -> list[Participant]:
    """Everybody who registered, those who hold a seat first, for the operator. Raises NotAllowed for anybody else."""
    _staff_only(actor)
    rows = db.execute(
        select(Registration, Person.name, Organisation.name, Organisation.kind)
        .join(Person, Person.id == Registration.person_id)
        .join(Organisation, Organisation.id == Registration.organisation_id)
        .where(Registration.roadshow_id == roadshow_id, registration_readable(actor))
        .order_by(Registration.state.desc(), Registration.created_at, Registration.id)
    )
    return [Participant(*row) for row in rows]


def _staff_only(actor: Actor) -> None:
    if not actor.is_operator:
        raise NotAllowed("参加者名单只有运营机构看得到。")
