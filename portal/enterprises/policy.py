"""Who may read an enterprise, a fact, a profile section: the migration's policies as SQLAlchemy expressions."""

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, true
from sqlalchemy.orm import aliased

from portal.access.actor import Actor
from portal.enterprises.models import Carrier, Enterprise, Fact, ProfileSection
from portal.grants import policy as grants

SECTION = "section"  # object kind of grants on profile sections


def readable(actor: Actor, enterprise: type[Enterprise] = Enterprise) -> ColumnElement[bool]:
    """The enterprise's own people, and the board's readers unless the enterprise hides from them."""
    return or_(
        grants.owned(actor, enterprise.owner),  # type: ignore[arg-type]
        and_(literal(actor.sees_board), grants.not_excluded(enterprise.id)),  # type: ignore[arg-type]
    )


def fact_readable(actor: Actor) -> ColumnElement[bool]:
    """A fact is read with what carries it: register facts with the enterprise, others by the carrier's own grants."""
    enterprise = aliased(Enterprise)
    with_enterprise = exists(
        select(literal(1)).select_from(enterprise).where(enterprise.id == Fact.enterprise_id, readable(actor, enterprise))
    )
    return or_(
        grants.owned(actor, Fact.owner),  # type: ignore[arg-type]
        and_(Fact.carrier == Carrier.REGISTER.value, with_enterprise),
        grants.granted(actor, Fact.carrier, Fact.carrier_id, Fact.enterprise_id),  # type: ignore[arg-type]
    )


def section_readable(actor: Actor) -> ColumnElement[bool]:
    """The enterprise's own people, and whom it opened the section to."""
    return grants.readable(actor, SECTION, ProfileSection.id, ProfileSection.owner, ProfileSection.enterprise_id)  # type: ignore[arg-type]


def editable(actor: Actor) -> ColumnElement[bool]:
    """Only the enterprise's own people write its sections; which of them may is the role table's question."""
    return grants.owned(actor, Enterprise.owner) if actor.organisation_principal else ~true()  # type: ignore[arg-type]
