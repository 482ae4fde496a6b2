"""Quick checks of a report's figures, before any XBRL: totals, identities, shares of a line, what must be there.

The sums are those of the calculation links (Calculations 1.1): a total is checked where it and at least one of its parts
are reported for the same period and scope; a part that is not reported counts as nothing.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from portal.reports.concepts import concepts, totals
from portal.reports.facts import Cell, Report, Scope, amount
from portal.reports.problems import SCOPE_ZH, Problem

WAN = Decimal(10_000)
FEN_PER_HUNDREDTH_WAN = 10_000

Values = dict[Cell, int]


def check(report: Report) -> list[Problem]:
    """Every finding of the quick checks, errors first, in the order of the statements."""
    values = {fact.cell: int(fact.value) for fact in report.facts if fact.row.numeric}
    found = [*missing(report), *_sums(values), *_balance(values), *_cash(report, values), *_shares(values)]
    return sorted(found, key=lambda problem: (problem.level != "error", _order(problem)))


def _order(problem: Problem) -> int:
    return concepts()[problem.cells[0].concept].order if problem.cells else 0


def missing(report: Report) -> list[Problem]:
    """A required line that is empty in the report's own period; figures are required in each scope that is reported."""
    present = report.by_cell
    found = []
    for concept in concepts().values():
        if not concept.required:
            continue
        scopes = (report.scopes or (Scope.CONSOLIDATED,)) if concept.numeric else (Scope.CONSOLIDATED,)
        for scope in scopes:
            cell = report.cell(concept.name, scope=scope)
            fact = present.get(cell)
            if fact is None or (isinstance(fact.value, str) and not fact.value.strip()):
                whose = SCOPE_ZH[scope] if concept.numeric else ""
                found.append(Problem("error", f"required:{concept.name}", f"{whose}{concept.zh}没有填写。", (cell,)))
    return found


def _sums(values: Values) -> Iterable[Problem]:
    for (total, _group), parts in totals().items():
        for cell in [cell for cell in values if cell.concept == total]:
            reported = [(Cell(part.name, cell.period, cell.scope), weight) for part, weight in parts]
            reported = [(at, weight) for at, weight in reported if at in values]
            added = sum(values[at] * weight for at, weight in reported)
            if reported and added != values[cell]:
                cells = (cell, *(at for at, _ in reported))
                yield Problem("error", "total", sum_sentence(cell, values[cell], added), cells)


def sum_sentence(total: Cell, written: int, added: int) -> str:
    """What a wrong total says: which, by how much, both figures; in 万元 where that loses nothing, else in 元."""
    concept = concepts()[total.concept]
    show, unit = _shower(total, (written, added))
    word = "少" if written < added else "多"
    return f"{concept.zh}比各项之和{word} {show(abs(written - added))} {unit}：各项相加是 {show(added)}，这里写的是 {show(written)}。"


def _shower(cell: Cell, values: Iterable[int]) -> tuple[Callable[[int], str], str]:
    concept = concepts()[cell.concept]
    if concept.type == "monetary" and not any(value % FEN_PER_HUNDREDTH_WAN for value in values):
        return (lambda value: _signed(amount(concept, value) / WAN, 2)), "万元"
    unit = {"monetary": "元", "pershare": "元/股", "shares": "股"}.get(concept.type, "")
    return (lambda value: _signed(amount(concept, value), concept.places)), unit


def _signed(number: Decimal, places: int) -> str:
    return f"{number:,.{places}f}".replace("-", "\N{MINUS SIGN}")


def _balance(values: Values) -> Iterable[Problem]:
    for cell, assets in values.items():
        if cell.concept != "TotalAssets":
            continue
        other = Cell("TotalLiabilitiesAndEquity", cell.period, cell.scope)
        if other not in values:
            parts = [Cell(name, cell.period, cell.scope) for name in ("TotalLiabilities", "TotalEquity")]
            if any(part not in values for part in parts):
                continue
            against, cells, words = sum(values[part] for part in parts), (cell, *parts), "负债合计加所有者权益合计"
        else:
            against, cells, words = values[other], (cell, other), "负债和所有者权益总计"
        if against != assets:
            show, unit = _shower(cell, (assets, against))
            text = f"资产总计 {show(assets)} {unit}，{words} {show(against)} {unit}，相差 {show(assets - against)} {unit}。"
            yield Problem("error", "balance", text, cells)


def _cash(report: Report, values: Values) -> Iterable[Problem]:
    for span in (report.current, report.prior):
        for scope in Scope:
            name = "CashAndCashEquivalents"
            opening, closing = Cell(name, span.opening, scope), Cell(name, span.close, scope)
            change = Cell("NetIncreaseInCash", span, scope)
            if any(cell not in values for cell in (opening, closing, change)):
                continue
            reached = values[opening] + values[change]
            if reached != values[closing]:
                show, unit = _shower(closing, (values[opening], values[change], values[closing]))
                sum_words = f"期初 {show(values[opening])} 加净增加额 {show(values[change])} 是 {show(reached)}"
                text = f"期末现金及现金等价物余额写的是 {show(values[closing])} {unit}：{sum_words}。"
                yield Problem("error", "cash", text, (closing, change, opening))


def _shares(values: Values) -> Iterable[Problem]:
    """A line marked 其中 cannot exceed the line it is a share of; only a warning, since a netted line may be smaller."""
    for cell, value in values.items():
        concept = concepts()[cell.concept]
        whole = Cell(concept.of_which, cell.period, cell.scope)
        if concept.of_which and value > values.get(whole, 0) >= 0:
            written = values.get(whole)
            show, unit = _shower(cell, (value, written or 0))
            name = concepts()[whole.concept].zh
            rest = f"，但{name}没有填写" if written is None else f"大于{name} {show(written)} {unit}"
            yield Problem("warning", "share", f"{concept.zh} {show(value)} {unit}{rest}，核对这两格。", (cell, whole))
