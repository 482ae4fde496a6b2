"""Between the rows of the one fact table and the facts of a report: what is stored for a cell, and what is read back.

A number stands in `value`; words, dates, truth values stand in `text_value`. An emptied cell is a version without words, since
rows of that table are never taken away.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from portal.reports.concepts import Concept, concepts
from portal.reports.facts import Cell, Fact, Period, Scope, Value

EMPTIED = ""
TRUTH = {"true": True, "false": False}

Values = dict[Cell, Value]


def columns(cell: Cell, value: Value | None) -> dict[str, Any]:
    """The columns of the fact table for a cell and its value; None empties the cell."""
    concept = concepts()[cell.concept]
    return {
        "concept": cell.concept, "period_start": cell.period.start, "period_end": cell.period.end, "scope": cell.scope.value,
        "value": value if concept.numeric else None, "text_value": _words(concept, value), "unit": concept.unit or "",
    } | ({"value": None, "text_value": EMPTIED} if value is None else {})  # fmt: skip


def _words(concept: Concept, value: Value | None) -> str | None:
    if concept.numeric:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def values(rows: Iterable[Any]) -> Values:
    """The values of rows that have the columns of `columns`, one per cell; emptied cells are left out."""
    found: Values = {}
    for row in rows:
        cell = Cell(row.concept, Period(row.period_end, row.period_start), Scope(row.scope))
        if row.value is not None:
            found[cell] = int(row.value)
        elif row.text_value != EMPTIED:
            found[cell] = _read(concepts()[row.concept], row.text_value)
    return found


def _read(concept: Concept, words: str) -> Value:
    if concept.type == "boolean":
        return TRUTH[words]
    return date.fromisoformat(words) if concept.type == "date" else words


def facts(found: Mapping[Cell, Value]) -> list[Fact]:
    """The values as facts, with the accuracy their digits claim."""
    return [Fact(cell.concept, cell.period, value, cell.scope, _decimals(cell, value)) for cell, value in found.items()]


def _decimals(cell: Cell, value: Value) -> int | None:
    """Per-share amounts claim two places, or as many as they are written with; everything else what its unit carries."""
    concept = concepts()[cell.concept]
    if concept.type != "pershare" or not isinstance(value, int):
        return None
    return next(places for places in (2, 3, 4) if value % 10 ** (4 - places) == 0)
