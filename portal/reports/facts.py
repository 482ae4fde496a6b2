"""Facts and reports as plain values: no database, no file, no XBRL library."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from portal.reports.concepts import Concept, ReportKind, concepts

BIGINT = 2**63 - 1
FACT_ID = re.compile(r"f\.([A-Z][A-Za-z0-9]*)\.(?:(\d{8})-)?(\d{8})\.(consolidated|parent)")


class Scope(StrEnum):
    """Whose figures: the group's or the parent company's alone."""

    CONSOLIDATED = "consolidated"
    PARENT = "parent"


@dataclass(frozen=True, order=True)
class Period:
    """A span of days, both included, or with `start` None the close of one day."""

    end: date
    start: date | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.start > self.end:
            raise ValueError(f"period starts {self.start} after its end {self.end}")

    @classmethod
    def year(cls, year: int) -> "Period":
        return cls(date(year, 12, 31), date(year, 1, 1))

    @property
    def close(self) -> "Period":
        """The instant at which this span ends."""
        return Period(self.end)

    @property
    def opening(self) -> "Period":
        """The instant just before this span begins. Raises ValueError on an instant."""
        if self.start is None:
            raise ValueError("an instant has no opening")
        return Period(self.start - timedelta(days=1))

    @property
    def key(self) -> str:
        end = f"{self.end:%Y%m%d}"
        return end if self.start is None else f"{self.start:%Y%m%d}-{end}"


@dataclass(frozen=True)
class Cell:
    """Where a fact stands: one line, one period, one scope."""

    concept: str
    period: Period
    scope: Scope = Scope.CONSOLIDATED

    @property
    def id(self) -> str:
        """A stable name, good as an XML id, as an anchor and as a form field."""
        return f"f.{self.concept}.{self.period.key}.{self.scope}"


def parse_cell(fact_id: str) -> Cell | None:
    """The cell that a fact id names; None when the text names none of ours."""
    match = FACT_ID.fullmatch(fact_id)
    if match is None or match[1] not in concepts():
        return None
    try:
        start, end = (date.fromisoformat(part) if part else None for part in (match[2], match[3]))
        return Cell(match[1], Period(end, start), Scope(match[4])) if end else None
    except ValueError:
        return None


Value = int | str | date | bool


@dataclass(frozen=True)
class Fact:
    """One value of one line for one period and scope.

    `value` is an int in the smallest unit for numeric concepts (fen for CNY; see `concepts.PLACES`), text, a date, or a
    bool; a text block holds HTML that is cleaned when it is exported. `decimals` is the accuracy claimed, at most the
    places carried. Raises KeyError for an unknown concept, ValueError or TypeError for a value that cannot be one.
    """

    concept: str
    period: Period
    value: Value
    scope: Scope = Scope.CONSOLIDATED
    decimals: int | None = field(default=None)

    def __post_init__(self) -> None:
        row = self.row
        if row.abstract:
            raise ValueError(f"{row.name} is a heading and takes no value")
        if row.instant != (self.period.start is None):
            raise ValueError(f"{row.name} is measured at an {'instant' if row.instant else 'interval'}")
        wanted = int if row.numeric else {"date": date, "boolean": bool}.get(row.type, str)
        if type(self.value) is not wanted:
            raise TypeError(f"{row.name} takes {wanted.__name__}, not {type(self.value).__name__}")
        if row.numeric:
            if abs(self.value) > BIGINT:
                raise ValueError(f"{row.name} is beyond 64 bits")
            if self.decimals is None:
                object.__setattr__(self, "decimals", row.places)

    @property
    def row(self) -> Concept:
        return concepts()[self.concept]

    @property
    def cell(self) -> Cell:
        return Cell(self.concept, self.period, self.scope)

    @property
    def id(self) -> str:
        return self.cell.id

    @property
    def unit(self) -> str | None:
        return self.row.unit

    @property
    def amount(self) -> Decimal:
        """The value in the unit people and XBRL use: yuan, yuan per share, ratio, count."""
        return amount(self.row, int(self.value))


def amount(concept: Concept, value: int) -> Decimal:
    """An integer in the concept's smallest unit as a decimal number of units; exact at any size."""
    digits = tuple(int(digit) for digit in str(abs(value)))
    return Decimal((int(value < 0), digits, -concept.places))


@dataclass(frozen=True)
class Report:
    """One periodic report: its kind, its period, the same period a year before, and its facts, one per cell.

    The fact that names the kind is added. Raises ValueError when two facts stand in one cell, when the periods are instants,
    or when a fact names another kind.
    """

    kind: ReportKind
    current: Period
    prior: Period
    facts: tuple[Fact, ...]

    def __post_init__(self) -> None:
        if self.current.start is None or self.prior.start is None:
            raise ValueError("a report covers spans, not instants")
        named = Fact("ReportType", self.current, self.kind.value)
        if any(fact.cell == named.cell and fact.value != named.value for fact in self.facts):
            raise ValueError("a fact names another kind of report")
        if named not in self.facts:
            object.__setattr__(self, "facts", (named, *self.facts))
        if len(self.by_cell) != len(self.facts):
            raise ValueError("two facts stand in one cell")

    @classmethod
    def annual(cls, year: int, facts: Iterable[Fact]) -> "Report":
        return cls(ReportKind.ANNUAL, Period.year(year), Period.year(year - 1), tuple(facts))

    @cached_property
    def by_cell(self) -> dict[Cell, Fact]:
        return {fact.cell: fact for fact in self.facts}

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that have statement figures, consolidated first."""
        present = {fact.scope for fact in self.facts if fact.row.statement in ("BS", "IS", "CF")}
        return tuple(scope for scope in Scope if scope in present)

    def period_of(self, concept: Concept, prior: bool = False) -> Period:
        """The period in which this report shows a concept: at its close, or for the comparative column the opening balance."""
        span = self.prior if prior else self.current
        if not concept.instant:
            return span
        return self.current.opening if prior and concept.statement == "BS" else span.close

    def cell(self, name: str, prior: bool = False, scope: Scope = Scope.CONSOLIDATED) -> Cell:
        return Cell(name, self.period_of(concepts()[name], prior), scope)

    def text(self, name: str) -> str:
        """A text value of the current period; empty when it is missing."""
        fact = self.by_cell.get(self.cell(name))
        return fact.value if fact and isinstance(fact.value, str) else ""

    def with_facts(self, *facts: Fact) -> "Report":
        """The same report with these facts put into their cells."""
        cells = self.by_cell | {fact.cell: fact for fact in facts}
        return replace(self, facts=tuple(cells.values()))
