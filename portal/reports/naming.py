"""What the log calls reports, for the enterprise that wrote them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.evidence.naming import Named
from portal.reports import policy
from portal.reports.models import PeriodicReport


def names(db: Session, actor: Actor, refs: Sequence[str]) -> Mapping[str, Named]:
    """Year and page of each of the reader's own reports among `refs`."""
    rows = db.execute(select(PeriodicReport.ref, PeriodicReport.year).where(PeriodicReport.ref.in_(refs), policy.editable(actor)))
    return {ref: Named(f"{year} 年年度报告", f"/reports/{ref}") for ref, year in rows}
