"""Verbs on roadshows and registrations: check, write, record, tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.accounts.models import Organisation
from portal.accounts.services import join_ring, leave_ring
from portal.core.clock import now
from portal.core.errors import Conflict, Expired, Invalid, NotAllowed
from portal.core.events import emit
from portal.core.ids import new_ref
from portal.core.paging import Page
from portal.enterprises import policy as enterprises
from portal.enterprises.models import Enterprise
from portal.evidence.services import record, record_read, record_reads
from portal.roadshows import queries
from portal.roadshows.events import RegistrationCancelled, RegistrationMade, RoadshowChanged
from portal.roadshows.models import (
    Registration,
    RegistrationState,
    Roadshow,
    RoadshowEnterprise,
    RoadshowLink,
    RoadshowReader,
    RoadshowState,
)
from portal.roadshows.queries import Listed, Participant, Shown
from portal.roadshows.words import AUDIENCES, STATES

STEPS = {
    RoadshowState.DRAFT: {RoadshowState.OPEN, RoadshowState.CANCELLED},
    RoadshowState.OPEN: {RoadshowState.CLOSED, RoadshowState.CANCELLED},
    RoadshowState.CLOSED: {RoadshowState.OPEN, RoadshowState.CANCELLED},
    RoadshowState.CANCELLED: set(),
}
RECORDED = {
    RoadshowState.OPEN: "roadshow.published",
    RoadshowState.CLOSED: "roadshow.closed",
    RoadshowState.CANCELLED: "roadshow.cancelled",
}
FULL = "这场路演已满。有人取消后会空出位子，可以再来看。"
DESCRIPTION_LENGTH = 4000
PRESENTERS = 60


@dataclass(frozen=True)
class RoadshowTerms:
    """What the operator writes. `audience` are principals of words.AUDIENCES, `codes` credit codes in the programme's order."""

    title: str
    starts: datetime
    ends: datetime
    registration_until: datetime
    capacity: int
    place: str = ""
    online: str = ""
    description: str = ""
    audience: Sequence[int] = ()
    codes: Sequence[str] = ()


def create_roadshow(db: Session, actor: Actor, terms: RoadshowTerms) -> Roadshow:
    """Write a new roadshow as a draft that only the operator sees. Raises Invalid with a sentence per field."""
    _may(actor, Action.ROADSHOW_MANAGE)
    found = _check(db, actor, terms)
    made = Roadshow(**_columns(terms), organiser_id=actor.organisation_id, made_by=actor.person_id)
    db.add(made)
    db.flush()
    _address(db, made, terms, found)
    record(db, "roadshow.created", actor=actor, owner=None, about={"roadshow": made.ref})
    return made


def change_roadshow(db: Session, actor: Actor, slug: str, terms: RoadshowTerms, version: int) -> Roadshow:
    """Change a roadshow; calendars learn of it by its sequence, participants keep their seats.

    Raises NotFound, Invalid, and Conflict when it was changed since `version` or cancelled.
    """
    _may(actor, Action.ROADSHOW_MANAGE)
    show = _locked(db, actor, slug)
    if show.version != version:
        raise Conflict("这场路演刚被同事改过。回到路演页看现在的内容，再决定要不要改。")
    if show.state == RoadshowState.CANCELLED:
        raise Conflict("已取消的路演不能再改。")
    found = _check(db, actor, terms)
    if (held := queries.taken(db, actor, show.id)) > terms.capacity:
        raise Invalid(fields={"capacity": f"已有 {held} 人报名，名额不能少于 {held}。"})
    moved = (show.starts, show.ends) != (terms.starts, terms.ends)
    for name, value in _columns(terms).items():
        setattr(show, name, value)
    _address(db, show, terms, found)
    _saved(db, show)
    if moved:
        _move_ring(db, show)
    record(db, "roadshow.changed", actor=actor, owner=None, about={"roadshow": show.ref, "sequence": show.sequence})
    return show


def move_roadshow(db: Session, actor: Actor, slug: str, to: RoadshowState) -> Roadshow:
    """Open, close or cancel a roadshow. Raises NotFound, Conflict for a step that is not open, Expired once it has begun."""
    _may(actor, Action.ROADSHOW_MANAGE)
    show = _locked(db, actor, slug)
    if to not in STEPS[RoadshowState(show.state)]:
        raise Conflict(f"这场路演现在是“{STATES[RoadshowState(show.state)][1]}”，不能再做这一步。")
    if to is RoadshowState.OPEN and show.registration_until <= now():
        raise Expired("报名截止时间已过。先改截止时间，再开放报名。")
    show.state = to.value
    _saved(db, show)
    if to is RoadshowState.CANCELLED:
        for organisation_id in _registered(db, show):
            leave_ring(db, ring(show), organisation_id)
    record(db, RECORDED[to], actor=actor, owner=None, about={"roadshow": show.ref, "sequence": show.sequence})
    return show


