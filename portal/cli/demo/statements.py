"""The fictional annual statements of the demo: leaf figures typed here, every total worked out from the taxonomy's own sums."""

from datetime import date

from portal.reports.concepts import concepts, totals
from portal.reports.facts import Fact, Period, Scope

# 万元: this year, the year before.
BALANCE = {
    "CashAndBankBalances": (5_216, 3_966), "NotesReceivable": (1_840, 1_520), "AccountsReceivable": (9_862, 8_415),
    "Prepayments": (824, 760), "Inventories": (8_460, 7_935), "OtherCurrentAssets": (312, 288), "FixedAssets": (14_235, 12_870),
    "ConstructionInProgress": (1_960, 640), "IntangibleAssets": (2_164, 2_230), "DeferredTaxAssets": (182, 165),
    "ShortTermBorrowings": (6_000, 6_500), "AccountsPayable": (5_420, 4_910), "ContractLiabilities": (960, 840),
    "EmployeeBenefitsPayable": (712, 655), "TaxesPayable": (430, 388), "LongTermBorrowings": (4_600, 3_000),
    "DeferredIncome": (560, 610), "ShareCapital": (6_800, 6_800), "CapitalReserve": (4_360, 4_360), "SurplusReserve": (1_494, 1_081),
}  # fmt: skip
INCOME = {
    "OperatingRevenue": (38_420, 32_415), "OperatingCosts": (25_588, 22_042), "TaxesAndSurcharges": (236, 205),
    "SellingExpenses": (1_420, 1_265), "AdministrativeExpenses": (2_905, 2_480), "ResearchAndDevelopmentExpenses": (2_650, 2_204),
    "FinanceExpenses": (486, 512), "OtherIncome": (320, 260), "NonOperatingIncome": (46, 30), "NonOperatingExpenses": (28, 35),
    "IncomeTaxExpense": (1_347, 688),
}  # fmt: skip
CASH = {
    "CashFromSales": (40_912, 34_180), "TaxRefundsReceived": (412, 350), "CashPaidForPurchases": (26_704, 22_960),
    "CashPaidToEmployees": (5_240, 4_620), "TaxesPaid": (3_102, 2_310), "OtherOperatingCashPaid": (2_412, 1_630),
    "CashPaidForLongTermAssets": (3_310, 2_115), "CashFromBorrowings": (9_600, 7_500), "CashPaidForDebts": (8_500, 7_900),
    "CashPaidForDividendsAndInterest": (406, 398),
}  # fmt: skip
OPENING_CASH = 3_869  # 万元, at the end of the year before last
FEN = 1_000_000  # in 万元
STATEMENTS = ("BS", "IS", "CF")  # the sums of the statements themselves; the others only split a total another way


def facts(year: int) -> list[Fact]:
    """The facts of one year's report, consolidated, in fen; totals follow the calculation links, so that they hold."""
    made: list[Fact] = []
    cash = OPENING_CASH
    for column, of in ((1, year - 1), (0, year)):
        span = Period.year(of)
        figures = {name: pair[column] for group in (BALANCE, INCOME, CASH) for name, pair in group.items()}
        _add_totals(figures)
        figures["UndistributedProfit"] = figures["TotalAssets"] - figures["TotalLiabilities"] - _equity_without_profit(figures)
        _add_totals(figures)
        opening, cash = cash, cash + figures["NetIncreaseInCash"]
        made += [_fact(name, value, span) for name, value in figures.items()]
        made.append(Fact("CashAndCashEquivalents", span.close, cash * FEN, Scope.CONSOLIDATED))
        if column == 1:
            made.append(Fact("CashAndCashEquivalents", span.opening, opening * FEN, Scope.CONSOLIDATED))
    return [*made, *_about(year)]


def _fact(name: str, wan: int, span: Period) -> Fact:
    return Fact(name, span.close if concepts()[name].instant else span, wan * FEN, Scope.CONSOLIDATED)


def _add_totals(figures: dict[str, int]) -> None:
    """Work out each total that has a reported part, again and again until nothing changes."""
    for _ in range(12):
        for (total, group), parts in totals().items():
            reported = [figures[part.name] * weight for part, weight in parts if part.name in figures]
            if reported and group in STATEMENTS:
                figures[total] = sum(reported)


def _equity_without_profit(figures: dict[str, int]) -> int:
    return sum(figures[name] for name in ("ShareCapital", "CapitalReserve", "SurplusReserve"))


def _about(year: int) -> list[Fact]:
    span = Period.year(year)
    return [
        Fact("ReportApprovalDate", span, date(year + 1, 4, 22)),
        Fact("IsAudited", span, True),
        Fact("BusinessOverviewTextBlock", span, "<p>做高速主轴轴承和风电变桨轴承，供给机床和风机整机厂。</p>"),
        Fact("ManagementDiscussionTextBlock", span, "<p>本年营业收入 38,420 万元，同比增长 18.5%；变桨轴承二线开始建设。</p>"),
        Fact("AccountingPoliciesTextBlock", span, "<p>以持续经营为基础，按照企业会计准则编制。</p>"),
    ]
