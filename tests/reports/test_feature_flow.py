"""An annual report from its first cell to its filing, in the browser of the enterprise."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from lxml import html
from sqlalchemy import text

from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database
from portal.core.events import registry
from portal.reports import services
from portal.reports.events import ReportFiled
from portal.reports.facts import Cell, Fact, Period, Scope
from portal.reports.sheets import written
from tests.pages import InspectingClient
from tests.reports.conftest import fictional_facts
from tests.reports.filing_stage import Filer, about, filer

YEAR = Period.year(2025)
ASSETS = Cell("TotalAssets", YEAR.close)


@pytest.fixture
def stage(database: Database, settings: Settings, urls: Urls) -> Filer:
    return filer(database, settings, urls)


@pytest.fixture
def firm(stage: Filer) -> InspectingClient:
    return stage.browser("firm")


def sheet(ref: str, part: str = "BS", scope: str = "consolidated") -> str:
    return f"/reports/{ref}/sheet?part={part}&scope={scope}"


def typed(facts: list[Fact], statement: str, scope: Scope) -> dict[str, str]:
    chosen = [fact for fact in facts if fact.row.statement == statement and fact.scope is scope]
    return {fact.id: written(fact.cell, fact.value) for fact in chosen}


def enter(browser: InspectingClient, ref: str, facts: list[Fact]) -> None:
    """Type a whole report in, sheet by sheet, as a person does."""
    for scope in Scope:
        for part in ("BS", "IS", "CF"):
            address = sheet(ref, part, scope.value)
            assert browser.post(address, data=browser.form(address, **typed(facts, part, scope))).status_code == 302
    filled = {"f.ReportApprovalDate.20250101-20251231.consolidated": "2026-04-20", "f.IsAudited.20250101-20251231.consolidated": "true",
              "f.BusinessOverviewTextBlock.20250101-20251231.consolidated": "主营精密零部件。\n\n客户稳定。"}  # fmt: skip
    address = f"/reports/{ref}/about"
    assert browser.post(address, data=browser.form(address, **filled)).status_code == 302


def begun(browser: InspectingClient, year: int = 2025) -> str:
    answer = browser.post("/reports/new", data=browser.form("/reports/new", year=str(year)))
    assert answer.status_code == 302, answer.get_data(as_text=True)[:3000]
    return answer.location.rpartition("/")[2]


def press(browser: InspectingClient, ref: str, verb: str) -> int:
    """Press the button of the report's page whose form goes to `verb`."""
    page = html.document_fromstring(browser.get(f"/reports/{ref}").get_data(as_text=True))
    [form] = page.xpath(f"//main//form[@action='/reports/{ref}/{verb}']")
    return browser.post(f"/reports/{ref}/{verb}", data=dict(form.form_values())).status_code


@pytest.mark.clause("十五")
def test_a_typed_report_is_checked_filed_and_downloaded(stage: Filer, firm: InspectingClient):
    told: list[ReportFiled] = []
    registry.connect(ReportFiled, lambda db, event: told.append(event))
    assert "还没有报告" in firm.get("/reports").get_data(as_text=True)
    ref = begun(firm)
    enter(firm, ref, fictional_facts())
    assert press(firm, ref, "check") == 302
    waiting = firm.get(f"/reports/{ref}").get_data(as_text=True)
    assert "等待校验" in waiting and 'hx-trigger="every 2s"' in waiting
    assert "HX-Refresh" not in firm.get(f"/reports/{ref}/progress").headers
    stage.work()
    assert firm.get(f"/reports/{ref}/progress").headers["HX-Refresh"] == "true"
    assert "已通过校验" in firm.get(f"/reports/{ref}").get_data(as_text=True)
    assert press(firm, ref, "file") == 302
    page = firm.get(f"/reports/{ref}").get_data(as_text=True)
    package = firm.get(f"/reports/{ref}/xbri").data
    digest = hashlib.sha256(package).hexdigest()
    assert "已报送" in page and digest in page
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert any(name.endswith(".xhtml") for name in archive.namelist())
    figures = json.loads(firm.get(f"/reports/{ref}/json").data)["facts"]
    assert figures[ASSETS.id]["value"] == "55569023.54"
    assert stage.enterprises["firm"].uscc in firm.get(f"/reports/{ref}/xml").get_data(as_text=True)
    [filed] = stage.records("report.filed")
    assert filed["sha256"] == digest and filed["report"] == ref
    assert [(event.year, event.corrects) for event in told] == [(2025, False)]


