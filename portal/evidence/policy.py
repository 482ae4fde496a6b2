"""Who may open a record: whose information was used, and whoever acted, for the organisation they acted for."""

from sqlalchemy import ColumnElement, and_, or_

from portal.access.actor import Actor
from portal.evidence.models import Opening


def readable(actor: Actor) -> ColumnElement[bool]:
    """The expression the policy `seen` on `opening` repeats. A record without an opening can be read by nobody."""
    mine = list(actor.principals)
    return or_(
        Opening.owner.in_(mine),
        and_(Opening.actor.in_(mine), or_(Opening.organisation.is_(None), Opening.organisation.in_(mine))),
    )
