"""What the log calls reports, for the enterprise that wrote them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.evidence.naming import Named
from portal.reports import policy
from portal.reports.models import Filing, PeriodicReport


def names(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Year and page of each of the reader's own reports among `refs`."""
    rows = db.execute(select(PeriodicReport.ref, PeriodicReport.year).where(PeriodicReport.ref.in_(refs), policy.editable(actor)))
    return {ref: Named(f"{year} 年年度报告", f"/reports/{ref}") for ref, year in rows}


def filings(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Enterprise and year of each filing among `refs` that the reader may know of; its page is the report or the list of filings."""
    rows = db.execute(
        select(Filing.ref, Filing.name, Filing.year, Filing.owner, PeriodicReport.ref)
        .outerjoin(PeriodicReport, PeriodicReport.id == Filing.report_id)
        .where(Filing.ref.in_(refs), policy.filing_readable(actor))
    )
    return {
        ref: Named(f"{name} {year} 年年度报告", f"/reports/{report}" if report and owner in actor.principals else "/oversight")
        for ref, name, year, owner, report in rows
    }
