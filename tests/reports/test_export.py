import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree
from xbrl import XBRLParser

from portal.reports import exports
from portal.reports.concepts import NAMESPACE, Concept, lines
from portal.reports.explain import explain
from portal.reports.exports import export
from portal.reports.facts import Fact, Period, Report, Scope
from portal.reports.ixbrl import render
from portal.reports.narrative import clean
from portal.reports.package import report_package
from portal.reports.statements import load
from portal.reports.validate import ROOT, Outcome, _one_at_a_time, validate

XHTML = "{http://www.w3.org/1999/xhtml}"


def expected(fact: Fact) -> object:
    if fact.row.numeric:
        return fact.amount
    if fact.row.type == "enum":
        return f"{NAMESPACE}#{fact.value}"
    if fact.row.type == "textblock":
        return "".join(etree.fromstring(f"<div>{clean(str(fact.value))}</div>").itertext())
    return {True: "true", False: "false"}.get(fact.value, str(fact.value)) if isinstance(fact.value, bool) else str(fact.value)


def told(fact: Fact, text: str) -> object:
    if fact.row.numeric:
        return Decimal(text)
    if fact.row.type == "enum":
        return text.replace("zb:", f"{NAMESPACE}#")
    if fact.row.type == "textblock":
        return "".join(etree.fromstring(f"<div>{text}</div>").itertext())
    return text


def assert_read_back(report: Report, instance: bytes, derived: bytes) -> None:
    """Every value comes back equal, by fact id, from the XBRL instance (python-xbrl) and from the xBRL-JSON."""
    soup = XBRLParser().parse(io.StringIO(instance.decode()))
    figures = json.loads(derived)["facts"]
    for fact in report.facts:
        assert told(fact, soup.find(id=fact.id).text) == expected(fact), fact.id
        assert told(fact, figures[fact.id]["value"]) == expected(fact), fact.id
        assert ("parent" in figures[fact.id]["dimensions"].get("zb:ConsolidatedAndSeparateAxis", "").lower()) == (fact.scope is Scope.PARENT)
    assert len(figures) == len(report.facts)


def outcome(report: Report, page: str | None = None, **bounds: float) -> Outcome:
    return validate(report_package((page or render(report)).encode(), "report"), report, **bounds)


def test_a_report_leaves_as_a_package_and_every_value_comes_back_equal(report: Report):
    made = export(report, "report-2025")
    assert made.problems == () and made.files is not None
    with zipfile.ZipFile(io.BytesIO(made.files.xbri)) as archive:
        assert archive.namelist() == ["report-2025/META-INF/reportPackage.json", "report-2025/reports/report-2025.xhtml"]
        assert archive.read("report-2025/reports/report-2025.xhtml") == made.files.xhtml
    assert_read_back(report, made.files.instance, made.files.json)


def test_the_same_report_gives_the_same_bytes(report: Report):
    assert report_package(render(report).encode(), "a") == report_package(render(Report.annual(2025, report.facts)).encode(), "a")


@pytest.mark.parametrize("code, year, figures", [("002099", 2019, 396), ("600201", 2020, 387)])
def test_the_real_statements_pass_offline_with_no_error_and_read_back_equal(
    statements: bytes, profile_of: Callable[..., list[Fact]], code: str, year: int, figures: int
):
    loaded = load(statements, code, year)
    assert len(loaded.facts) == figures
    report = Report.annual(year, [*profile_of(Period.year(year), loaded.of.company), *loaded.facts])
    made = export(report, f"report-{code}-{year}")
    assert [problem for problem in made.problems if problem.code != "share"] == []
    assert_read_back(report, made.files.instance, made.files.json)


def test_a_broken_total_is_refused_before_the_validator_starts(changed: Callable[..., Report], monkeypatch: pytest.MonkeyPatch):
    started: list[object] = []
    monkeypatch.setattr(exports, "validate", lambda *arguments, **_: started.append(arguments))
    report = changed("TotalCurrentAssets", -100_000_000)
    made = export(report, "broken")
    assert made.files is None and started == []
    assert made.problems[0].cells[0] == report.cell("TotalCurrentAssets")
    assert made.problems[0].text == "流动资产合计比各项之和少 1,000,000.00 元：各项相加是 33,234,567.88，这里写的是 32,234,567.88。"


