"""Verbs on reports: begin, load, save, ask for the check, file. Each locks the report, checks, writes, records and tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.core.clock import now, today
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.events import emit
from portal.core.jobs import enqueue
from portal.core.storage import Store, StoreUnavailable
from portal.enterprises.models import Carrier, Enterprise
from portal.enterprises.models import Fact as FactRow
from portal.enterprises.queries import own_enterprise
from portal.evidence.services import record, record_read, record_reads
from portal.reports import queries
from portal.reports.events import ReportFiled
from portal.reports.facts import Cell, Fact, Value
from portal.reports.figures import columns
from portal.reports.kept import VALIDATOR, Damaged, fetch
from portal.reports.models import Check, Filing, FilingState, PeriodicReport, State
from portal.reports.queries import OPEN, YearFigures
from portal.reports.saving import Kept, merge

CHECK = "reports.check"
ASK_AGAIN = timedelta(minutes=2)  # a check that nobody has begun by then may be asked for once more
FIRST_YEAR = 2000
TYPED, LOADED = "企业填报", "企业上传的报表文件"


class Clash(Conflict):
    """Somebody else filled the same cells differently; `theirs` is what stands in them now, `version` the report's."""

    def __init__(self, theirs: dict[Cell, Value | None], version: int) -> None:
        super().__init__(f"同事刚改过其中 {len(theirs)} 格，和你填的不同。两个数都列在下面，改好再保存。")
        self.theirs, self.version = theirs, version


@dataclass(frozen=True)
class Saved:
    """The report after a save and how many cells it changed."""

    report: PeriodicReport
    changed: int


def begin_report(db: Session, actor: Actor, year: int, loaded: Sequence[Fact] = ()) -> PeriodicReport:
    """Begin the annual report of `year`, empty or with `loaded` facts; where one is filed already, a correction of it.

    Raises Invalid for a year without a report, Conflict when one is being written already, NotFound without an enterprise.
    """
    _may_write(actor)
    if not FIRST_YEAR <= year <= today().year:
        raise Invalid(fields={"year": f"年度从 {FIRST_YEAR} 年到 {today().year} 年。"})
    enterprise = own_enterprise(db, actor)
    if queries.open_report(db, actor, enterprise.id, year) is not None:
        raise Conflict(f"{year} 年年度报告已经在填。从报告列表打开它。")
    filed = queries.filed_report(db, actor, enterprise.id, year)
    made = PeriodicReport(
        enterprise_id=enterprise.id, owner=enterprise.owner, year=year, corrects=filed.id if filed else None, made_by=actor.person_id
    )
    try:
        with db.begin_nested():
            db.add(made)
    except IntegrityError as error:
        raise Conflict(f"同事刚开始填 {year} 年年度报告。从报告列表打开它。") from error
    found: dict[Cell, Value | None] = dict(queries.cells_at(db, filed)) if filed else {}
    found |= {fact.cell: fact.value for fact in loaded}
    _write(db, made, found, LOADED if loaded else TYPED)
    record(db, "report.begun", actor=actor, owner=made.owner, about={"report": made.ref, "year": year, "cells": len(found)})
    return made


def save_cells(db: Session, actor: Actor, ref: str, typed: Mapping[Cell, Value | None], version: int) -> Saved:
    """Save what was typed into a sheet that showed the report at `version`. A draft may be wrong; it is checked, not refused.

    Raises Clash when somebody else filled the same cells differently since then (nothing is written), Conflict for a filed
    report, NotFound for another enterprise's.
    """
    _may_write(actor)
    report = _open(db, actor, ref)
    current = queries.cells_at(db, report)
    seen: Kept = current if version == report.version else queries.cells_at(db, report, version)
    merged = merge(seen, current, typed)
    if merged.clashes:
        raise Clash(merged.clashes, report.version)
    if merged.changes:
        report.version += 1
        report.state, report.check_state, report.updated_at = State.DRAFT.value, Check.NONE.value, now()
        db.flush()
        _write(db, report, merged.changes, TYPED)
        about = {"report": report.ref, "version": report.version, "cells": len(merged.changes)}
        record(db, "report.saved", actor=actor, owner=report.owner, about=about)
    return Saved(report, len(merged.changes))


def ask_check(db: Session, actor: Actor, ref: str) -> PeriodicReport:
    """Put the whole validation of the report as it is now on the queue. Asking twice for the same thing is asking once."""
    _may_write(actor)
    report = _open(db, actor, ref)
    asked = report.check_asked_at
    if report.check_state == Check.QUEUED and asked is not None and asked > now() - ASK_AGAIN:
        return report
    if report.state == State.CHECKED:
        return report
    report.check_state, report.check_asked_at = Check.QUEUED.value, now()
    db.flush()
    enqueue(db, CHECK, lock=f"report-{report.id}", report_id=report.id, version=report.version)
    return report


