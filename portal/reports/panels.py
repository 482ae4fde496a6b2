"""What the start page and the enterprise's page show of reports; wiring registers these."""

from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.core.clock import today
from portal.enterprises.models import Enterprise
from portal.reports import queries, services
from portal.reports.concepts import concepts
from portal.reports.models import State
from portal.reports.problems import SCOPE_ZH
from portal.reports.queries import MAIN_FIGURES
from portal.reports.words import STATES, report_title
from portal.web.panels import PanelView

YEARS = 4
HOME_LINES = 4


def panel(db: Session, actor: Actor, enterprise: Enterprise) -> PanelView | None:
    """The main figures of filed reports on the enterprise's page: for itself, and for those it opened a report to."""
    years = services.read_figures(db, actor, enterprise.id, enterprise.owner)[:YEARS]
    if not years:
        return None
    lines = []
    for names in MAIN_FIGURES:
        shown = [next((year.figures[name] for name in names if name in year.figures), None) for year in years]
        if any(value is not None for value in shown):
            lines.append((concepts()[names[-1]].zh, shown))
    return PanelView("reports/enterprise_panel.html", {"years": years, "lines": lines, "scope_names": SCOPE_ZH})


def home_panel(db: Session, actor: Actor) -> PanelView | None:
    """On an enterprise's start page: last year's report and what else is being written."""
    if not actor.may(Action.REPORT_WRITE) or actor.enterprise_id is None:
        return None
    rows = queries.own_reports(db, actor)
    year = today().year - 1
    begun = any(listed.report.year == year for listed in rows)
    lines = [(listed.report, report_title(listed.report), STATES[State(listed.report.state)]) for listed in rows[:HOME_LINES]]
    return PanelView("reports/home_panel.html", {"rows": lines, "year": year, "begun": begun}, side=True)
