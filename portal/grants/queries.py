"""Questions about grants: why can this reader see it, who can see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, any_, or_, select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.access.principals import KIND_NAMES, KIND_PRINCIPALS, QUALIFIED
from portal.accounts.models import Organisation, Person, Principal
from portal.core.clock import NEVER
from portal.grants.models import Exclusion, Grant
from portal.grants.policy import live, not_excluded, principals

KIND_OF = {number: KIND_NAMES[kind] for kind, number in KIND_PRINCIPALS.items()}


@dataclass(frozen=True)
class Why:
    """One tie of the actor to an object: the answer to "why can I see this?"."""

    basis: Basis
    purpose: str
    starts: datetime
    ends: datetime | None
    object_id: int


@dataclass(frozen=True)
class Holder:
    """One tie as the enterprise sees it: who holds it, on which basis, until when; `live` is false for ended ones."""

    ref: str
    audience: str
    basis: Basis
    purpose: str
    starts: datetime
    ends: datetime | None
    live: bool
    object_id: int


@dataclass(frozen=True)
class Hidden:
    """An organisation that an enterprise hides from, and since when."""

    ref: str
    name: str
    since: datetime


def _end(moment: datetime) -> datetime | None:
    return None if moment >= NEVER else moment


def why(db: Session, actor: Actor, object_kind: str, object_ids: list[int]) -> dict[int, list[Why]]:
    """Each object's live ties to the actor, strongest period first; no entry means no basis but possibly `own`."""
    rows = db.execute(
        select(Grant.object_id, Grant.basis, Grant.purpose, Grant.starts, Grant.ends)
        .where(
            Grant.object_kind == object_kind,
            Grant.object_id == any_(list(object_ids)),
            Grant.principal == any_(principals(actor)),
            live(),
            or_(Grant.basis == Basis.RULE.value, not_excluded(Grant.enterprise_id)),
        )
        .order_by(Grant.object_id, Grant.ends.desc(), Grant.id)
    )
    found: dict[int, list[Why]] = {}
    for object_id, basis, purpose, starts, ends in rows:
        found.setdefault(object_id, []).append(Why(Basis(basis), purpose, starts, _end(ends), object_id))
    return found


def holders(db: Session, actor: Actor, object_kind: str, object_id: int) -> list[Holder]:
    """Who can, or could, see one of the actor's own objects. Empty for anybody but its enterprise."""
    rows = db.execute(
        select(Grant, Principal.word, Organisation.name, Person.name, live().label("alive"))
        .join(Principal, Principal.id == Grant.principal)
        .outerjoin(Organisation, Organisation.principal == Grant.principal)
        .outerjoin(Person, Person.principal == Grant.principal)
        .where(and_(Grant.object_kind == object_kind, Grant.object_id == object_id, Grant.owner == actor.organisation_principal))
        .order_by(live().desc(), Grant.made_at, Grant.id)
    )
    return [
        Holder(g.ref, audience(g.principal, organisation or person, word), Basis(g.basis), g.purpose, g.starts, _end(g.ends),
               bool(alive), g.object_id)
        for g, word, organisation, person, alive in rows
    ]  # fmt: skip


def audience(principal: int, name: str | None, word: str = "") -> str:
    """A principal in words a person understands."""
    if name:
        return name
    if principal == QUALIFIED:
        return "全体合格投资者"
    if principal in KIND_OF:
        return f"全体{KIND_OF[principal]}"
    return word


def exclusions(db: Session, actor: Actor) -> list[Hidden]:
    """Organisations the actor's enterprise hides from, by name."""
    rows = db.execute(
        select(Organisation.ref, Organisation.name, Exclusion.made_at)
        .join(Organisation, Organisation.id == Exclusion.organisation_id)
        .where(Exclusion.owner == actor.organisation_principal, Exclusion.ended_at.is_(None))
        .order_by(Organisation.name, Exclusion.id)
    )
    return [Hidden(ref, name, since) for ref, name, since in rows]
