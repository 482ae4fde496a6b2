"""What is wrong with a report, said so that its author can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from portal.reports.concepts import concepts
from portal.reports.facts import Cell, Scope

SCOPE_ZH = {Scope.CONSOLIDATED: "合并", Scope.PARENT: "母公司"}
STATEMENT_ZH = {"BS": "资产负债表", "IS": "利润表", "CF": "现金流量表"}

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One finding.

    `text` is a Chinese sentence; `cells` are the cells it is about, the one to mend first; `code` is stable and for
    programs. Findings about an input file carry `line` (from 1), `column` and `item` as they stand in the file.
    """

    level: Level
    code: str
    text: str
    cells: tuple[Cell, ...] = ()
    line: int | None = None
    column: str | None = None
    item: str | None = None

    @property
    def fact_ids(self) -> tuple[str, ...]:
        return tuple(cell.id for cell in self.cells)

    @property
    def place(self) -> str:
        """Where to look, in words: the first cell, or the line of the file; empty when it is about the whole report."""
        if self.line is not None:
            return "，".join(part for part in (f"第 {self.line} 行", self.column and f"{self.column} 列", self.item) if part)
        return place(self.cells[0]) if self.cells else ""


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """The findings that stop an export."""
    return [problem for problem in problems if problem.level == "error"]


def place(cell: Cell) -> str:
    """A cell in words, as its heading in the report reads: 合并资产负债表 2019-12-31 货币资金."""
    concept = concepts()[cell.concept]
    statement = STATEMENT_ZH.get(concept.statement)
    if statement is None:
        return concept.zh
    when = f"{cell.period.end}" if cell.period.start is None else f"{cell.period.start} 至 {cell.period.end}"
    return f"{SCOPE_ZH[cell.scope]}{statement} {when} {concept.zh}"