def ring(show: Roadshow) -> str:
    """The word of the ring that the participants' organisations form while the roadshow lasts."""
    return f"event:{show.ref}"


def _locked(db: Session, actor: Actor, slug: str) -> Roadshow:
    found = queries.roadshow(db, actor, slug)
    statement = select(Roadshow).where(Roadshow.id == found.id).with_for_update()
    return db.scalars(statement.execution_options(populate_existing=True)).one()


def _saved(db: Session, show: Roadshow) -> None:
    if show.state != RoadshowState.DRAFT:
        show.sequence += 1
    show.version += 1
    show.updated_at = now()
    db.flush()
    emit(db, RoadshowChanged(show.id, show.state, show.sequence))


def _registered(db: Session, show: Roadshow) -> list[int]:
    live = Registration.state == RegistrationState.REGISTERED.value
    return list(db.scalars(select(Registration.organisation_id).where(Registration.roadshow_id == show.id, live).distinct()))


def _move_ring(db: Session, show: Roadshow) -> None:
    for organisation_id in _registered(db, show):
        leave_ring(db, ring(show), organisation_id)
        join_ring(db, ring(show), organisation_id, show.starts, show.ends)


def _columns(terms: RoadshowTerms) -> dict[str, object]:
    return {
        "title": terms.title.strip(), "place": terms.place.strip(), "description": terms.description.strip(),
        "starts": terms.starts, "ends": terms.ends, "registration_until": terms.registration_until, "capacity": terms.capacity,
    }  # fmt: skip


def _check(db: Session, actor: Actor, terms: RoadshowTerms) -> list[Enterprise]:
    """The enterprises that present, in order. Raises Invalid for everything that cannot be."""
    wrong = {}
    if not 1 <= len(terms.title.strip()) <= 120:
        wrong["title"] = "名称写 1 到 120 个字。"
    if not (terms.place.strip() or terms.online.strip()):
        wrong["place"] = "写地点，或写线上链接。"
    if terms.online.strip() and not terms.online.strip().startswith(("https://", "http://")):
        wrong["online"] = "线上链接以 https:// 开头。"
    if terms.ends <= terms.starts:
        wrong["ends"] = "结束要晚于开始。"
    if terms.registration_until > terms.starts:
        wrong["registration_until"] = "报名截止不能晚于开始。"
    if not 1 <= terms.capacity <= 100_000:
        wrong["capacity"] = "名额写 1 到 100,000 之间的整数。"
    if len(terms.description) > DESCRIPTION_LENGTH:
        wrong["description"] = f"说明写不超过 {DESCRIPTION_LENGTH} 个字。"
    if not terms.audience or not set(terms.audience) <= set(AUDIENCES):
        wrong["audience"] = "至少选一类对象：没有对象的路演没有人看得到。"
    found, unknown = _presenters(db, actor, terms.codes)
    if unknown:
        wrong["codes"] = f"专板里没有这个统一社会信用代码：{unknown[0][:40]}。"
    if len(found) > PRESENTERS:
        wrong["codes"] = f"一场路演最多 {PRESENTERS} 家企业。"
    if wrong:
        raise Invalid(fields=wrong)
    return found


def _presenters(db: Session, actor: Actor, codes: Sequence[str]) -> tuple[list[Enterprise], list[str]]:
    wanted = list(dict.fromkeys(codes))[: PRESENTERS + 1]
    rows = db.scalars(select(Enterprise).where(Enterprise.uscc.in_(wanted), Enterprise.member, enterprises.readable(actor)))
    known = {row.uscc: row for row in rows}
    return [known[code] for code in wanted if code in known], [code for code in wanted if code not in known]


def _address(db: Session, show: Roadshow, terms: RoadshowTerms, found: list[Enterprise]) -> None:
    """Write whom the roadshow is shown to: its audience, and the enterprises that present."""
    for table in (RoadshowReader, RoadshowEnterprise, RoadshowLink):
        db.execute(delete(table).where(table.roadshow_id == show.id))
    readers = {row.owner: True for row in found if row.owner} | dict.fromkeys(terms.audience, False)
    db.execute(insert(RoadshowReader), [
        {"roadshow_id": show.id, "principal": principal, "presenting": presenting} for principal, presenting in readers.items()
    ])  # fmt: skip
    if found:
        db.execute(insert(RoadshowEnterprise), [
            {"roadshow_id": show.id, "enterprise_id": row.id, "owner": row.owner, "position": n} for n, row in enumerate(found, 1)
        ])  # fmt: skip
    if terms.online.strip():
        db.execute(insert(RoadshowLink).values(roadshow_id=show.id, address=terms.online.strip()))


