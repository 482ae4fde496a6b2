"""A statement as a sheet to type in: its rows and cells, what was typed, what a wrong total should be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.reports.concepts import Concept, concepts, depth, lines, totals
from portal.reports.facts import Cell, Report, Scope, Value, amount
from portal.reports.problems import SCOPE_ZH, STATEMENT_ZH, Problem
from portal.reports.statements import parse_amount

PARTS = tuple(STATEMENT_ZH)
HEADS = {"BS": ("期末余额", "期初余额"), "IS": ("本期金额", "上期金额"), "CF": ("本期金额", "上期金额")}
NOTHING = {"", "-", "--", "—", "——"}


@dataclass(frozen=True)
class Row:
    """One line: a heading has no cells; `repeats` says that the second cell is typed on an earlier line."""

    label: str
    indent: int
    style: str
    cells: tuple[Cell, ...] = ()
    repeats: bool = False


def title(part: str, scope: Scope) -> str:
    return f"{SCOPE_ZH[scope]}{STATEMENT_ZH[part]}"


def rows(report: Report, part: str, scope: Scope) -> list[Row]:
    """Every line of a statement, whether it has a value or not."""
    found: list[Row] = []
    for concept in lines(part):
        indent = max(depth(concept.name) - 1, 0)
        if concept.abstract:
            found += [Row(concept.zh, indent, "sec")] if concept.parent else []
        elif concept.preferred == "startend":
            found += _balances(report, concept, scope)
        else:
            style = "tot" if concept.preferred == "total" else ""
            cells = (report.cell(concept.name, False, scope), report.cell(concept.name, True, scope))
            found.append(Row(_label(concept), 0 if style else indent, style, cells))
    return found


def _label(concept: Concept) -> str:
    return concept.lead + concept.zh + ("（元/股）" if concept.type == "pershare" else "")


def _balances(report: Report, concept: Concept, scope: Scope) -> list[Row]:
    spans = (report.current, report.prior)
    opening = tuple(Cell(concept.name, span.opening, scope) for span in spans)
    closing = tuple(Cell(concept.name, span.close, scope) for span in spans)
    # last year's closing balance is this year's opening one: it is typed once
    return [Row(f"期初{concept.zh}", 0, "", opening), Row(f"期末{concept.zh}", 0, "tot", closing, repeats=True)]


def cells(report: Report, part: str, scope: Scope) -> list[Cell]:
    """The cells that are typed on a sheet, in order."""
    return [cell for row in rows(report, part, scope) for cell in (row.cells[:1] if row.repeats else row.cells)]


def written(cell: Cell, value: Value | None) -> str:
    """A figure as it stands in an input: yuan with thousands commas, and a minus sign that other programs read."""
    if value is None:
        return ""
    concept = concepts()[cell.concept]
    text = f"{amount(concept, int(value)):,.{concept.places}f}"
    if concept.type == "pershare":
        whole, _, fraction = text.partition(".")
        return f"{whole}.{fraction[:2]}{fraction[2:].rstrip('0')}"
    return text


def typed(texts: Mapping[str, str], wanted: Iterable[Cell]) -> tuple[dict[Cell, int | None], dict[Cell, str]]:
    """What was typed into the wanted cells (by cell id), and a sentence for each that is no amount.

    An empty input, or a dash, empties its cell. A cell that was not sent at all is left out.
    """
    found: dict[Cell, int | None] = {}
    wrong: dict[Cell, str] = {}
    for cell in wanted:
        text = texts.get(cell.id)
        if text is None:
            continue
        if "".join(text.split()) in NOTHING:
            found[cell] = None
            continue
        try:
            found[cell], _ = parse_amount(text, concepts()[cell.concept])
        except ValueError as error:
            wrong[cell] = f"{error}写成 1,234.56 这样，单位是元。"
    return found, wrong


def mended(report: Report, total: Cell) -> int | None:
    """What a wrong total's parts add up to; None when it is no total, nothing is reported below it, or it is right."""
    values = {fact.cell: int(fact.value) for fact in report.facts if fact.row.numeric}
    for (name, _group), parts in totals().items():
        if name != total.concept:
            continue
        below = [(values.get(Cell(part.name, total.period, total.scope)), weight) for part, weight in parts]
        reported = [value * weight for value, weight in below if value is not None]
        if reported and sum(reported) != values.get(total):
            return sum(reported)
    return None


@dataclass(frozen=True)
class Finding:
    """A finding as it is stored and shown: where it is (`cells` are fact ids, the one to mend first) and what it says."""

    level: str
    code: str
    text: str
    cells: tuple[str, ...] = ()
    place: str = ""

    @classmethod
    def of(cls, problem: Problem) -> "Finding":
        return cls(problem.level, problem.code, problem.text, problem.fact_ids, problem.place)

    @classmethod
    def stored(cls, kept: Mapping[str, Any]) -> "Finding":
        return cls(kept["level"], kept["code"], kept["text"], tuple(kept["cells"]), kept["place"])
