"""Questions about reports and filings; each answers only what the actor may read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, extract, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.errors import NotFound
from portal.core.paging import PAGE_SIZE, Page
from portal.enterprises.models import Carrier, Enterprise
from portal.enterprises.models import Fact as FactRow
from portal.enterprises.policy import fact_readable
from portal.reports.facts import Cell, Fact, Period, Report, Scope, Value
from portal.reports.figures import facts, values
from portal.reports.models import Filing, FilingState, Kind, PeriodicReport, State
from portal.reports.policy import editable, filing_readable, readable

OPEN = (State.DRAFT.value, State.CHECKED.value)
# What an enterprise's page shows of a filed report, in the order of the panel; the first of a pair that has a figure counts.
MAIN_FIGURES = (
    ("TotalOperatingRevenue", "OperatingRevenue"), ("NetProfit",), ("TotalAssets",), ("TotalLiabilities",), ("TotalEquity",),
    ("NetCashFromOperatingActivities",),
)  # fmt: skip
COLUMNS = (FactRow.concept, FactRow.period_start, FactRow.period_end, FactRow.scope, FactRow.value, FactRow.text_value)


@dataclass(frozen=True)
class Listed:
    """A report of one's own with its filing, if it has one."""

    report: PeriodicReport
    filing: Filing | None


@dataclass(frozen=True)
class Wanted:
    """What a reader of filings looks for; None leaves a condition open."""

    year: int | None = None
    state: str | None = None


@dataclass(frozen=True)
class YearFigures:
    """The main figures of one year in fen, by concept, and the filed report that states them.

    `scope` says whether they are the group's or the parent company's; `prior` that they are a later report's comparative column.
    """

    year: int
    scope: Scope
    figures: dict[str, int]
    ref: str
    version: int
    prior: bool = False


def own_reports(db: Session, actor: Actor) -> list[Listed]:
    """The reports of the actor's own enterprise, newest year first, what is being written before what is filed."""
    rows = db.execute(
        select(PeriodicReport, Filing)
        .outerjoin(Filing, Filing.report_id == PeriodicReport.id)
        .where(editable(actor))
        .order_by(PeriodicReport.year.desc(), PeriodicReport.id.desc())
    )
    return [Listed(report, filing) for report, filing in rows]


def own_report(db: Session, actor: Actor, ref: str, *, lock: bool = False) -> PeriodicReport:
    """A report of the actor's own enterprise. Raises NotFound for every other; `lock` keeps it for this transaction."""
    query = select(PeriodicReport).where(PeriodicReport.ref == ref, editable(actor))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.scalar(query)
    if found is None:
        raise NotFound
    return found


def open_report(db: Session, actor: Actor, enterprise_id: int, year: int) -> PeriodicReport | None:
    """The annual report of that year that is being written, if there is one."""
    return _one(db, actor, enterprise_id, year, OPEN)


def filed_report(db: Session, actor: Actor, enterprise_id: int, year: int) -> PeriodicReport | None:
    """The annual report of that year that is in force, if there is one."""
    return _one(db, actor, enterprise_id, year, (State.FILED.value,))


def _one(db: Session, actor: Actor, enterprise_id: int, year: int, states: tuple[str, ...]) -> PeriodicReport | None:
    return db.scalar(
        select(PeriodicReport).where(
            PeriodicReport.enterprise_id == enterprise_id, PeriodicReport.kind == Kind.ANNUAL.value, PeriodicReport.year == year,
            PeriodicReport.state.in_(states), editable(actor),
        )
    )  # fmt: skip


def filing_of(db: Session, report: PeriodicReport) -> Filing | None:
    """The filing of a report the caller was allowed to read; the database's policy decides besides."""
    return db.scalar(select(Filing).where(Filing.report_id == report.id))


def cells_at(db: Session, report: PeriodicReport, version: int | None = None) -> dict[Cell, Value]:
    """What each cell of a report held at `version` (default: now): of the cell's facts the newest up to it."""
    place = (FactRow.concept, FactRow.scope, FactRow.period_end, FactRow.period_start)
    query = select(*COLUMNS).where(FactRow.carrier == Carrier.REPORT.value, FactRow.carrier_id == report.id)
    if version is not None:
        query = query.where(FactRow.version <= version)
    return values(db.execute(query.ext(distinct_on(*place)).order_by(*place, FactRow.version.desc())))


def assemble(db: Session, report: PeriodicReport, found: dict[Cell, Value] | None = None) -> Report:
    """The report as a value: its cells (or `found` in their place) and who the enterprise is."""
    name, uscc = db.execute(select(Enterprise.name, Enterprise.uscc).where(Enterprise.id == report.enterprise_id)).one()
    return document(report.year, name, uscc, cells_at(db, report) if found is None else found)


