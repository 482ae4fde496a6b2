"""A report as one Inline XBRL page: the page people read is the filing, so there is one truth.

Inline XBRL 1.1, transformation registry 5; figures carry the concepts of our own taxonomy (see `xbrl/README.md`).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from portal.reports.concepts import BASE, NAMESPACE, PREFIX, Concept, ReportKind, concepts, depth, lines
from portal.reports.facts import Cell, Fact, Report, Scope
from portal.reports.narrative import clean, xml_text
from portal.reports.problems import SCOPE_ZH, STATEMENT_ZH

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "reports" / "ixbrl"
IDENTIFIER_SCHEME = "http://xbrl.zhuanban.example/scheme/uscc"
KIND_ZH = {ReportKind.ANNUAL: "年度报告", ReportKind.SEMI_ANNUAL: "半年度报告", ReportKind.QUARTERLY: "季度报告"}
COLUMN_HEADS = {"BS": ("期末余额", "期初余额"), "IS": ("本期金额", "上期金额"), "CF": ("本期金额", "上期金额")}


@dataclass(frozen=True)
class Row:
    """One printed line of a statement: the facts of this and of the compared period, or none.

    `again` says that the compared figure is tagged on an earlier line and only repeated here.
    """

    label: str
    indent: int
    style: str
    current: Fact | None = None
    prior: Fact | None = None
    again: bool = False


@dataclass(frozen=True)
class Sheet:
    """One statement of one scope."""

    id: str
    title: str
    heads: tuple[str, str]
    rows: tuple[Row, ...]


def render(report: Report) -> str:
    """The report as XHTML text.

    Only lines with a value are printed, and headings above them. Raises ValueError when the credit code is missing, since
    every context names the company by it; `totals.missing` says so to people first.
    """
    identifier = report.text("UnifiedSocialCreditCode").strip()
    if not identifier:
        raise ValueError("the report has no unified social credit code")
    template = _environment().get_template("report.xhtml.j2")
    return template.render(
        prefix=PREFIX, namespace=NAMESPACE, schema=f"{BASE}{PREFIX}.xsd", scheme=IDENTIFIER_SCHEME, identifier=xml_text(identifier),
        title=f"{report.current.end.year} 年{KIND_ZH[report.kind]}", entity=xml_text(report.text("EntityName")), contexts=_contexts(report),
        hidden=[fact for fact in report.facts if fact.row.type == "enum"], profile=_profile(report), narratives=_narratives(report),
        sheets=[sheet for scope in report.scopes for statement in STATEMENT_ZH if (sheet := _sheet(report, statement, scope)).rows],
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: xml_text(value) if type(value) is str else value,
    )  # fmt: skip
    environment.filters |= {"context_id": context_id, "figure": figure, "narrative": lambda text: Markup(clean(text))}
    return environment


def context_id(fact: Fact) -> str:
    """The id of a fact's context: its period, and its scope where it is not the default."""
    letter = "i" if fact.period.start is None else "d"
    return f"{letter}{fact.period.key}" + ("" if fact.scope is Scope.CONSOLIDATED else f"_{fact.scope}")


def _contexts(report: Report) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for fact in report.facts:
        found.setdefault(context_id(fact), fact)
    return found


def figure(fact: Fact) -> str:
    """The digits of a figure without its sign, with thousands commas and as many places as it claims; ratios in percent."""
    number, places = abs(fact.amount), fact.decimals or 0
    if fact.row.type == "percent":
        number, places = number.scaleb(2), max(places - 2, 0)
    return f"{number:,.{places}f}"


def _profile(report: Report) -> list[tuple[str, Fact]]:
    shown = [(concept.zh, report.by_cell.get(report.cell(concept.name))) for concept in lines("INFO") if concept.type not in ("abstract", "enum")]
    return [(label, fact) for label, fact in shown if fact is not None]


def _narratives(report: Report) -> list[tuple[str, Fact]]:
    shown = [(concept.zh, report.by_cell.get(report.cell(concept.name))) for concept in lines("TEXT") if not concept.abstract]
    return [(label, fact) for label, fact in shown if fact is not None]


def _sheet(report: Report, statement: str, scope: Scope) -> Sheet:
    kept: list[Row] = []
    under: set[str] = set()
    for concept in reversed(lines(statement)):
        if concept.abstract:
            rows = [Row(concept.zh, _indent(concept), "head")] if concept.parent and concept.name in under else []
        else:
            rows = [row for row in _rows(report, concept, scope) if row.current or row.prior]
        if rows:
            under |= _above(concept)
        kept += reversed(rows)
    titles = f"{SCOPE_ZH[scope]}{STATEMENT_ZH[statement]}"
    return Sheet(f"{statement.lower()}-{scope}", titles, COLUMN_HEADS[statement], tuple(reversed(kept)))


def _above(concept: Concept) -> set[str]:
    found = set()
    while concept.parent:
        concept = concepts()[concept.parent]
        found.add(concept.name)
    return found


def _indent(concept: Concept) -> int:
    return max(depth(concept.name) - (2 if concept.preferred == "total" and concept.statement != "IS" else 1), 0)


def _rows(report: Report, concept: Concept, scope: Scope) -> list[Row]:
    style = "total" if concept.preferred == "total" else "line"
    if concept.preferred != "startend":
        current, prior = (report.by_cell.get(report.cell(concept.name, earlier, scope)) for earlier in (False, True))
        return [Row(_label(report, concept, scope), _indent(concept), style, current, prior)]
    made = []
    for at in ("期初", "期末"):
        cells = [Cell(concept.name, span.opening if at == "期初" else span.close, scope) for span in (report.current, report.prior)]
        # last year's closing balance is this year's opening one: the fact is shown twice and tagged once
        again = at == "期末" and cells[1].period == report.current.opening
        made.append(Row(f"{at}{concept.zh}", 0, style, *(report.by_cell.get(cell) for cell in cells), again=again))
    return made


def _label(report: Report, concept: Concept, scope: Scope) -> str:
    alone = concept.lead == "其中：" and all(report.cell(concept.parent, earlier, scope) not in report.by_cell for earlier in (False, True))
    return ("" if alone else concept.lead) + concept.zh + ("（元/股）" if concept.type == "pershare" else "")


def printed(report: Report) -> set[str]:
    """The ids of the facts that the page shows; every fact of a report must be among them before it is exported."""
    shown = {fact.id for fact in report.facts if fact.row.type == "enum"} | {fact.id for _, fact in (*_profile(report), *_narratives(report))}
    for scope in report.scopes:
        for statement in STATEMENT_ZH:
            for row in _sheet(report, statement, scope).rows:
                shown |= {fact.id for fact in (row.current, row.prior) if fact}
    return shown


def unprinted(report: Report) -> list[Fact]:
    """Facts that stand in a period the page has no column for: they would be lost in silence."""
    shown = printed(report)
    return [fact for fact in report.facts if fact.id not in shown]
