"""From the words of a Chinese statement to the concept: the list of CAS wordings and how a printed line is trimmed."""

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.reports.concepts import XBRL_DIR, concepts

ENUMERATOR = re.compile(r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|\(\d+\)|\d+\.(?!\d))")
LEAD = re.compile(r"^(?:其中|加|减):")
REMARK = re.compile(r"\((?:[^()]*填列|元/股|或股东权益|或股本)\)")


@dataclass(frozen=True)
class Wording:
    """One printed wording of a concept; `within` the line it must stand under, `at` start or end for a balance told twice."""

    statement: str
    wording: str
    within: str
    concept: str
    at: str


def trimmed(item: str) -> str:
    """A line as the list knows it: one width, without number, without 其中/加/减, without how-to-fill remarks."""
    text = "".join(unicodedata.normalize("NFKC", item).split())
    before = None
    while before != text:
        before = text
        text = LEAD.sub("", ENUMERATOR.sub("", text))
    return REMARK.sub("", text)


def read_wording(path: Path) -> dict[tuple[str, str], list[Wording]]:
    """The list of wordings by statement and trimmed words.

    Raises ValueError when a row names a concept that is not in the table, or when two rows cannot be told apart.
    """
    found: dict[tuple[str, str], list[Wording]] = {}
    with path.open(encoding="utf-8", newline="") as source:
        for number, row in enumerate(csv.DictReader(source), 2):
            wording = Wording(**row)
            for name in filter(None, (wording.concept, wording.within)):
                if name not in concepts():
                    raise ValueError(f"{path.name} line {number}: {name} is not in the concept table")
            rivals = found.setdefault((wording.statement, trimmed(wording.wording)), [])
            if any(rival.within == wording.within for rival in rivals):
                raise ValueError(f"{path.name} line {number}: {wording.wording} stands twice under the same line")
            rivals.append(wording)
    return found


@cache
def cas_wording() -> Mapping[tuple[str, str], list[Wording]]:
    """The wordings of `xbrl/cas_wording.csv`, read once per process."""
    return read_wording(XBRL_DIR / "cas_wording.csv")


class LineReader:
    """Reads one statement from top to bottom, since 利息收入 under 财务费用 is not 利息收入 under 营业总收入."""

    def __init__(self, statement: str, wordings: Mapping[tuple[str, str], list[Wording]] | None = None) -> None:
        self.statement = statement
        self.wordings = cas_wording() if wordings is None else wordings
        self.passed: list[str] = []

    def read(self, item: str) -> Wording | None:
        """The wording a printed line stands for; None when the list does not know it here."""
        rivals = self.wordings.get((self.statement, trimmed(item)), [])
        found = max(rivals, key=self._nearness, default=None)
        if found is None or self._nearness(found) < 0:
            return None
        self.passed.append(found.concept)
        return found

    def _nearness(self, wording: Wording) -> int:
        if not wording.within:
            return 0
        return next((place for place in range(len(self.passed), 0, -1) if self.passed[place - 1] == wording.within), -1)