def document(year: int, name: str, uscc: str, found: dict[Cell, Value]) -> Report:
    """An annual report from its cells; name and credit code come from the register, never from what was typed."""
    span = Period.year(year)
    return Report.annual(year, [Fact("EntityName", span, name), Fact("UnifiedSocialCreditCode", span, uscc), *facts(found)])


def filings(db: Session, actor: Actor, wanted: Wanted, number: int = 1) -> tuple[list[Filing], Page]:
    """One page of the filings the actor may know of, newest first."""
    query = _filings(actor, wanted)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = Page(min(number, Page(1, PAGE_SIZE, total).last), PAGE_SIZE, total)
    rows = db.scalars(query.order_by(Filing.filed_at.desc(), Filing.id.desc()).limit(page.size).offset(page.offset))
    return list(rows), page


def all_filings(db: Session, actor: Actor, wanted: Wanted, limit: int) -> list[Filing]:
    """The newest `limit` filings the actor may know of, for a file."""
    return list(db.scalars(_filings(actor, wanted).order_by(Filing.filed_at.desc(), Filing.id.desc()).limit(limit)))


def _filings(actor: Actor, wanted: Wanted) -> Select[tuple[Filing]]:
    query = select(Filing).where(filing_readable(actor))
    if wanted.year is not None:
        query = query.where(Filing.year == wanted.year)
    if wanted.state is not None:
        query = query.where(Filing.state == wanted.state)
    return query


@dataclass(frozen=True)
class FilingCounts:
    """How many filings an overseer may know of: in force, enterprises behind them, since the start of the month."""

    in_force: int
    enterprises: int
    this_month: int


def filing_counts(db: Session, actor: Actor, day: date) -> FilingCounts:
    """Counts over what the actor may know of; `day` is today in China."""
    china = func.timezone("Asia/Shanghai", Filing.filed_at)
    in_month = (extract("year", china) == day.year) & (extract("month", china) == day.month)
    in_force = Filing.state == FilingState.FILED.value
    counts = db.execute(
        select(
            func.count().filter(in_force), func.count(Filing.enterprise_id.distinct()).filter(in_force), func.count().filter(in_month)
        ).where(filing_readable(actor))
    ).one()
    return FilingCounts(*counts)


def filing_years(db: Session, actor: Actor) -> list[int]:
    """The years for which the actor may know of a filing, newest first."""
    return list(db.scalars(select(Filing.year).where(filing_readable(actor)).distinct().order_by(Filing.year.desc())))


def figures(db: Session, actor: Actor, enterprise_id: int) -> list[YearFigures]:
    """The main figures of an enterprise's filed reports that the actor may read, newest year first.

    The comparative column of a report stands in for a year that has no readable report of its own. The caller records the read.
    """
    rows = db.execute(
        select(PeriodicReport.ref, PeriodicReport.version.label("at"), PeriodicReport.year, PeriodicReport.id, *COLUMNS)
        .join(FactRow, FactRow.carrier_id == PeriodicReport.id)
        .where(
            PeriodicReport.enterprise_id == enterprise_id, PeriodicReport.state == State.FILED.value, readable(actor),
            FactRow.carrier == Carrier.REPORT.value, fact_readable(actor),
            FactRow.concept.in_([name for names in MAIN_FIGURES for name in names]),
        )
        .ext(distinct_on(PeriodicReport.year, PeriodicReport.id, FactRow.concept, FactRow.scope, FactRow.period_end, FactRow.period_start))
        .order_by(
            PeriodicReport.year.desc(), PeriodicReport.id, FactRow.concept, FactRow.scope, FactRow.period_end, FactRow.period_start,
            FactRow.version.desc(),
        )
    )  # fmt: skip
    by_report: dict[tuple[int, str, int], list[Row[Any]]] = {}
    for row in rows:
        by_report.setdefault((row.year, row.ref, row.at), []).append(row)
    found: dict[int, YearFigures] = {}
    for (year, ref, version), cells in by_report.items():
        read = values(cells)
        found[year] = _year(read, year, ref, version, prior=False)
    for (year, ref, version), cells in by_report.items():
        before = _year(values(cells), year - 1, ref, version, prior=True)
        if before.figures and year - 1 not in found:
            found[year - 1] = before
    return [found[year] for year in sorted(found, reverse=True)]


def _year(read: dict[Cell, Value], year: int, ref: str, version: int, *, prior: bool) -> YearFigures:
    span = Period.year(year)
    for scope in Scope:
        of_scope = {cell.concept: int(value) for cell, value in read.items()
                    if cell.scope is scope and cell.period in (span, span.close)}  # fmt: skip
        chosen = [next((name for name in names if name in of_scope), None) for names in MAIN_FIGURES]
        if any(chosen):
            return YearFigures(year, scope, {name: of_scope[name] for name in chosen if name}, ref, version, prior)
    return YearFigures(year, Scope.CONSOLIDATED, {}, ref, version, prior)
