"""The report of what was refused: one line per row or value, safe to open in a spreadsheet."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from portal.enterprises.intake.rows import Refusal

HEADER = ("line", "column", "value", "reason", "refused")
_RUNS = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 500


def harmless(text: str) -> str:
    """`text` as a spreadsheet shows it and does not run it."""
    text = text[:LONGEST]
    return "'" + text if text.startswith(_RUNS) else text


class RejectReport:
    """A CSV written beside its final name and moved there when complete; nothing is written while nothing is refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._partial = path.with_name(path.name + ".partial")
        self._file = None

    def __enter__(self) -> "RejectReport":
        return self

    def add(self, refusals: Iterable[Refusal]) -> None:
        for refusal in refusals:
            if self._file is None:
                self._start()
            refused = "row" if refusal.whole else "value"
            self._writer.writerow((refusal.line, *map(harmless, (refusal.column, refusal.value, refusal.reason)), refused))
            self.count += 1

    def _start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # utf-8-sig: spreadsheets on Chinese machines take a CSV without the mark for GBK.
        self._file = self._partial.open("w", encoding="utf-8-sig", newline="")  # type: ignore[assignment]
        self._writer = csv.writer(self._file)  # type: ignore[arg-type]
        self._writer.writerow(HEADER)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is None:
            return
        self._file.close()
        if kind is None:
            os.replace(self._partial, self.path)
        else:
            self._partial.unlink(missing_ok=True)