def test_the_page_of_a_report_may_bring_its_style_and_do_nothing_else(stage: Filer, firm: InspectingClient):
    report = stage.checked([*about(), *fictional_facts()])
    answer = firm.get(f"/reports/{report.ref}/xhtml")
    assert answer.mimetype == "application/xhtml+xml"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "style-src 'unsafe-inline'" in policy and policy.endswith("sandbox")
    assert "unsafe-inline" not in firm.get("/reports").headers["Content-Security-Policy"]


def test_a_broken_total_is_saved_as_a_draft_named_and_mended_by_its_button(stage: Filer, firm: InspectingClient):
    report = stage.begin([*about(), *fictional_facts()])
    address = sheet(report.ref)
    answer = firm.post(address, data=firm.form(address, **{ASSETS.id: "55,569,123.54"}))
    assert answer.status_code == 302
    page = html.document_fromstring(firm.get(address).get_data(as_text=True))
    [cell] = page.xpath("//input[@id=$id]", id=ASSETS.id)
    assert cell.get("aria-invalid") == "true" and cell.getparent().get("class") == "bad" and cell.get("value") == "55,569,123.54"
    said = "".join(page.xpath("//*[@id=$id]//text()", id=cell.get("aria-describedby").split()[0]))
    assert said == "资产总计比各项之和多 100.00 元：各项相加是 55,569,023.54，这里写的是 55,569,123.54。"
    assert "还有" in page.text_content() and "不能报送" in page.text_content()
    [fix] = page.xpath("//button[@name='fix' and @value=$id]", id=ASSETS.id)
    assert "".join(fix.itertext()) == "改为 55,569,023.54"
    assert firm.post(address, data=firm.form(address, fix=fix.get("value"))).status_code == 302
    assert stage.cells(report)[ASSETS] == 55_569_023_54
    assert "快检没有发现问题" in firm.get(address).get_data(as_text=True)


def test_a_broken_total_is_refused_by_the_check_with_its_cell_and_nothing_is_half_written(stage: Filer, firm: InspectingClient):
    facts = [*about(), *fictional_facts()]
    wrong = [Fact(fact.concept, fact.period, fact.value + 1_00, fact.scope) if fact.cell == ASSETS else fact for fact in facts]
    report = stage.checked(wrong)
    assert (report.state, report.check_state, report.files) == ("draft", "done", None)
    assert [found["cells"][0] for found in report.problems if found["level"] == "error"] == [ASSETS.id, ASSETS.id]
    page = firm.get(f"/reports/{report.ref}").get_data(as_text=True)
    assert f"/reports/{report.ref}/sheet?part=BS&amp;scope=consolidated#{ASSETS.id}" in page and "没有通过" in page
    assert "/file" not in page and firm.get(f"/reports/{report.ref}/xbri").status_code == 404
    data = {"version": str(report.version), "csrf_token": firm.csrf(f"/reports/{report.ref}")}
    assert firm.post(f"/reports/{report.ref}/file", data=data).status_code == 409
    with stage.session("firm") as db:
        assert db.scalar(text("select count(*) from portal.filing where report_id = :id"), {"id": report.id}) == 0
    assert stage.records("report.filed") == []


def test_a_change_after_the_check_asks_for_a_new_one(stage: Filer, firm: InspectingClient):
    report = stage.checked([*about(), *fictional_facts()])
    stage.do("firm", services.save_cells, report.ref, {Cell("EmployeeCount", YEAR.close): 88}, report.version)
    data = {"version": str(report.version), "csrf_token": firm.csrf(f"/reports/{report.ref}")}
    answer = firm.post(f"/reports/{report.ref}/file", data=data)
    assert answer.status_code == 409 and "校验之后报告又改过" in answer.get_data(as_text=True)
    assert firm.get(f"/reports/{report.ref}/xbri").status_code == 404
    assert stage.again(report).state == "draft"


