"""Three versions of a sheet: what a person saw, what stands now, what that person typed. Nobody's figures are lost in silence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.reports.facts import Cell, Value

Kept = Mapping[Cell, Value]


@dataclass(frozen=True)
class Merge:
    """`changes` are to be written (None empties a cell); `clashes` are cells that somebody else filled differently meanwhile."""

    changes: dict[Cell, Value | None] = field(default_factory=dict)
    clashes: dict[Cell, Value | None] = field(default_factory=dict)


def merge(seen: Kept, now: Kept, typed: Mapping[Cell, Value | None]) -> Merge:
    """What becomes of `typed` when the sheet it was typed into showed `seen` and holds `now`.

    A cell the person left alone keeps what stands now; one that both changed to different values is a clash and is not written.
    """
    changes: dict[Cell, Value | None] = {}
    clashes: dict[Cell, Value | None] = {}
    for cell, value in typed.items():
        before, current = seen.get(cell), now.get(cell)
        if value == before or value == current:
            continue
        if current == before:
            changes[cell] = value
        else:
            clashes[cell] = current
    return Merge(changes, clashes)
