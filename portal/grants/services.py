"""Verbs on grants and exclusions. Each act is checked, written and recorded in one transaction."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.accounts.models import Organisation, Principal
from portal.core.clock import now
from portal.core.errors import Conflict, Invalid, NotFound
from portal.evidence.services import record
from portal.grants.models import Exclusion, Grant


def grant(
    db: Session,
    actor: Actor,
    *,
    object_kind: str,
    object_id: int,
    enterprise_id: int,
    owner: int,
    principal: int,
    basis: Basis,
    purpose: str,
    starts: datetime | None = None,
    ends: datetime | None = None,
    about: str = "",
) -> Grant:
    """Tie `principal` to an object of the enterprise whose principal is `owner`, and record it.

    `starts` defaults to now, `ends` to no end; `about` is the object's public reference for the record. The caller has
    decided that the actor may grant; the database repeats that only the owner's people can.
    Raises Invalid without a purpose or with a period that ends before it starts.
    """
    begins = starts or now()
    if not purpose.strip():
        raise Invalid(fields={"purpose": "写明用途：没有用途就没有依据。"})
    if ends is not None and ends <= max(begins, now()):
        raise Invalid(fields={"ends": "期限要在今天之后，也要在开始之后。"})
    made = Grant(
        object_kind=object_kind, object_id=object_id, enterprise_id=enterprise_id, owner=owner, principal=principal,
        basis=Basis(basis).value, purpose=purpose.strip(), made_by=actor.person_id,
    )  # fmt: skip
    if starts is not None:  # else the transaction's own now(), by which the grant holds within it already
        made.starts = made.readable_at = starts
    if ends is not None:
        made.ends = ends
    db.add(made)
    db.flush()
    record(
        db, "grant.made", actor=actor, owner=owner,
        about={"grant": made.ref, "kind": object_kind, "object": about, "principal": word_of(db, principal),
               "basis": made.basis, "purpose": made.purpose, "starts": begins.isoformat(),
               "ends": ends.isoformat() if ends else None},
    )  # fmt: skip
    return made


def revoke(db: Session, actor: Actor, ref: str, *, about: str = "") -> Grant:
    """End a grant now: it holds from the first request after the commit, on every surface.

    Raises NotFound for a grant that is absent or another enterprise's, Conflict for one that has ended already.
    """
    found = db.scalar(select(Grant).where(Grant.ref == ref, Grant.owner == actor.organisation_principal).with_for_update())
    if found is None:
        raise NotFound
    if found.revoked_at is not None:
        raise Conflict("这项授权已经结束。")
    found.revoked_at = now()
    db.flush()
    record(db, "grant.revoked", actor=actor, owner=found.owner,
           about={"grant": found.ref, "kind": found.object_kind, "object": about})  # fmt: skip
    return found


def revoke_object(db: Session, actor: Actor, object_kind: str, object_id: int, *, owner: int, about: str = "") -> int:
    """End every live grant of one object (a withdrawal, a decided application); returns how many ended."""
    ended = db.execute(
        update(Grant)
        .where(Grant.object_kind == object_kind, Grant.object_id == object_id, Grant.owner == owner, Grant.revoked_at.is_(None))
        .values(revoked_at=func.now())
    ).rowcount  # type: ignore[attr-defined]
    if ended:
        record(db, "grant.revoked", actor=actor, owner=owner, about={"kind": object_kind, "object": about, "ended": ended})
    return ended


def exclude(db: Session, actor: Actor, *, enterprise_id: int, organisation_ref: str) -> Exclusion:
    """Hide the actor's enterprise from an organisation: outranks every basis but `own` and `rule`, from the next request.

    Raises NotFound for an unknown organisation, Conflict when it is excluded already.
    """
    organisation = db.scalar(select(Organisation).where(Organisation.ref == organisation_ref))
    owner = actor.organisation_principal
    if organisation is None or owner is None or organisation.principal == owner:
        raise NotFound
    there = select(Exclusion.id).where(
        Exclusion.enterprise_id == enterprise_id, Exclusion.principal == organisation.principal, Exclusion.ended_at.is_(None)
    )
    if db.scalar(there) is not None:
        raise Conflict("已经对这家机构隐藏。")
    made = Exclusion(
        enterprise_id=enterprise_id, owner=owner, organisation_id=organisation.id, principal=organisation.principal
    )
    db.add(made)
    db.flush()
    record(db, "exclusion.made", actor=actor, owner=owner, about={"organisation": organisation.ref})
    return made


def include_again(db: Session, actor: Actor, organisation_ref: str) -> None:
    """End an exclusion: grants that still live hold again. Raises NotFound when that organisation is not excluded."""
    found = db.scalar(
        select(Exclusion)
        .join(Organisation, Organisation.id == Exclusion.organisation_id)
        .where(Organisation.ref == organisation_ref, Exclusion.owner == actor.organisation_principal, Exclusion.ended_at.is_(None))
    )
    if found is None:
        raise NotFound
    found.ended_at = now()
    db.flush()
    record(db, "exclusion.ended", actor=actor, owner=found.owner, about={"organisation": organisation_ref})


def word_of(db: Session, principal: int) -> str:
    """The word a principal stands for."""
    return db.scalar(select(Principal.word).where(Principal.id == principal)) or str(principal)