def test_what_is_no_amount_is_refused_at_its_cell_and_nothing_typed_is_lost(stage: Filer, firm: InspectingClient):
    report = stage.begin()
    address = sheet(report.ref)
    cash = Cell("CashAndBankBalances", YEAR.close)
    answer = firm.post(address, data=firm.form(address, **{ASSETS.id: "十二万", cash.id: "12,000.5"}))
    assert answer.status_code == 422
    page = html.document_fromstring(answer.get_data(as_text=True))
    assert page.xpath("//input[@id=$id]/@value", id=ASSETS.id) == ["十二万"]
    assert page.xpath("//input[@id=$id]/@value", id=cash.id) == ["12,000.5"]
    assert "“十二万”不是数字" in page.text_content() and stage.cells(report) == {}


def test_an_emptied_cell_is_empty_and_a_zero_is_a_zero(stage: Filer, firm: InspectingClient):
    report = stage.begin(fictional_facts())
    address, cash = sheet(report.ref), Cell("CashAndBankBalances", YEAR.close)
    firm.post(address, data=firm.form(address, **{ASSETS.id: "", cash.id: "0"}))
    kept = stage.cells(report)
    assert ASSETS not in kept and kept[cash] == 0
    page = html.document_fromstring(firm.get(address).get_data(as_text=True))
    assert [page.get_element_by_id(cell.id).get("value") for cell in (ASSETS, cash)] == ["", "0.00"]


def test_a_sheet_may_show_only_lines_with_a_figure_and_saving_it_keeps_the_others(stage: Filer, firm: InspectingClient):
    report = stage.begin(fictional_facts())
    few = sheet(report.ref) + "&rows=filled"
    page = html.document_fromstring(firm.get(few).get_data(as_text=True))
    shown = [cell for cell in page.xpath("//table[@class='sheet']//input/@value") if cell]
    filled = [fact for fact in fictional_facts() if fact.row.statement == "BS" and fact.scope is Scope.CONSOLIDATED]
    assert len(shown) == len(filled) and not page.xpath("//th[contains(., '结算备付金')]")
    assert page.xpath("//tr[@class='sec']/th/text()") == ["流动资产", "非流动资产", "流动负债", "非流动负债", "所有者权益"]
    answer = firm.post(few, data=firm.form(few, **{ASSETS.id: "5.00"}))
    assert answer.location.endswith("rows=filled") and len(stage.cells(report)) == len(fictional_facts())
    empty = firm.get(sheet(stage.begin(year=2024).ref) + "&rows=filled").get_data(as_text=True)
    assert "合并资产总计没有填写。" in empty and "结算备付金" not in empty


def test_a_form_posted_twice_is_one_save_and_one_filing(stage: Filer, firm: InspectingClient):
    report = stage.checked([*about(), *fictional_facts()])
    address = sheet(report.ref)
    page = html.document_fromstring(firm.get(f"/reports/{report.ref}").get_data(as_text=True))
    [form] = page.xpath(f"//form[@action='/reports/{report.ref}/file']")
    data = dict(form.form_values())
    assert [firm.post(f"/reports/{report.ref}/file", data=data).status_code for _ in range(2)] == [302, 302]
    assert len(stage.records("report.filed")) == 1
    draft = stage.begin(year=2024)
    address = sheet(draft.ref)
    data = firm.form(address, **{Cell("TotalAssets", Period.year(2024).close).id: "5"})
    assert [firm.post(address, data=data).status_code for _ in range(2)] == [302, 302]
    assert stage.again(draft).version == 2


