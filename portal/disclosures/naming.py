"""What the log calls disclosures: titles of those this reader may read today."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.disclosures import policy
from portal.disclosures.models import Disclosure, Document
from portal.evidence.naming import Named


def names(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Title and page of each readable item among `refs`."""
    rows = db.execute(select(Disclosure.ref, Disclosure.title).where(Disclosure.ref.in_(refs), policy.readable(actor)))
    return {ref: Named(title, f"/disclosures/{ref}") for ref, title in rows}


def documents(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """File name, and the page of its item, of each readable document among `refs`."""
    found = (
        select(Document.ref, Document.name, Disclosure.ref)
        .join(Disclosure, Disclosure.id == Document.disclosure_id)
        .where(Document.ref.in_(refs), policy.readable(actor))
    )
    return {ref: Named(name, f"/disclosures/{item}") for ref, name, item in db.execute(found)}
