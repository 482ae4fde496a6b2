"""Who reads a report and who knows of a filing: the expression, the database's policy, the pages and the panels agree."""

import argparse
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from portal.access.basis import Basis
from portal.cli import export
from portal.config import Settings
from portal.core.clock import now
from portal.core.connect import Urls
from portal.core.db import Database
from portal.core.errors import NotAllowed, NotFound
from portal.enterprises.models import Fact as FactRow
from portal.enterprises.policy import fact_readable
from portal.grants.services import grant, revoke
from portal.reports import queries, services
from portal.reports.facts import Cell, Period, Scope
from portal.reports.models import Filing, PeriodicReport
from portal.reports.panels import home_panel, panel
from portal.reports.policy import filing_readable, readable
from portal.reports.saving import merge
from tests.reports.conftest import fictional_facts
from tests.reports.filing_stage import Filer, about, filer

YEAR = Period.year(2025)
EVERYBODY = ("firm", "rival", "fund", "bank", "operator", "bureau")


@pytest.fixture
def stage(database: Database, settings: Settings, urls: Urls) -> Filer:
    return filer(database, settings, urls)


@pytest.fixture
def filed(stage: Filer) -> tuple[PeriodicReport, Filing]:
    return stage.filed([*about(), *fictional_facts()])


def opened(stage: Filer, report: PeriodicReport, to: str, **period):
    """The firm opens its report to an organisation."""
    return stage.do(
        "firm", grant, object_kind="report", object_id=report.id, enterprise_id=report.enterprise_id, owner=report.owner,
        principal=stage.actors[to].organisation_principal, basis=Basis.WILL, purpose="投前尽调", about=report.ref, **period,
    )  # fmt: skip


def seen(stage: Filer, report: PeriodicReport) -> dict[str, tuple[int, int, int]]:
    """How many rows of the report, of its facts and of its filings each actor sees, by the database and by the expression alike."""
    found = {}
    rows = (PeriodicReport.id == report.id, FactRow.carrier_id == report.id, Filing.report_id == report.id)
    for name in EVERYBODY:
        with stage.session(name) as db:
            actor = stage.actors[name]
            by_policy = [db.scalar(select(func.count()).where(row)) for row in rows]
        with stage.database.system_session() as db:
            db.execute(text("select set_config('portal.principals', :mine, true)"), {"mine": "{" + ",".join(map(str, actor.principals)) + "}"})
            rules = (readable(actor), fact_readable(actor), filing_readable(actor))
            by_rule = [db.scalar(select(func.count()).where(row, rule)) for row, rule in zip(rows, rules)]
        assert by_policy == by_rule, name
        found[name] = tuple(by_policy)
    return found


@pytest.mark.clause("十五")
def test_a_draft_is_its_enterprises_own_even_where_a_grant_stands_on_it(stage: Filer):
    draft = stage.begin(fictional_facts())
    facts = len(fictional_facts())
    assert seen(stage, draft) == {name: (1, facts, 0) if name == "firm" else (0, 0, 0) for name in EVERYBODY}
    opened(stage, draft, "fund")
    assert seen(stage, draft)["fund"][0] == 0
    assert stage.do("fund", queries.figures, draft.enterprise_id) == []


@pytest.mark.clause("十五")
def test_a_filing_is_metadata_for_operator_and_authorities_and_content_for_nobody_else(stage: Filer, filed):
    report, _filing = filed
    facts = len(fictional_facts()) + len(about())
    expected = dict.fromkeys(EVERYBODY, (0, 0, 0)) | {"firm": (1, facts, 1), "operator": (0, 0, 1), "bureau": (0, 0, 1)}
    assert seen(stage, report) == expected
    given = opened(stage, report, "fund")
    assert seen(stage, report) == expected | {"fund": (1, facts, 0)}
    stage.do("firm", revoke, given.ref)
    assert seen(stage, report) == expected
    opened(stage, report, "bank", ends=now() + timedelta(days=1))
    stage.hide("firm", "bank")
    assert seen(stage, report) == expected


