"""A board with two enterprises, a fund, a bank, the operator and a bureau, and the ways a report goes from draft to filed."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select, text, update

from portal.access.actor import Actor
from portal.access.principals import BOARD, OPERATOR, OrgKind
from portal.config import Settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.core.db import Database
from portal.core.worker import run_pending
from portal.enterprises.models import Enterprise
from portal.evidence.views import bp as evidence
from portal.oversight.views import bp as oversight
from portal.reports import queries, services
from portal.reports.facts import Cell, Fact, Period, Value
from portal.reports.jobs import JOBS
from portal.reports.models import Filing, PeriodicReport
from portal.reports.views import bp as reports
from tests.financing.stage import Stage, build

Values = dict[Cell, Value | None]


@dataclass
class Filer(Stage):
    """The stage of reports."""

    context: Context = field(kw_only=True)

    def enterprise(self, name: str, **standing: Any) -> Actor:
        """As on every stage, with a credit code whose places have the form of GB 32100, which the taxonomy asks for."""
        actor = super().enterprise(name, **standing)
        row = self.enterprises[name]
        with self.database.session((OPERATOR, BOARD)) as db:
            db.execute(update(Enterprise).where(Enterprise.id == row.id).values(uscc=f"91{row.id + 100_000:06d}{'MA1K35X73P'}"))
            db.commit()
            self.enterprises[name] = db.scalars(select(Enterprise).where(Enterprise.id == row.id)).one()
        return actor

    def begin(self, facts: list[Fact] = [], *, year: int = 2025, name: str = "firm") -> PeriodicReport:
        """A draft of `firm` (or `name`) with these facts."""
        return self.do(name, services.begin_report, year, facts)

    def work(self) -> None:
        """Run what is on the queue, as a worker would."""
        run_pending(self.context, JOBS)

    def checked(self, facts: list[Fact], *, year: int = 2025, name: str = "firm") -> PeriodicReport:
        report = self.begin(facts, year=year, name=name)
        self.do(name, services.ask_check, report.ref)
        self.work()
        return self.again(report, name)

    def filed(self, facts: list[Fact], *, year: int = 2025, name: str = "firm") -> tuple[PeriodicReport, Filing]:
        report = self.checked(facts, year=year, name=name)
        assert report.state == "checked", report.problems
        return report, self.do(name, services.file_report, self.context.store, report.ref, report.version)

    def again(self, report: PeriodicReport, name: str = "firm") -> PeriodicReport:
        """The report as the database has it now."""
        return self.do(name, queries.own_report, report.ref)

    def cells(self, report: PeriodicReport, name: str = "firm") -> dict[Cell, Value]:
        return self.do(name, lambda db, actor: queries.cells_at(db, report))

    def records(self, kind: str, owner: str = "firm") -> list[dict]:
        """What the log says of this kind about `owner`, oldest first."""
        with self.database.system_session() as db:
            query = "select plaintext from portal.opening where kind = :kind and owner = :owner order by id"
            found = db.scalars(text(query), {"kind": kind, "owner": self.actors[owner].organisation_principal})
            return [opening["about"] | {"organisation": opening["actor"]["organisation"]} for opening in found]


def filer(database: Database, settings: Settings, urls: Urls) -> Filer:
    context = Context(settings=settings, urls=urls, database=database)
    app = build(database, settings, reports, oversight, evidence)
    app.extensions["portal"].store = context.store
    made = Filer(database, app, context=context)
    made.enterprise("firm")
    made.enterprise("rival")
    for name, kind in (("fund", OrgKind.FUND_MANAGER), ("bank", OrgKind.BANK), ("operator", OrgKind.OPERATOR),
                       ("bureau", OrgKind.AUTHORITY)):  # fmt: skip
        made.organisation(name, kind)
    return made


def about(year: int = 2025) -> list[Fact]:
    """What a person types about the company; name and code come from the register."""
    span = Period.year(year)
    return [Fact("ReportApprovalDate", span, date(year + 1, 4, 20)), Fact("IsAudited", span, True)]