def test_two_people_at_one_sheet_lose_nothing(stage: Filer, firm: InspectingClient):
    stage.colleague("second", "firm")
    second = stage.browser("second")
    report = stage.begin(fictional_facts())
    address, cash, stock = sheet(report.ref), Cell("CashAndBankBalances", YEAR.close), Cell("Inventories", YEAR.close)
    mine, theirs = firm.form(address, **{cash.id: "1.00", stock.id: "7.00"}), second.form(address, **{cash.id: "2.00"})
    assert second.post(address, data=theirs).status_code == 302
    answer = firm.post(address, data=mine)
    assert answer.status_code == 409
    page = html.document_fromstring(answer.get_data(as_text=True))
    assert "同事刚填的是 2.00，你填的是 1.00" in page.text_content()
    assert page.xpath("//input[@id=$id]/@value", id=cash.id) == ["1.00"]
    assert page.xpath("//input[@id=$id]/@value", id=stock.id) == ["7.00"]
    assert stage.cells(report)[cash] == 2_00 and stage.cells(report)[stock] == 9_876_543_21
    [form] = page.xpath("//main//form[.//input[@name='version']]")
    assert firm.post(address, data=dict(form.form_values())).status_code == 302
    assert stage.cells(report)[cash] == 1_00 and stage.cells(report)[stock] == 7_00


def test_different_cells_of_two_people_are_both_kept(stage: Filer, firm: InspectingClient):
    stage.colleague("second", "firm")
    second = stage.browser("second")
    report = stage.begin(fictional_facts())
    address, cash, stock = sheet(report.ref), Cell("CashAndBankBalances", YEAR.close), Cell("Inventories", YEAR.close)
    mine, theirs = firm.form(address, **{stock.id: "7.00"}), second.form(address, **{cash.id: "2.00"})
    assert [second.post(address, data=theirs).status_code, firm.post(address, data=mine).status_code] == [302, 302]
    assert (stage.cells(report)[cash], stage.cells(report)[stock]) == (2_00, 7_00)


def test_a_filed_report_is_corrected_by_a_second_one_that_takes_its_place(stage: Filer, firm: InspectingClient):
    report, filing = stage.filed([*about(), *fictional_facts()])
    assert "<input id=\"f." not in firm.get(sheet(report.ref)).get_data(as_text=True)
    address = sheet(report.ref)
    assert firm.post(address, data={"csrf_token": firm.csrf("/reports/new"), ASSETS.id: "1", "version": "1"}).status_code == 409
    assert press(firm, report.ref, "correct") == 302
    listed = html.document_fromstring(firm.get("/reports").get_data(as_text=True))
    hrefs = listed.xpath("//main//th/a/@href")
    correction = next(href for href in hrefs if report.ref not in href).rpartition("/")[2]
    assert stage.again(report).state == "filed"
    stage.do("firm", services.save_cells, correction, {Cell("EmployeeCount", YEAR.close): 99}, 1)
    assert press(firm, correction, "check") == 302
    stage.work()
    assert press(firm, correction, "file") == 302
    assert stage.again(report).state == "superseded"
    with stage.session("firm") as db:
        states = db.execute(text("select ref, state from portal.filing where owner = :owner order by id"),
                            {"owner": stage.actors["firm"].organisation_principal}).all()  # fmt: skip
    assert [state for _ref, state in states] == ["superseded", "filed"] and states[0][0] == filing.ref


