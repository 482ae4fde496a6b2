"""What financing shows on start pages; wiring registers it."""

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.evidence.services import record_reads
from portal.financing import queries
from portal.financing.amounts import fen_to_wan
from portal.financing.views import days
from portal.web.panels import PanelView


def waiting_applications(db: Session, actor: Actor) -> PanelView | None:
    """Applications that wait for an answer, for the two kinds of party; the lender's reading is recorded."""
    if not actor.may(Action.APPLICATION_READ):
        return None
    rows = queries.waiting(db, actor)
    seen = [(row.application.owner, row.application.ref, row.application.version) for row in rows if not row.mine]
    if seen:
        record_reads(db, actor, what="application.list", items=seen)
    return PanelView("financing/panel.html", {"rows": rows, "days": days, "wan": fen_to_wan})
