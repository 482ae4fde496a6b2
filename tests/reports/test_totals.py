from collections.abc import Callable

import pytest

from portal.reports.facts import Cell, Fact, Report, Scope
from portal.reports.problems import errors
from portal.reports.totals import check, sum_sentence

WAN = 1_000_000  # fen


def test_a_right_report_has_no_finding(report: Report):
    assert check(report) == []


def test_a_wrong_total_is_named_with_both_figures_in_wan(report: Report):
    cell = report.cell("TotalCurrentAssets")
    text = sum_sentence(cell, 24_780_80 * WAN // 100, 24_880_80 * WAN // 100)
    assert text == "流动资产合计比各项之和少 100.00 万元：各项相加是 24,880.80，这里写的是 24,780.80。"


def test_a_difference_of_one_fen_is_said_in_yuan(changed: Callable[..., Report]):
    report = changed("TotalCurrentAssets", 1)
    first = check(report)[0]
    assert first.text == "流动资产合计比各项之和多 0.01 元：各项相加是 33,234,567.88，这里写的是 33,234,567.89。"
    assert first.cells[0] == report.cell("TotalCurrentAssets")
    assert first.fact_ids[0] == "f.TotalCurrentAssets.20251231.consolidated"
    assert first.place == "合并资产负债表 2025-12-31 流动资产合计"


@pytest.mark.parametrize(
    "name, scope, told",
    [
        ("CashAndBankBalances", Scope.CONSOLIDATED, {"TotalCurrentAssets"}),
        ("TotalAssets", Scope.PARENT, {"TotalAssets"}),
        ("UndistributedProfit", Scope.PARENT, {"TotalEquity"}),
        ("OperatingCosts", Scope.CONSOLIDATED, {"OperatingProfit", "TotalOperatingCosts"}),
        ("OperatingCosts", Scope.PARENT, {"OperatingProfit"}),
        ("NetProfitAttributableToParent", Scope.CONSOLIDATED, {"NetProfit"}),
        ("CashAndCashEquivalents", Scope.CONSOLIDATED, {"CashAndCashEquivalents"}),
        ("NetIncreaseInCash", Scope.CONSOLIDATED, {"NetIncreaseInCash", "CashAndCashEquivalents"}),
    ],
)
def test_any_figure_that_breaks_a_sum_is_found_in_either_scope(changed: Callable[..., Report], name: str, scope: Scope, told: set[str]):
    found = errors(check(changed(name, 100, scope)))
    assert {problem.cells[0].concept for problem in found} >= told
    assert {problem.cells[0].scope for problem in found} == {scope}


def test_a_part_that_is_not_reported_counts_as_nothing(report: Report):
    without = tuple(fact for fact in report.facts if fact.concept != "FixedAssets")
    assert check(Report.annual(2025, without)) == []


def test_a_missing_required_line_leads_to_its_field_in_each_scope(report: Report):
    left = [fact for fact in report.facts if fact.concept not in ("IsAudited", "NetProfit") or fact.scope is Scope.CONSOLIDATED and fact.concept == "NetProfit"]
    found = errors(check(Report.annual(2025, left)))
    assert [(problem.text, problem.cells[0]) for problem in found if problem.code.startswith("required")] == [
        ("是否经过审计没有填写。", Cell("IsAudited", report.current)),
        ("母公司净利润没有填写。", Cell("NetProfit", report.current, Scope.PARENT)),
    ]


def test_a_blank_name_is_missing(report: Report):
    found = check(report.with_facts(Fact("EntityName", report.current, "  ")))
    assert [problem.text for problem in found] == ["公司中文全称没有填写。"]


def test_a_share_larger_than_its_line_is_a_warning(changed: Callable[..., Report]):
    found = check(changed("DividendsPayable", 30_000_000_00))
    assert [(problem.level, problem.text) for problem in found] == [("warning", "应付股利 3,100.00 万元大于其他应付款 300.00 万元，核对这两格。")]


def test_an_empty_report_says_what_it_needs():
    found = check(Report.annual(2025, ()))
    assert {problem.code.partition(":")[0] for problem in found} == {"required"}
    assert len(found) == 9
