"""A small fictional report that needs no file, and the real statements where the data folder is at hand."""

import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from portal.reports.facts import Fact, Period, Report, Scope

STATEMENTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "filings" / "full_statements.csv"
YEAR, BEFORE = Period.year(2025), Period.year(2024)
FICTIONAL_CODE = "91310000MA1K35X73P"

# in fen; totals are written out, so that a wrong rule cannot agree with itself
BALANCE = {
    "CashAndBankBalances": 8_123_456_78, "AccountsReceivable": 15_234_567_89, "Inventories": 9_876_543_21, "TotalCurrentAssets": 33_234_567_88,
    "FixedAssets": 22_334_455_66, "TotalNonCurrentAssets": 22_334_455_66, "TotalAssets": 55_569_023_54, "ShortTermBorrowings": 10_000_000_00,
    "OtherPayables": 3_000_000_00, "DividendsPayable": 1_000_000_00, "TotalCurrentLiabilities": 13_000_000_00, "LongTermBorrowings": 5_000_000_00,
    "TotalNonCurrentLiabilities": 5_000_000_00, "TotalLiabilities": 18_000_000_00, "ShareCapital": 20_000_000_00, "TreasuryShares": 1_000_000_00,
    "UndistributedProfit": 17_769_023_54, "EquityAttributableToParent": 36_769_023_54, "NonControllingInterests": 800_000_00,
    "TotalEquity": 37_569_023_54, "TotalLiabilitiesAndEquity": 55_569_023_54,
}  # fmt: skip
INCOME = {
    "TotalOperatingRevenue": 56_789_012_34, "OperatingRevenue": 56_789_012_34, "TotalOperatingCosts": 45_000_000_00, "OperatingCosts": 46_000_000_00,
    "FinanceExpenses": -1_000_000_00, "InvestmentIncome": -89_012_34, "OperatingProfit": 11_700_000_00, "NonOperatingExpenses": 100_000_00,
    "TotalProfit": 11_600_000_00, "IncomeTaxExpense": 1_600_000_00, "NetProfit": 10_000_000_00, "NetProfitAttributableToParent": 9_900_000_00,
    "NetProfitAttributableToNonControllingInterests": 100_000_00, "TotalComprehensiveIncome": 10_000_000_00, "BasicEarningsPerShare": 4950,
}  # fmt: skip
CASH = {
    "CashFromSales": 60_000_000_00, "OperatingCashInflows": 60_000_000_00, "CashPaidForPurchases": 57_000_000_00, "OperatingCashOutflows": 57_000_000_00,
    "NetCashFromOperatingActivities": 3_000_000_00, "ExchangeRateEffectOnCash": -500_00, "NetIncreaseInCash": 2_999_500_00,
}  # fmt: skip


def fictional_facts() -> list[Fact]:
    facts = [Fact(name, YEAR.close, value) for name, value in BALANCE.items()]
    facts += [Fact(name, BEFORE.close, value) for name, value in BALANCE.items()]
    facts += [Fact(name, YEAR.close, value, Scope.PARENT) for name, value in BALANCE.items() if name not in ("NonControllingInterests", "EquityAttributableToParent")]
    parent = Fact("UndistributedProfit", YEAR.close, BALANCE["UndistributedProfit"] + BALANCE["NonControllingInterests"], Scope.PARENT)
    facts = [parent if fact.cell == parent.cell else fact for fact in facts]
    facts += [Fact(name, span, value) for span in (YEAR, BEFORE) for name, value in (INCOME | CASH).items()]
    own = [name for name in INCOME if not name.startswith(("Total", "NetProfitA", "Basic"))] + ["TotalProfit"]
    facts += [Fact(name, YEAR, INCOME[name], Scope.PARENT) for name in own]
    cash = (1_000_000_00, 3_999_500_00, 6_999_000_00)
    spots = (BEFORE.opening, BEFORE.close, YEAR.close)
    return facts + [Fact("CashAndCashEquivalents", spot, value) for spot, value in zip(spots, cash)]


def profile(year: Period, name: str = "示例精密制造股份有限公司", code: str = FICTIONAL_CODE) -> list[Fact]:
    return [
        Fact("EntityName", year, name), Fact("UnifiedSocialCreditCode", year, code),
        Fact("ReportApprovalDate", year, date(year.end.year + 1, 4, 20)), Fact("IsAudited", year, True),
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch):
    """Any attempt to reach the network fails the test, even when the code under test swallows the error."""
    attempts: list[object] = []

    def refuse(*arguments: object, **_named: object) -> None:
        attempts.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert attempts == []


@pytest.fixture
def report() -> Report:
    """A complete, balanced, fictional annual report with narratives and both scopes."""
    texts = [
        Fact("BusinessOverviewTextBlock", YEAR, "<p>主营精密零部件的研发、生产与销售，<b>专精特新</b>企业。</p><ul><li>客户结构稳定</li></ul>"),
        Fact("MaterialEventsTextBlock", YEAR, "第一段\n第二段 < 三"),
        Fact("EmployeeCount", YEAR.close, 1236),
    ]
    return Report.annual(2025, [*profile(YEAR), *texts, *fictional_facts()])


@pytest.fixture
def changed(report: Report) -> Callable[..., Report]:
    """The fictional report with one figure of this year changed by so many fen."""

    def change(name: str, by: int, scope: Scope = Scope.CONSOLIDATED) -> Report:
        fact = report.by_cell[report.cell(name, scope=scope)]
        return report.with_facts(Fact(name, fact.period, int(fact.value) + by, scope))

    return change


@pytest.fixture(scope="session")
def statements() -> bytes:
    """The complete statements of two listed companies, public record."""
    if not STATEMENTS.exists():
        pytest.skip("the real statements (../shared/data/filings/full_statements.csv) are not on this machine")
    return STATEMENTS.read_bytes()


@pytest.fixture
def profile_of() -> Callable[..., list[Fact]]:
    return profile
