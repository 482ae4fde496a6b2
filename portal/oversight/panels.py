"""What the start pages of operator and authorities show of filings; wiring registers it."""

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.oversight.services import latest_filings
from portal.reports.words import FILING_STATES, KIND_NAMES
from portal.web.panels import PanelView

LINES = 6


def home_panel(db: Session, actor: Actor) -> PanelView | None:
    """The newest filings, for those who oversee them."""
    if not actor.may(Action.FILING_OVERSEE):
        return None
    values = {"rows": latest_filings(db, actor, LINES), "kinds": KIND_NAMES, "states": FILING_STATES}
    return PanelView("oversight/home_panel.html", values)