def test_arelle_finds_the_same_broken_total_by_itself_and_names_the_cell(changed: Callable[..., Report]):
    report = changed("TotalLiabilities", -100, Scope.PARENT)
    found = outcome(report)
    cell = report.cell("TotalLiabilities", scope=Scope.PARENT)
    assert not found.valid
    assert [(problem.level, problem.code, problem.cells[0].concept) for problem in found.problems] == [
        ("error", "calc11e:total", "TotalLiabilities"), ("error", "calc11e:total", "TotalLiabilitiesAndEquity"), ("error", "message:ZB_BS_001", "TotalAssets"),
    ]  # fmt: skip
    assert found.problems[0].cells[0] == cell
    assert found.problems[0].text == "负债合计比各项之和少 1.00 元：各项相加是 18,000,000.00，这里写的是 17,999,999.00。"
    assert "相差 1.00 元" in found.problems[2].text


def test_a_single_fen_is_refused_although_the_standard_allows_it_as_rounding(changed: Callable[..., Report]):
    report = changed("TotalCurrentAssets", 1)
    assert [problem.code for problem in export(report, "broken").problems] == ["total", "total"]
    assert outcome(report).valid


def test_cash_that_does_not_roll_forward_is_found_by_both(changed: Callable[..., Report]):
    report = changed("CashAndCashEquivalents", 100)
    assert [problem.code for problem in export(report, "broken").problems] == ["cash"]
    assert [problem.code for problem in outcome(report).problems] == ["message:ZB_CF_001"]


def test_a_missing_required_fact_leads_to_its_field(report: Report):
    without = Report.annual(2025, [fact for fact in report.facts if fact.concept != "IsAudited"])
    cell = report.cell("IsAudited")
    assert [(problem.text, problem.cells) for problem in export(without, "broken").problems] == [("是否经过审计没有填写。", (cell,))]
    assert [(problem.text, problem.cells) for problem in outcome(without).problems] == [("是否经过审计没有填写。", (cell,))]


def test_a_credit_code_of_the_wrong_shape_is_named(report: Report):
    found = outcome(report.with_facts(Fact("UnifiedSocialCreditCode", report.current, "123")))
    assert [(problem.text, problem.cells) for problem in found.problems] == [("统一社会信用代码的值不合格式。", (report.cell("UnifiedSocialCreditCode"),))]
    with pytest.raises(ValueError, match="credit code"):
        render(Report.annual(2025, ()))


@pytest.mark.parametrize(
    "old, new, code",
    [
        (">8,123,456.78<", ">八百万<", "ix11.10.1.1:transformValueError"),
        ('unitRef="CNY"', 'unitRef="shares"', "xbrl.4.8.2:monetaryFactUnit-notMonetaryMeasure"),
        ("<h1>", '<h1><ix:nonFraction id="x" name="zb:Inventories" contextRef="i20251231" unitRef="CNY" decimals="2" format="ixt:num-dot-decimal">5</ix:nonFraction>', "arelle:duplicateFacts"),
        ("<body>", "<body><script>x</script>", "lxml.SCHEMAV_CVC_COMPLEX_TYPE_4"),
        ("zhuanban.example/taxonomy/2026-01-01/zb.xsd", "zhuanban.example/taxonomy/2099-01-01/zb.xsd", "IOerror"),
        ("</html>", "", "xmlSchema:syntax"),
    ],
)  # fmt: skip
def test_a_page_that_was_tampered_with_is_refused(report: Report, old: str, new: str, code: str):
    page = render(report)
    assert old in page
    found = outcome(report, page.replace(old, new, 1))
    assert not found.valid
    assert code in [problem.code for problem in found.problems]
    assert len(found.problems) < 6


def test_silence_is_not_success(report: Report):
    assert [problem.code for problem in explain([], report)] == ["portal:not-validated"]
    said = [{"level": "INFO", "code": "info", "text": "validated in 0.1 secs", "ids": []}]
    assert explain(said, report) == []