def test_nobody_but_the_enterprise_opens_a_page_or_a_file_of_it(stage: Filer, filed):
    report, _filing = filed
    opened(stage, report, "fund")
    pages = ("", "/sheet", "/about", "/progress", "/xbri", "/xhtml", "/xml", "/json")
    for name, status in (("rival", 404), ("fund", 403), ("bank", 403), ("operator", 403), ("bureau", 403)):
        browser = stage.browser(name)
        assert {browser.get(f"/reports/{report.ref}{page}").status_code for page in pages} == {status}, name
        with pytest.raises(NotFound):
            stage.do(name, services.own_file, stage.context.store, report.ref, "xbri")
    rival = stage.browser("rival")
    token = rival.csrf("/reports/new")
    for verb in ("sheet", "about", "check", "file", "correct"):
        assert rival.post(f"/reports/{report.ref}/{verb}", data={"csrf_token": token, "version": "1"}).status_code == 404
    assert stage.browser("firm").get(f"/reports/{report.ref}/xbri").status_code == 200


def test_hidden_and_absent_reports_take_the_same_statements(stage: Filer, filed):
    rival = stage.browser("rival")
    counts = []
    for ref in (filed[0].ref, "0" * 16, "no-ref"):
        with stage.counted() as said:
            rival.get(f"/reports/{ref}")
        counts.append([statement.split()[0] for statement in said])
    assert counts[0] == counts[1] == counts[2]


def test_only_writers_of_the_enterprise_begin_or_file(stage: Filer):
    stage.colleague("reader", "firm", role="viewer")
    for name in ("reader", "fund", "operator"):
        with pytest.raises(NotAllowed):
            stage.do(name, services.begin_report, 2025)


def refused(stage: Filer, name: str, statement: str, **values) -> None:
    """The database refuses the statement by right, policy or trigger (42501), whatever the services would have said."""
    with stage.session(name) as db:
        with pytest.raises(ProgrammingError) as error:
            db.execute(text(statement), values)
            db.flush()
        assert error.value.orig.sqlstate == "42501", error.value


def test_the_database_lets_nothing_change_what_was_filed(stage: Filer, filed):
    report, filing = filed
    refused(stage, "firm", "update portal.report set version = 9 where id = :id", id=report.id)
    refused(stage, "firm", "update portal.report set state = 'draft', filed_at = null where id = :id", id=report.id)
    refused(stage, "firm", "update portal.filing set sha256 = repeat('0', 64) where id = :id", id=filing.id)
    refused(stage, "firm", "delete from portal.filing where id = :id", id=filing.id)
    fact = (
        "insert into portal.fact (enterprise_id, owner, concept, value, source, source_date, carrier, carrier_id, version)"
        " values (:enterprise, :owner, 'NetProfit', 1, 'x', now(), 'report', :id, 99)"
    )
    refused(stage, "firm", fact, enterprise=report.enterprise_id, owner=report.owner, id=report.id)


def test_the_database_files_only_what_the_validator_passed(stage: Filer):
    draft = stage.begin(fictional_facts())
    refused(stage, "firm", "update portal.report set state = 'checked', checked_version = version where id = :id", id=draft.id)
    refused(stage, "firm", "update portal.report set files = '{}' where id = :id", id=draft.id)
    refused(stage, "firm", "update portal.report set state = 'filed', filed_at = now() where id = :id", id=draft.id)
    made = (
        "insert into portal.filing (ref, report_id, enterprise_id, owner, name, uscc, kind, year, filed_by, sha256, size, facts, validator)"
        " values ('x', :id, :enterprise, :owner, 'n', 'u', 'annual', 2025, :person, repeat('0', 64), 1, 1, 'v')"
    )
    person = stage.actors["firm"].person_id
    refused(stage, "firm", made, id=draft.id, enterprise=draft.enterprise_id, owner=draft.owner, person=person)
    refused(stage, "rival", made, id=draft.id, enterprise=draft.enterprise_id, owner=draft.owner, person=person)