def register(db: Session, actor: Actor, slug: str) -> Registration:
    """Take a seat for the actor's person and organisation; the capacity holds however many ask at once. Clause （十）1.

    Raises NotFound for a roadshow that is not (any longer) for this actor, Conflict when it is full, cancelled, closed or the
    person holds a seat, Expired after the last moment for registering.
    """
    _may(actor, Action.ROADSHOW_REGISTER)
    show = queries.roadshow(db, actor, slug)
    _still_open(show)
    # Colleagues of one organisation join and leave its ring one after another.
    db.execute(select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update(key_share=True))
    made = _take_seat(db, actor, show)
    join_ring(db, ring(show), made.organisation_id, show.starts, show.ends)
    record(db, "registration.made", actor=actor, owner=made.principal, about={"roadshow": show.ref, "registration": made.ref})
    emit(db, RegistrationMade(show.id, made.id, made.person_id, made.organisation_id))
    return made


def _still_open(show: Roadshow) -> None:
    if show.state == RoadshowState.CANCELLED:
        raise Conflict("这场路演已取消。")
    if show.registration_until <= now():
        raise Expired("报名已截止。看看别的路演。")
    if show.state != RoadshowState.OPEN:
        raise Conflict("这场路演现在不接受报名。")


def _take_seat(db: Session, actor: Actor, show: Roadshow) -> Registration:
    values = {"ref": new_ref(), "roadshow_id": show.id, "organisation_id": actor.organisation_id,
              "person_id": actor.person_id, "principal": actor.organisation_principal, "created_at": now()}  # fmt: skip
    live = Registration.state == RegistrationState.REGISTERED.value
    statement = upsert(Registration).values(values).on_conflict_do_nothing(
        index_elements=["roadshow_id", "person_id"], index_where=live
    )  # fmt: skip
    if queries.own_seat(db, actor, show.id) is not None:
        raise Conflict("你已经报名。")
    try:
        with db.begin_nested():
            # The trigger on the table waits for its turn, counts and refuses: no seat is ever given twice.
            made = db.scalar(statement.returning(Registration))
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if name == "registration_seats":
            raise Conflict(FULL) from None
        if name == "registration_open":
            raise Expired("报名刚刚截止。") from None
        raise
    if made is None:
        raise Conflict("你已经报名，也许是用另一个机构的身份。")
    return made


def cancel_registration(db: Session, actor: Actor, slug: str) -> Registration:
    """Give the own seat back; the next one can take it at once. Raises NotFound, Conflict without a seat, Expired once begun."""
    _may(actor, Action.ROADSHOW_REGISTER)
    show = queries.roadshow(db, actor, slug)
    seat = queries.own_seat(db, actor, show.id)
    if seat is None:
        raise Conflict("你没有报名这场路演，或已经取消。")
    if show.starts <= now():
        raise Expired("路演已经开始，不能再取消。")
    db.execute(select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update(key_share=True))
    given = db.execute(
        update(Registration)
        .where(Registration.id == seat.id, Registration.state == RegistrationState.REGISTERED.value)
        .values(state=RegistrationState.CANCELLED.value, cancelled_at=now())
    ).rowcount  # type: ignore[attr-defined]
    if not given:
        raise Conflict("你没有报名这场路演，或已经取消。")
    if seat.organisation_id not in _registered(db, show):
        leave_ring(db, ring(show), seat.organisation_id)
    record(db, "registration.cancelled", actor=actor, owner=seat.principal, about={"roadshow": show.ref, "registration": seat.ref})
    emit(db, RegistrationCancelled(show.id, seat.id, seat.person_id, seat.organisation_id))
    return seat


def read_roadshow(db: Session, actor: Actor, slug: str) -> Shown:
    """A roadshow's page, recorded: it was shown to a named audience. Raises NotFound."""
    shown = queries.show(db, actor, slug)
    record_read(db, actor, owner=None, what="roadshow", items=[(shown.roadshow.ref, shown.roadshow.version)])
    return shown


def read_roadshows(db: Session, actor: Actor, *, past: bool = False, number: int = 1) -> tuple[list[Listed], Page]:
    """One page of roadshows, recorded as one answer."""
    rows, page = queries.roadshows(db, actor, past=past, number=number)
    record_read(db, actor, owner=None, what="roadshow.list", items=[(row.roadshow.ref, row.roadshow.version) for row in rows])
    return rows, page


def read_participants(db: Session, actor: Actor, slug: str) -> tuple[Roadshow, list[Participant]]:
    """Who registered, for the operator; recorded. Raises NotFound, NotAllowed."""
    show = queries.roadshow(db, actor, slug)
    rows = queries.participants(db, actor, show.id)
    # Who registered is theirs: each organisation gets a record of its own, and learns of no other.
    registered = dict.fromkeys(row.registration.principal for row in rows)
    record_reads(db, actor, what="roadshow.participants", items=[(owner, show.ref, show.version) for owner in registered])
    return show, rows


def _may(actor: Actor, action: Action) -> None:
    if not actor.may(action):
        raise NotAllowed("你现在的身份不能做这件事。换一个机构身份，或回到首页。")
