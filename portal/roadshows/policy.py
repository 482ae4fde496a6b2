"""Who may read roadshows, registrations and the way in; the migration says the same to the database, a test holds them equal."""

from sqlalchemy import ColumnElement, and_, any_, exists, literal, or_, select

from portal.access.actor import Actor
from portal.access.principals import OPERATOR
from portal.grants.policy import principals
from portal.roadshows.models import Registration, RegistrationState, Roadshow, RoadshowLink, RoadshowReader, RoadshowState


def staff(actor: Actor) -> ColumnElement[bool]:
    """The operator's people."""
    return literal(OPERATOR) == any_(principals(actor))


def readable(actor: Actor) -> ColumnElement[bool]:
    """Not a draft, and one of the actor's principals is among those it is shown to; the operator sees all."""
    shown = exists(
        select(literal(1))
        .select_from(RoadshowReader)
        .where(RoadshowReader.roadshow_id == Roadshow.id, RoadshowReader.principal == any_(principals(actor)))
    )
    return or_(staff(actor), and_(Roadshow.state != RoadshowState.DRAFT.value, shown))


def registration_readable(actor: Actor) -> ColumnElement[bool]:
    """The organisation that registered, and the operator; participants do not see each other."""
    return or_(Registration.principal == any_(principals(actor)), staff(actor))


def link_readable(actor: Actor) -> ColumnElement[bool]:
    """Organisations that hold a seat, and the operator."""
    seat = exists(
        select(literal(1))
        .select_from(Registration)
        .where(
            Registration.roadshow_id == RoadshowLink.roadshow_id,
            Registration.state == RegistrationState.REGISTERED.value,
            Registration.principal == any_(principals(actor)),
        )
    )
    return or_(staff(actor), seat)
