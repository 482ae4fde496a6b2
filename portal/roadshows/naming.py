"""What the log calls roadshows, as far as this reader may see them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.evidence.naming import Named
from portal.roadshows import policy
from portal.roadshows.models import Roadshow


def names(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Title and page of each roadshow among `refs` that the reader may see."""
    rows = db.execute(select(Roadshow.ref, Roadshow.title).where(Roadshow.ref.in_(refs), policy.readable(actor)))
    return {ref: Named(title, f"/roadshows/{ref}") for ref, title in rows}