def test_a_validator_out_of_time_or_memory_or_busy_is_an_error(report: Report):
    assert [problem.code for problem in outcome(report, seconds=0.05).problems] == ["portal:time"]
    assert [problem.code for problem in outcome(report, megabytes=60).problems][0] in ("portal:memory", "portal:stopped")
    with _one_at_a_time:
        waiting: list[Outcome] = []
        thread = threading.Thread(target=lambda: waiting.append(outcome(report, seconds=0.1)))
        thread.start()
        thread.join()
    assert [problem.text for problem in waiting[0].problems] == ["正在校验别的报告，过一会再试。"]
    assert not waiting[0].valid


def test_the_validating_process_cannot_reach_the_network():
    program = (
        "import socket, sys\nfrom portal.reports import arelle_run\nsys.addaudithook(arelle_run.wall)\n"
        "for reach in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: socket.getaddrinfo('localhost', 80)):\n"
        "    try:\n        reach()\n    except PermissionError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["socket.getaddrinfo", "socket.getaddrinfo"]


def test_the_web_process_never_imports_arelle():
    program = "import sys\nimport portal.reports.exports, portal.reports.statements\nprint('arelle' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_hostile_narratives_and_names_leave_as_words(report: Report):
    hostile = (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><p onclick="x()">甲&a;</p><script>alert(1)</script><ul>乙<li><table><tr><td rowspan=2>丙'
        "</table></ul></div></ix:nonNumeric>\x00\x1f<blockquote><h3>丁<b>戊</h3></blockquote>]]><a href='javascript:x()'>己</a><img src=x><p><p><sub>庚<br><br>"
    )
    bad = report.with_facts(
        Fact("BusinessOverviewTextBlock", report.current, hostile), Fact("EntityName", report.current, '<b>"甲"&amp;\x00{{ 7*7 }}</b>'),
        Fact("MaterialEventsTextBlock", report.current, "&lt;script&gt;" + "长" * 50_000), Fact("NotesToStatementsTextBlock", report.current, "<script></script>"),
    )  # fmt: skip
    made = export(bad, "hostile")
    assert made.problems == ()
    page = etree.fromstring(made.files.xhtml)
    assert page.findall(f".//{XHTML}script") == [] and page.findall(f".//{XHTML}img") == [] and page.findall(f".//{XHTML}a") == []
    assert not [name for element in page.iter(f"{XHTML}*") for name in element.attrib if name.startswith("on")]
    assert page.findtext(f".//{XHTML}h1") == '<b>"甲"&amp;{{ 7*7 }}</b>'
    shown = "".join(page.itertext())
    assert all(word in shown for word in "甲乙丙丁戊己庚") and "alert" not in shown


def test_a_fact_outside_the_periods_of_the_report_is_refused_not_lost(report: Report):
    stray = Fact("Inventories", Period.year(2019).close, 1)
    made = export(report.with_facts(stray), "stray")
    assert [(problem.code, problem.cells) for problem in made.problems] == [("portal:unprinted", (stray.cell,))]


def test_a_report_with_every_line_filled_prints_and_validates():
    def value(concept: Concept) -> object:
        if concept.numeric:
            return 0
        given = {"uscc": "91310000MA1K35X73P", "enum": "AnnualReportMember", "date": date(2025, 8, 20), "boolean": False}
        return given.get(concept.type, f"{concept.zh}的内容")

    empty = Report.annual(2025, ())
    facts = []
    for concept in [concept for code in ("INFO", "TEXT", "BS", "IS", "CF") for concept in lines(code) if not concept.abstract]:
        columns = [(Scope.CONSOLIDATED, False)]
        if concept.statement in ("BS", "IS", "CF"):
            columns = [(scope, prior) for scope in Scope for prior in (False, True)]
        facts += [Fact(concept.name, empty.period_of(concept, prior), value(concept), scope) for scope, prior in columns]
    report = Report.annual(2025, facts)
    made = export(report, "full")
    assert made.problems == ()
    assert_read_back(report, made.files.instance, made.files.json)
