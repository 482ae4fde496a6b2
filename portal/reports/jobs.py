"""The whole validation of a report, done by a worker: Arelle takes seconds and memory that no request should."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update

from portal.core.clock import now
from portal.core.context import Context
from portal.core.jobs import Job
from portal.reports.exports import Export, export
from portal.reports.facts import Report
from portal.reports.kept import discard, keep
from portal.reports.models import Check, PeriodicReport, State
from portal.reports.problems import errors
from portal.reports.queries import OPEN, assemble
from portal.reports.services import CHECK
from portal.reports.sheets import Finding


def check(context: Context, report_id: int, version: int) -> None:
    """Validate a report as it stands at `version` and keep what that found and made; a newer version is left to its own check.

    StoreUnavailable lets the queue try again. It decides nothing for a reader, so it reads as portal_system.
    """
    taken = _take(context, report_id, version)
    if taken is None:
        return
    report, name, stale = taken
    made = export(report, name)
    files = keep(context.store, made.files, report) if made.files else None
    if _settle(context, report_id, version, made, files):
        discard(context.store, stale)
    else:
        discard(context.store, files)


def _take(context: Context, report_id: int, version: int) -> tuple[Report, str, dict[str, Any] | None] | None:
    with context.database.system_session() as db:
        row = db.scalar(select(PeriodicReport).where(PeriodicReport.id == report_id))
        if row is None or row.version != version or row.state != State.DRAFT:
            return None
        report = assemble(db, row)
        return report, f"{report.text('UnifiedSocialCreditCode')}-{row.year}-annual", row.files


def _settle(context: Context, report_id: int, version: int, made: Export, files: dict[str, Any] | None) -> bool:
    """Write the outcome, unless the report has changed since it was read."""
    state = State.DRAFT if errors(made.problems) or files is None else State.CHECKED
    outcome = {
        "state": state.value, "check_state": Check.DONE.value, "checked_version": version, "checked_at": now(), "files": files,
        "problems": [asdict(Finding.of(problem)) for problem in made.problems],
    }  # fmt: skip
    unchanged = (PeriodicReport.id == report_id, PeriodicReport.version == version, PeriodicReport.state.in_(OPEN))
    with context.database.system_session() as db:
        return db.scalar(update(PeriodicReport).where(*unchanged).values(outcome).returning(PeriodicReport.id)) is not None


JOBS = (Job(CHECK, check),)
