"""Questions about enterprises. Fetching and authorising are one statement: absent, malformed and hidden are one answer."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import BOARD_BY_OFFICE, KIND_NAMES, KIND_PRINCIPALS, QUALIFIED, OrgKind
from portal.accounts.models import Organisation
from portal.core.clock import today
from portal.core.errors import NotFound
from portal.enterprises.models import Carrier, Enterprise, Fact, ProfileSection, SectionKey
from portal.enterprises.policy import SECTION, editable, fact_readable, readable, section_readable
from portal.grants.queries import Holder, Why, holders, why


def _code(uscc: str) -> str:
    """What is asked of the database for a credit code in an address: nothing at all for what cannot be one."""
    return uscc if len(uscc) == 18 and uscc.isascii() and uscc.isalnum() else ""


def get_enterprise(db: Session, actor: Actor, uscc: str) -> Enterprise:
    """The enterprise with this credit code. Raises NotFound alike when it is absent, malformed or hidden from the actor."""
    found = db.scalar(select(Enterprise).where(Enterprise.uscc == _code(uscc), readable(actor)))
    if found is None:
        raise NotFound
    return found


def own_enterprise(db: Session, actor: Actor) -> Enterprise:
    """The enterprise for which the actor acts. Raises NotFound when there is none."""
    found = db.scalar(select(Enterprise).where(Enterprise.organisation_id == actor.organisation_id, editable(actor)))
    if found is None:
        raise NotFound
    return found


def own_by_code(db: Session, actor: Actor, uscc: str) -> Enterprise:
    """The actor's own enterprise if this is its code. Raises NotFound for every other code."""
    found = db.scalar(select(Enterprise).where(Enterprise.uscc == _code(uscc), editable(actor)))
    if found is None:
        raise NotFound
    return found


def facts_of(db: Session, actor: Actor, enterprise_id: int, carrier: Carrier | None = None) -> list[Fact]:
    """The newest version of each fact that the actor may read, by concept and period."""
    place = (Fact.concept, Fact.carrier, Fact.carrier_id, Fact.period_end, Fact.period_start, Fact.scope)
    query = select(Fact).where(Fact.enterprise_id == enterprise_id, fact_readable(actor))
    if carrier is not None:
        query = query.where(Fact.carrier == carrier.value)
    return list(db.scalars(query.ext(distinct_on(*place)).order_by(*place, Fact.version.desc())))


@dataclass(frozen=True)
class ReadableSection:
    """A section with the ties by which this actor may read it; no ties for the enterprise's own people."""

    section: ProfileSection
    ties: tuple[Why, ...]


def sections_of(db: Session, actor: Actor, enterprise_id: int) -> list[ReadableSection]:
    """The sections of a profile that the actor may read, in the profile's order. Two statements, however many there are."""
    rows = list(
        db.scalars(select(ProfileSection).where(ProfileSection.enterprise_id == enterprise_id, section_readable(actor)))
    )
    order = list(SectionKey)
    rows.sort(key=lambda section: order.index(SectionKey(section.key)))
    ties = why(db, actor, SECTION, [section.id for section in rows])
    return [ReadableSection(section, tuple(ties.get(section.id, ()))) for section in rows]


def own_sections(db: Session, actor: Actor, enterprise: Enterprise) -> dict[SectionKey, tuple[ProfileSection, list[Holder]]]:
    """The actor's own sections with everybody who can, or could, read them."""
    rows = db.scalars(select(ProfileSection).where(ProfileSection.enterprise_id == enterprise.id, section_readable(actor)))
    return {SectionKey(row.key): (row, holders(db, actor, SECTION, row.id)) for row in rows.all()}


def addressees(db: Session, on: date | None = None) -> list[tuple[str, str, str]]:
    """Organisations an enterprise can name as readers, as (ref, name, kind in Chinese): those that see the board today."""
    day = on or today()
    qualified = and_(Organisation.qualified_from <= day, Organisation.qualified_until >= day)
    rows = db.execute(
        select(Organisation.ref, Organisation.name, Organisation.kind)
        .where(
            or_(and_(qualified, Organisation.kind != OrgKind.ENTERPRISE.value),
                Organisation.kind.in_([kind.value for kind in BOARD_BY_OFFICE]))
        )
        .order_by(Organisation.kind, Organisation.name, Organisation.id)
    )  # fmt: skip
    return [(ref, name, KIND_NAMES[OrgKind(kind)]) for ref, name, kind in rows]


def principal_of_audience(db: Session, audience: str, organisation_ref: str) -> int | None:
    """The principal an audience stands for: `qualified`, `banks`, or `organisation` with a ref; None for anything else."""
    if audience == "qualified":
        return QUALIFIED
    if audience == "banks":
        return KIND_PRINCIPALS[OrgKind.BANK]
    if audience == "organisation" and organisation_ref in {ref for ref, _name, _kind in addressees(db)}:
        return db.scalar(select(Organisation.principal).where(Organisation.ref == organisation_ref))
    return None
