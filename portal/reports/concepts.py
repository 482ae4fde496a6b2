"""The concept table: what a statement line is called, how it is measured, which total it belongs to.

The one source is `xbrl/concepts.csv`; the taxonomy, the forms, the checks and the pages all read it from here.
"""

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

XBRL_DIR = Path(__file__).resolve().parents[2] / "xbrl"
TAXONOMY_DATE = "2026-01-01"
PREFIX = "zb"
BASE = f"http://xbrl.zhuanban.example/taxonomy/{TAXONOMY_DATE}/"
NAMESPACE = BASE + PREFIX
PACKAGE = f"zhuanban-{TAXONOMY_DATE}"

# decimal places that the stored integer carries: CNY in fen, per-share amounts and ratios in ten-thousandths
PLACES = {"monetary": 2, "pershare": 4, "percent": 4, "shares": 0, "integer": 0}
UNITS = {"monetary": "CNY", "pershare": "CNYPerShare", "percent": "pure", "shares": "shares", "integer": "pure"}
KINDS = {*PLACES, "abstract", "string", "uscc", "date", "boolean", "enum", "textblock"}
NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,99}")


class ReportKind(StrEnum):
    """The kinds of periodic report; the value is the member of the enumeration in the taxonomy."""

    ANNUAL = "AnnualReportMember"
    SEMI_ANNUAL = "SemiAnnualReportMember"
    QUARTERLY = "QuarterlyReportMember"


@dataclass(frozen=True)
class Part:
    """One line's place in a total: `weight` is 1 or -1, `group` names the breakdown (calc 1.1 sums each group apart)."""

    total: str
    group: str
    weight: int


@dataclass(frozen=True)
class Concept:
    """One line of a report.

    `period` is instant or duration; `balance` debit, credit or empty; `parent` the line above it on the page;
    `lead` the words before its label (其中： 加： 减：); `preferred` total or startend; `of_which` the line it is a share of.
    """

    name: str
    statement: str
    parent: str
    type: str
    period: str
    balance: str
    zh: str
    en: str
    lead: str
    preferred: str
    parts_of: tuple[Part, ...]
    of_which: str
    required: bool
    order: int

    @property
    def abstract(self) -> bool:
        return self.type == "abstract"

    @property
    def numeric(self) -> bool:
        return self.type in PLACES

    @property
    def instant(self) -> bool:
        return self.period == "instant"

    @property
    def unit(self) -> str | None:
        return UNITS.get(self.type)

    @property
    def places(self) -> int:
        return PLACES.get(self.type, 0)


@dataclass(frozen=True)
class Role:
    """One section of the taxonomy: an extended link role with its sort number and title."""

    code: str
    role: str
    number: str
    zh: str
    en: str

    @property
    def uri(self) -> str:
        return f"{NAMESPACE}/role/{self.role}"


def _parts(text: str, statement: str) -> tuple[Part, ...]:
    found = []
    for item in text.split():
        total, _, weight = item.partition(":")
        total, _, group = total.partition("@")
        found.append(Part(total, group or statement, int(weight)))
    return tuple(found)


def _concept(row: dict[str, str], order: int) -> Concept:
    plain = {key: row[key] for key in ("name", "statement", "parent", "type", "period", "balance", "zh", "en", "lead", "preferred", "of_which")}
    return Concept(**plain, parts_of=_parts(row["parts_of"], row["statement"]), required=row["required"] == "yes", order=order)


def read_concepts(path: Path) -> dict[str, Concept]:
    """A table that contradicts itself is refused at once, by line.

    Returns the concepts by name in file order. Raises ValueError for a bad or repeated name, an unknown type, or a
    reference to a line that is not there.
    """
    table: dict[str, Concept] = {}
    with path.open(encoding="utf-8", newline="") as source:
        for number, row in enumerate(csv.DictReader(source), 2):
            concept = _concept(row, number - 1)
            if not NAME.fullmatch(concept.name) or concept.name in table or concept.type not in KINDS:
                raise ValueError(f"{path.name} line {number}: bad or repeated concept {concept.name!r} of type {concept.type!r}")
            table[concept.name] = concept
    for concept in table.values():
        for other in (concept.parent, concept.of_which, *(part.total for part in concept.parts_of)):
            if other and other not in table:
                raise ValueError(f"{path.name}: {concept.name} refers to {other}, which is not in the table")
    return table


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by name, in the order of the statements; read once per process."""
    return read_concepts(XBRL_DIR / "concepts.csv")


@cache
def roles() -> dict[str, Role]:
    """The sections of the taxonomy by code, in order."""
    with (XBRL_DIR / "roles.csv").open(encoding="utf-8", newline="") as source:
        return {row["code"]: Role(**row) for row in csv.DictReader(source)}


def lines(statement: str) -> list[Concept]:
    """The concepts of one statement (INFO, TEXT, BS, IS, CF) in order, headings included."""
    return [concept for concept in concepts().values() if concept.statement == statement]


@cache
def totals() -> dict[tuple[str, str], tuple[tuple[Concept, int], ...]]:
    """Every summation the taxonomy states: (total, group) to its parts with their weights."""
    found: dict[tuple[str, str], list[tuple[Concept, int]]] = {}
    for concept in concepts().values():
        for part in concept.parts_of:
            found.setdefault((part.total, part.group), []).append((concept, part.weight))
    return {key: tuple(parts) for key, parts in found.items()}


@cache
def depth(name: str) -> int:
    """How far a line stands in below its statement's heading; 0 for the heading itself."""
    parent = concepts()[name].parent
    return 1 + depth(parent) if parent else 0
