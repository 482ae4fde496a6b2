"""Who may read a report and who may know of a filing, as expressions; the migration says the same to the database."""

from sqlalchemy import ColumnElement, and_, any_, literal, or_

from portal.access.actor import Actor
from portal.access.principals import AUTHORITY, OPERATOR
from portal.grants.policy import granted, owned, principals
from portal.reports.models import Filing, PeriodicReport, State

REPORT = "report"  # object kind of grants on reports
PUBLISHED = (State.FILED.value, State.SUPERSEDED.value)


def readable(actor: Actor) -> ColumnElement[bool]:
    """The enterprise's own people, drafts too; once it is filed, those to whom the enterprise opened it."""
    opened = granted(actor, REPORT, PeriodicReport.id, PeriodicReport.enterprise_id)  # type: ignore[arg-type]
    return or_(owned(actor, PeriodicReport.owner), and_(PeriodicReport.state.in_(PUBLISHED), opened))  # type: ignore[arg-type]


def editable(actor: Actor) -> ColumnElement[bool]:
    """Only the enterprise's own people write and file its reports; which of them may is the role table's question."""
    return owned(actor, PeriodicReport.owner)  # type: ignore[arg-type]


def filing_readable(actor: Actor) -> ColumnElement[bool]:
    """That something was filed is known to the enterprise, to the operator's staff and to the authorities."""
    overseer = or_(*(literal(office) == any_(principals(actor)) for office in (OPERATOR, AUTHORITY)))
    return or_(owned(actor, Filing.owner), overseer)  # type: ignore[arg-type]