@pytest.mark.clause("十五")
@pytest.mark.parametrize("year, code, cells", [(2019, "002099", 396)])
def test_real_statements_are_loaded_checked_and_filed(
    stage: Filer, firm: InspectingClient, statements: bytes, year: int, code: str, cells: int
):
    data = firm.form("/reports/new", year=str(year))
    data["file"] = (io.BytesIO(statements), "full_statements.csv")
    answer = firm.post("/reports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302
    ref = answer.location.rpartition("/")[2]
    assert f"从文件读入 {cells} 个数" in firm.get(answer.location).get_data(as_text=True)
    address = f"/reports/{ref}/about"
    filled = {"f.ReportApprovalDate.20190101-20191231.consolidated": "2020-04-20", "f.IsAudited.20190101-20191231.consolidated": "true"}
    assert firm.post(address, data=firm.form(address, **filled)).status_code == 302
    assert press(firm, ref, "check") == 302
    stage.work()
    assert press(firm, ref, "file") == 302
    assert len(json.loads(firm.get(f"/reports/{ref}/json").data)["facts"]) == cells + 5


HEADER = "stock_code,company,year,statement,scope,item,current,prior\n"


@pytest.mark.parametrize(
    "rows, words",
    [
        ("1,甲,2025,BS,consolidated,货币资金,十万,1\n", "第 2 行，current 列，货币资金"),
        ("1,甲,2025,BS,consolidated,没有这一项,5,1\n", "第 2 行，item 列，没有这一项"),
        ("1,甲,2024,BS,consolidated,货币资金,5,1\n", "文件里没有 2025 年的报表，有的是：2024。"),
        ("1,甲,2025,BS,consolidated,货币资金,5,1\n2,乙,2025,BS,consolidated,货币资金,5,1\n", "文件里有 2 家公司的 2025 年报表"),
        ("", "year 列没有一行是四位年份"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_column_and_nothing_is_written(stage: Filer, firm: InspectingClient, rows: str, words: str):
    data = firm.form("/reports/new", year="2025")
    data["file"] = (io.BytesIO((HEADER + rows).encode()), "a.csv")
    answer = firm.post("/reports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422 and words in answer.get_data(as_text=True)
    assert "还没有报告" in firm.get("/reports").get_data(as_text=True)


def test_one_of_several_companies_in_a_file_is_chosen(stage: Filer, firm: InspectingClient):
    rows = "1,甲,2025,BS,consolidated,货币资金,5,1\n2,乙,2025,BS,consolidated,货币资金,7,1\n"
    data = firm.form("/reports/new", year="2025", company="2")
    data["file"] = (io.BytesIO((HEADER + rows).encode()), "a.csv")
    answer = firm.post("/reports/new", data=data, content_type="multipart/form-data")
    ref = answer.location.rpartition("/")[2]
    page = html.document_fromstring(firm.get(sheet(ref)).get_data(as_text=True))
    assert page.get_element_by_id(Cell("CashAndBankBalances", YEAR.close).id).get("value") == "7.00"


@pytest.mark.parametrize("year", ["1999", "2999", "abcd", ""])
def test_a_year_without_a_report_is_refused(firm: InspectingClient, year: str):
    assert firm.post("/reports/new", data=firm.form("/reports/new", year=year)).status_code == 422


def test_a_second_draft_of_a_year_is_refused(stage: Filer, firm: InspectingClient):
    stage.begin()
    answer = firm.post("/reports/new", data=firm.form("/reports/new", year="2025"))
    assert answer.status_code == 422 and "2025 年年度报告已经在填" in answer.get_data(as_text=True)


def test_what_is_typed_about_the_company_is_checked_field_by_field(stage: Filer, firm: InspectingClient):
    report = stage.begin()
    address = f"/reports/{report.ref}/about"
    ids: Callable[[str], str] = lambda name: f"f.{name}.20250101-20251231.consolidated"  # noqa: E731
    wrong = {ids("ReportApprovalDate"): "去年四月", ids("AuditFirmName"): "长" * 201, "f.EmployeeCount.20251231.consolidated": "-3"}
    answer = firm.post(address, data=firm.form(address, **wrong))
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422 and stage.cells(report) == {}
    for sentence in ("日期写成 2026-04-20 这样。", "会计师事务所名称最多 200 个字，现在 201 个。", "期末员工人数不能小于 0。"):
        assert sentence in shown


def test_a_late_queue_says_so_and_asking_twice_is_asking_once(stage: Filer, firm: InspectingClient):
    report = stage.begin([*about(), *fictional_facts()])
    for _ in range(2):
        stage.do("firm", services.ask_check, report.ref)
    with stage.database.app.connect() as connection:
        queued = "select count(*) from procrastinate.procrastinate_jobs where task_name = 'reports.check' and (args->>'report_id')::bigint = :id"
        assert connection.scalar(text(queued), {"id": report.id}) == 1
    with stage.session("firm") as db:
        db.execute(text("update portal.report set check_asked_at = now() - interval '5 minutes' where id = :id"), {"id": report.id})
        db.commit()
    assert "校验程序还没有接手" in firm.get(f"/reports/{report.ref}").get_data(as_text=True)
    assert press(firm, report.ref, "check") == 302
    stage.work()
    assert stage.again(report).state == "checked"
