"""One record of a file becomes one staged row, or a refusal; a bad value is left out and reported, a bad row is refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from portal.enterprises.industries import standard_code
from portal.enterprises.intake.columns import Column
from portal.enterprises.intake.source import Row
from portal.enterprises.intake.values import BadValue, capital, credit_code, day, plain
from portal.enterprises.regions import resolve

LENGTHS = {"name": 120, "company_type": 80, "province": 30, "city": 60, "address": 400, "scope": 8000}


class Staged(NamedTuple):
    """What the loader copies; the order is that of `load.STAGING`. None where the source is silent."""

    line: int
    uscc: str
    name: str
    founded: date | None
    capital: int | None
    capital_currency: str | None
    company_type: str | None
    province_text: str | None
    city_text: str | None
    province_code: str | None
    city_code: str | None
    district_code: str | None
    industry_code: str | None
    address: str | None
    scope: str | None


@dataclass(frozen=True)
class Refusal:
    """A row not taken (`whole`), or one value of a row that was: where it stands, what it says, why not."""

    line: int
    column: str
    value: str
    reason: str
    whole: bool = True


class RowReader:
    """Turns rows into staged ones; remembers the credit codes seen, so that a second occurrence can name the first."""

    def __init__(self, columns: dict[str, Column], width: int, latest: date) -> None:
        self.columns = columns
        self.width = width
        self.latest = latest
        self.seen: dict[str, int] = {}

    def read(self, rows: Iterable[Row]) -> Iterator[Staged | Refusal]:
        """For each row either a Staged (preceded by its refused values) or one Refusal of the whole row."""
        for row in rows:
            refusals: list[Refusal] = []
            try:
                staged = self._staged(row, refusals)
            except _Refused as refused:
                yield refused.refusal
                continue
            yield from refusals
            yield staged

    def _staged(self, row: Row, refusals: list[Refusal]) -> Staged:
        if row.fault:
            raise _Refused(Refusal(row.line, "", "", row.fault))
        if len(row.cells) > self.width and any(row.cells[self.width:]):
            raise _Refused(Refusal(row.line, "", "", f"有 {len(row.cells)} 个单元格，表头只有 {self.width} 列"))
        uscc = self._uscc(row)
        name = self._required(row, "name", lambda text: plain(text, LENGTHS["name"]), "没有企业名称")
        texts = {key: self._text(row, key, refusals) for key in ("company_type", "province", "city", "address", "scope")}
        founded = self._value(row, "founded", refusals, lambda text, _unit: day(text, self.latest))
        amount, currency = self._value(row, "capital", refusals, capital) or (None, None)
        place = resolve(texts["province"] or "", texts["city"] or "", texts["address"] or "")
        self.seen[uscc] = row.line
        return Staged(
            row.line, uscc, name, founded, amount, currency, texts["company_type"], texts["province"], texts["city"],
            place.province, place.city, place.district, self._value(row, "industry", refusals, _industry),
            texts["address"], texts["scope"],
        )  # fmt: skip

    def _cell(self, row: Row, column: Column) -> str:
        return row.cells[column.index] if column.index < len(row.cells) else ""

    def _uscc(self, row: Row) -> str:
        uscc = self._required(row, "uscc", credit_code, "没有统一社会信用代码")
        first = self.seen.get(uscc)
        if first is not None:
            raise _Refused(Refusal(row.line, self.columns["uscc"].heading, uscc, f"与第 {first} 行是同一个统一社会信用代码"))
        return uscc

    def _required(self, row: Row, key: str, parse, missing: str) -> str:  # type: ignore[no-untyped-def]
        column = self.columns[key]
        text = self._cell(row, column)
        try:
            value = parse(text) if text.strip() else ""
        except BadValue as bad:
            raise _Refused(Refusal(row.line, column.heading, text, str(bad))) from None
        if not value:
            raise _Refused(Refusal(row.line, column.heading, text, missing))
        return value

    def _text(self, row: Row, key: str, refusals: list[Refusal]) -> str | None:
        return self._value(row, key, refusals, lambda text, _unit: plain(text, LENGTHS[key])) or None

    def _value(self, row: Row, key: str, refusals: list[Refusal], parse):  # type: ignore[no-untyped-def]
        column = self.columns.get(key)
        text = self._cell(row, column) if column is not None else ""
        if column is None or not text:
            return None
        try:
            return parse(text, column.unit)
        except BadValue as bad:
            refusals.append(Refusal(row.line, column.heading, text, str(bad), whole=False))
            return None


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def _industry(text: str, _unit: str) -> str | None:
    text = plain(text, 20)
    code = standard_code(text)
    if text and code is None:
        raise BadValue("不是 GB/T 4754-2017 的行业代码")
    return code
