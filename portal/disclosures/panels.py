"""What other pages show of disclosures: the newest on the start page, and an enterprise's own on its page.

Each is an answer that shows titles, and is recorded like a list.
"""

from typing import Protocol

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.disclosures import queries, services
from portal.web.panels import PanelView

LINES = 5


class HasId(Protocol):
    """An enterprise, as far as a panel needs it."""

    id: int


def home_panel(db: Session, actor: Actor) -> PanelView | None:
    """The items most recently given to the actor; nothing when there are none."""
    if not actor.may(Action.DISCLOSURE_READ):
        return None
    lines = queries.recent_for(db, actor, LINES)
    if not lines:
        return None
    services.record_listed(db, actor, lines)
    return PanelView("disclosures/home_panel.html", {"lines": lines})


def panel(db: Session, actor: Actor, enterprise: HasId) -> PanelView | None:
    """The items of `enterprise` given to the actor, on its page; nothing when there are none."""
    if not actor.may(Action.DISCLOSURE_READ):
        return None
    found = queries.list_readable(db, actor, enterprise=enterprise.id, n=LINES)
    if not found.items:
        return None
    services.record_listed(db, actor, found.items)
    return PanelView("disclosures/enterprise_panel.html", {"lines": found.items, "more": found.next is not None})
