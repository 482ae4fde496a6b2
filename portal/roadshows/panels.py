"""What roadshows show on an enterprise's page and on start pages; wiring registers it."""

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.enterprises.models import Enterprise
from portal.evidence.services import record_read
from portal.roadshows import queries
from portal.roadshows.queries import Listed
from portal.roadshows.words import STATES
from portal.web.panels import PanelView


def recent_roadshows(db: Session, actor: Actor, enterprise: Enterprise) -> PanelView | None:
    """最近路演: where this enterprise presents or presented, as far as this reader may see; nothing when there is none."""
    if not actor.may(Action.ROADSHOW_READ):
        return None
    rows = queries.of_enterprise(db, actor, enterprise.id)
    return PanelView("roadshows/of_enterprise.html", _values(db, actor, rows), side=True) if rows else None


def coming_roadshows(db: Session, actor: Actor) -> PanelView | None:
    """The next roadshows, for a start page."""
    if not actor.may(Action.ROADSHOW_READ):
        return None
    return PanelView("roadshows/coming.html", _values(db, actor, queries.coming(db, actor)))


def _values(db: Session, actor: Actor, rows: list[Listed]) -> dict[str, object]:
    if rows:
        record_read(db, actor, owner=None, what="roadshow.list", items=[(row.roadshow.ref, row.roadshow.version) for row in rows])
    return {"rows": rows, "states": STATES}
