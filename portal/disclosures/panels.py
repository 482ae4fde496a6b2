"""What other pages show of disclosures: the newest on the start page, and an enterprise's own on its page.

Each is an answer that shows titles, and is recorded like a list.
"""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.disclosures import queries, services
from portal.web.format import day
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
    values = {"lines": found.items, "more": found.next is not None}
    return PanelView("disclosures/enterprise_panel.html", values, reasons=_reasons(found.items))


def _reasons(lines: Iterable[queries.Listed]) -> tuple[tuple[str, str | None, str], ...]:
    """Each tie once, with the items it opens."""
    opened: dict[tuple[str, str | None, str], list[str]] = {}
    for line in lines:
        for tie in line.reasons:
            opened.setdefault((tie.basis.value, day(tie.ends) if tie.ends else None, tie.purpose), []).append(line.title)
    return tuple((basis, until, f"“{'”“'.join(titles)}”：{purpose}。") for (basis, until, purpose), titles in opened.items())