def test_figures_are_for_the_enterprise_and_whom_it_opened_the_report_to_and_each_read_is_recorded(stage: Filer, filed):
    report, _filing = filed
    firm, enterprise = stage.actors["firm"], stage.enterprises["firm"]
    [this, before] = stage.do("firm", queries.figures, report.enterprise_id)
    assert (this.year, this.prior, this.scope) == (2025, False, Scope.CONSOLIDATED)
    assert this.figures == {
        "TotalOperatingRevenue": 56_789_012_34, "NetProfit": 10_000_000_00, "TotalAssets": 55_569_023_54,
        "TotalLiabilities": 18_000_000_00, "TotalEquity": 37_569_023_54, "NetCashFromOperatingActivities": 3_000_000_00,
    }  # fmt: skip
    assert (before.year, before.prior) == (2024, True)
    for name in ("fund", "rival", "bank", "operator", "bureau"):
        assert stage.do(name, panel, enterprise) is None
    assert stage.records("read") == []
    opened(stage, report, "fund")
    view = stage.do("fund", panel, enterprise)
    assert [label for label, _figures in view.values["lines"]][:2] == ["营业收入", "净利润"]
    assert [(read["what"], read["items"], read["organisation"]) for read in stage.records("read")] == [
        ("report", [[report.ref, report.version]], stage.actors["fund"].organisation_name)
    ]
    assert stage.do("firm", panel, enterprise) is not None and len(stage.records("read")) == 1
    with stage.app.test_request_context():
        shown = stage.app.jinja_env.get_template("reports/enterprise_panel.html").render(values=view.values)
    assert "5,678.90" in shown and firm.organisation_name not in shown


def test_a_figure_of_a_correction_counts_only_once_it_is_filed(stage: Filer, filed):
    report, _filing = filed
    profit = Cell("NetProfit", YEAR)
    correction = stage.begin()
    stage.do("firm", services.save_cells, correction.ref, {profit: 1_00}, 1)
    assert stage.do("firm", queries.figures, report.enterprise_id)[0].figures["NetProfit"] == 10_000_000_00


def test_the_start_page_says_what_is_begun(stage: Filer):
    year = now().year - 1
    empty = stage.do("firm", home_panel)
    assert (empty.values["rows"], empty.values["begun"], empty.values["year"]) == ([], False, year)
    stage.begin(year=year)
    assert stage.do("firm", home_panel).values["begun"]
    assert stage.do("fund", home_panel) is None and stage.do("operator", home_panel) is None


def test_a_filed_report_leaves_by_the_command_with_a_record_and_a_draft_does_not(stage: Filer, filed, tmp_path: Path, capsys):
    report, filing = filed
    draft = stage.begin(year=2024)
    target = tmp_path / "a.xbri"
    for ref, to, words in ((draft.ref, target, "没有已报送的报告"), ("x", target, "没有已报送的报告"), (report.ref, tmp_path / "no" / "a", "没有文件夹")):
        assert export.run(argparse.Namespace(report=ref, to=to), stage.context) == 2
        assert words in capsys.readouterr().err and list(tmp_path.iterdir()) == []
    assert export.run(argparse.Namespace(report=report.ref, to=target), stage.context) == 0
    assert filing.sha256 in capsys.readouterr().out and target.stat().st_size == filing.size
    assert [(out["report"], out["sha256"]) for out in stage.records("report.exported")] == [(report.ref, filing.sha256)]
    assert export.run(argparse.Namespace(report=report.ref, to=target), stage.context) == 2
    assert "没有覆盖" in capsys.readouterr().err


CASH = Cell("CashAndBankBalances", YEAR.close)


@pytest.mark.parametrize(
    "seen, now_, typed, changes, clashes",
    [
        ({}, {}, {CASH: 5}, {CASH: 5}, {}),
        ({CASH: 5}, {CASH: 5}, {CASH: None}, {CASH: None}, {}),
        ({CASH: 5}, {CASH: 6}, {CASH: 5}, {}, {}),
        ({CASH: 5}, {CASH: 6}, {CASH: 6}, {}, {}),
        ({CASH: 5}, {CASH: 6}, {CASH: 7}, {}, {CASH: 6}),
        ({CASH: 5}, {}, {CASH: 7}, {}, {CASH: None}),
        ({CASH: 5}, {CASH: 5}, {}, {}, {}),
    ],
)
def test_of_three_versions_of_a_cell_the_one_that_somebody_meant_is_kept(seen, now_, typed, changes, clashes):
    merged = merge(seen, now_, typed)
    assert (merged.changes, merged.clashes) == (changes, clashes)