def file_report(db: Session, actor: Actor, store: Store, ref: str, version: int) -> Filing:
    """File a report that passed its check and has not changed since; an earlier filing of that year is superseded.

    What is filed is the package the check made, read back and compared by its digest. Raises Conflict when the report is not
    checked, was changed meanwhile or is filed already, StoreUnavailable when the package cannot be read.
    """
    _may_write(actor)
    report = _open(db, actor, ref)
    if report.state != State.CHECKED or report.version != version or report.checked_version != version:
        raise Conflict("校验之后报告又改过，或还没有通过校验。先做完整校验，再报送。")
    enterprise = db.scalars(select(Enterprise).where(Enterprise.id == report.enterprise_id)).one()
    kept = (report.files or {}).get("xbri")
    if kept is None or kept["name"] != enterprise.name:
        raise Conflict("企业名称在校验之后变了。重新做完整校验，再报送。")
    try:
        package = fetch(store, kept)
    except Damaged as error:
        raise Conflict("校验时生成的报告包读出来不一致，没有报送。重新做完整校验。") from error
    _supersede(db, report)
    report.state, report.filed_at, report.updated_at = State.FILED.value, now(), now()
    db.flush()
    filing = Filing(
        report_id=report.id, enterprise_id=report.enterprise_id, owner=report.owner, name=enterprise.name, uscc=enterprise.uscc,
        kind=report.kind, year=report.year, filed_at=report.filed_at, filed_by=actor.person_id, sha256=kept["sha256"],
        size=len(package), facts=kept["facts"], validator=VALIDATOR,
    )  # fmt: skip
    db.add(filing)
    db.flush()
    about = {"report": report.ref, "version": report.version, "filing": filing.ref, "year": report.year, "sha256": filing.sha256}
    record(db, "report.filed", actor=actor, owner=report.owner, about=about)
    emit(db, ReportFiled(report.id, filing.ref, report.enterprise_id, report.owner, report.year, report.corrects is not None))
    return filing


def _supersede(db: Session, report: PeriodicReport) -> None:
    of_year = (PeriodicReport.enterprise_id == report.enterprise_id, PeriodicReport.kind == report.kind,
               PeriodicReport.year == report.year, PeriodicReport.state == State.FILED.value)  # fmt: skip
    earlier = db.scalar(select(PeriodicReport.id).where(*of_year).with_for_update())
    if earlier is None:
        return
    if earlier != report.corrects:
        raise Conflict(f"{report.year} 年年度报告已经报送。要更正，从已报送的报告开始。")
    db.execute(update(PeriodicReport).where(PeriodicReport.id == earlier).values(state=State.SUPERSEDED.value, updated_at=now()))
    db.execute(update(Filing).where(Filing.report_id == earlier).values(state=FilingState.SUPERSEDED.value))


def own_file(db: Session, actor: Actor, store: Store, ref: str, form: str) -> tuple[PeriodicReport, bytes]:
    """One form of a checked or filed report, for its own enterprise; nobody else reads a package in this version.

    Raises NotFound for another enterprise's, for an unknown form, and for a draft that has changed since its check.
    """
    report = queries.own_report(db, actor, ref)
    if report.state == State.DRAFT or form not in (report.files or {}):
        raise NotFound
    try:
        return report, fetch(store, report.files[form])  # type: ignore[index]
    except Damaged as error:
        raise StoreUnavailable(str(error)) from error


def read_figures(db: Session, actor: Actor, enterprise_id: int, owner: int) -> list[YearFigures]:
    """The main figures for the enterprise's page; what another organisation was shown is recorded with the answer."""
    found = queries.figures(db, actor, enterprise_id)
    if found and owner not in actor.principals:
        record_read(db, actor, owner=owner, what="report", items=sorted({(year.ref, year.version) for year in found}))
    return found


def record_filings_read(db: Session, actor: Actor, shown: Sequence[Filing]) -> None:
    """Record that an overseer was shown these filings; one's own are no use by somebody else."""
    others = [(filing.owner, filing.ref, 1) for filing in shown if filing.owner not in actor.principals]
    record_reads(db, actor, what="filing.list", items=others)


def _may_write(actor: Actor) -> None:
    if not actor.may(Action.REPORT_WRITE):
        raise NotAllowed("报告由企业自己的经办人填写和报送。")


def _open(db: Session, actor: Actor, ref: str) -> PeriodicReport:
    report = queries.own_report(db, actor, ref, lock=True)
    if report.state not in OPEN:
        raise Conflict("这份报告已经报送，不能再改。要更正，从报告页开始一份更正。")
    return report


def _write(db: Session, report: PeriodicReport, changes: Mapping[Cell, Value | None], source: str) -> None:
    common = {
        "enterprise_id": report.enterprise_id, "owner": report.owner, "source": source, "source_date": today(),
        "version": report.version, "carrier": Carrier.REPORT.value, "carrier_id": report.id,
    }  # fmt: skip
    if changes:
        db.execute(insert(FactRow), [columns(cell, value) | common for cell, value in changes.items()])
