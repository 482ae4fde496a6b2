"""What the log calls products and applications, as far as this reader may read them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.evidence.naming import Named
from portal.financing import policy
from portal.financing.models import Application, CreditProduct


def products(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Name and page of each readable product among `refs`."""
    rows = db.execute(select(CreditProduct.ref, CreditProduct.name).where(CreditProduct.ref.in_(refs), policy.product_readable(actor)))
    return {ref: Named(name, f"/credit-products/{ref}") for ref, name in rows}


def applications(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Product's name and page of each application among `refs` whose party the reader is."""
    rows = db.execute(
        select(Application.ref, Application.terms["name"].astext).where(Application.ref.in_(refs), policy.application_readable(actor))
    )
    return {ref: Named(name or "贷款申请", f"/applications/{ref}") for ref, name in rows}
