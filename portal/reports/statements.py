"""One company-year of complete statements from a CSV file into facts, with every bad cell named by line, column and item."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from portal.reports.concepts import Concept, concepts
from portal.reports.facts import BIGINT, Cell, Fact, Period, Scope
from portal.reports.problems import Problem, errors, place
from portal.reports.wording import LineReader, Wording

COLUMNS = ("stock_code", "company", "year", "statement", "scope", "item", "current", "prior")
STATEMENTS = ("BS", "IS", "CF")
AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
YEAR = re.compile(r"(?:19|20)\d{2}")
NOTHING = {"", "-", "--", "—", "——", "不适用"}
LIMIT_BYTES = 20_000_000
MOST_LINES, MOST_COLUMNS = 100_000, 64  # a company-year has a few hundred lines; a small file can unfold to gigabytes


@dataclass(frozen=True)
class CompanyYear:
    """One report that a file holds."""

    code: str
    company: str
    year: int


@dataclass(frozen=True)
class Loaded:
    """What was read: the facts in file order, and every problem. Facts are complete only while `errors(problems)` is empty."""

    of: CompanyYear | None
    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        return self.of is not None and not errors(self.problems)


@dataclass(frozen=True)
class Line:
    number: int
    row: Mapping[str, str]
    extra: int = 0

    def problem(self, code: str, text: str, column: str | None = None, cells: tuple[Cell, ...] = ()) -> Problem:
        return Problem("error", code, text, cells, self.number, column, self.row.get("item") or None)


def contents(data: bytes | str) -> tuple[list[CompanyYear], list[Problem]]:
    """Which company-years a file holds, in file order, and why it cannot be read if it cannot."""
    lines, problems = read_lines(data)
    found: dict[CompanyYear, None] = {}
    for line in lines:
        if YEAR.fullmatch(line.row["year"]):
            found[CompanyYear(line.row["stock_code"], line.row["company"], int(line.row["year"]))] = None
    if not problems and not found:
        problems.append(Problem("error", "file:year", "year 列没有一行是四位年份，例如 2019。", column="year"))
    return list(found), problems


def load(data: bytes | str, code: str, year: int) -> Loaded:
    """The statements of one company for one year.

    `data` is CSV with the columns of COLUMNS, UTF-8 or GB 18030; amounts in yuan. Every non-empty amount becomes a fact or
    a problem; nothing is dropped in silence.
    """
    lines, problems = read_lines(data)
    if problems:
        return Loaded(None, (), tuple(problems))
    mine = [line for line in lines if line.row["stock_code"] == code and line.row["year"] == str(year)]
    if not mine:
        text = f"文件里没有 {code} 的 {year} 年报表。"
        return Loaded(None, (), (Problem("error", "file:absent", text),))
    loader = _Loader(year)
    for line in mine:
        loader.take(line)
    of = CompanyYear(code, mine[0].row["company"], year)
    return Loaded(of, tuple(loader.facts.values()), tuple(loader.problems))


def read_lines(data: bytes | str) -> tuple[list[Line], list[Problem]]:
    """The rows of a file with their line numbers, or the one reason why it is not such a file."""
    try:
        text = decoded(data)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in next(reader, [])]
        if len(header) > MOST_COLUMNS:
            return [], [Problem("error", "file:columns", f"第 1 行有 {len(header):,} 列，最多 {MOST_COLUMNS} 列。", line=1)]
        lacking = [name for name in COLUMNS if name not in header]
        if lacking:
            found = "、".join(name for name in header if name)[:200] or "空"
            return [], [Problem("error", "file:columns", f"第 1 行缺少列：{'、'.join(lacking)}；现在的列：{found}。", line=1)]
        lines = list(islice(_rows(reader, header), MOST_LINES + 1))
        if len(lines) > MOST_LINES:
            return [], [Problem("error", "file:long", f"文件超过 {MOST_LINES:,} 行。一份报表只要几百行，分开上传。")]
        return lines, []
    except csv.Error as error:
        return [], [Problem("error", "file:csv", f"第 {reader.line_num} 行不是合格的 CSV：{error}。", line=reader.line_num)]
    except ValueError as error:
        return [], [Problem("error", "file:unreadable", str(error))]


def decoded(data: bytes | str) -> str:
    """The text of a file. Raises ValueError with a Chinese sentence when it is empty, too large or no text."""
    if len(data) > LIMIT_BYTES:
        raise ValueError(f"文件大于 {LIMIT_BYTES // 1_000_000} MB，财务报表不会这么大。")
    text = data if isinstance(data, str) else _from_bytes(data)
    if not text.strip():
        raise ValueError("文件是空的。")
    if "\0" in text:
        raise ValueError("文件不是文本：报表要用 CSV，另存为 CSV 再传。")
    return text.removeprefix("\ufeff")


def _from_bytes(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("文件不是 UTF-8 或 GB 18030 文本：报表要用 CSV，另存为 CSV 再传。")


def _rows(reader: Iterator[list[str]], header: list[str]) -> Iterable[Line]:
    for values in reader:
        if any(value.strip() for value in values):
            cells = [value.strip() for value in values] + [""] * (len(header) - len(values))
            yield Line(reader.line_num, dict(zip(header, cells)), sum(1 for cell in cells[len(header) :] if cell))


class _Loader:
    """Takes the lines of one company-year in order and keeps what each statement has passed."""

    def __init__(self, year: int) -> None:
        self.current, self.prior = Period.year(year), Period.year(year - 1)
        self.readers: dict[tuple[str, str], LineReader] = {}
        self.facts: dict[Cell, Fact] = {}
        self.lines: dict[Cell, Line] = {}
        self.problems: list[Problem] = []

    def take(self, line: Line) -> None:
        statement, scope = line.row["statement"], line.row["scope"]
        if line.extra:
            self.problems.append(line.problem("line:cells", f"这一行比表头多 {line.extra} 格；带逗号的数要加引号。"))
            return
        if statement not in STATEMENTS:
            self.problems.append(line.problem("line:statement", f"statement 列写的是“{statement}”，只能是 BS、IS 或 CF。", "statement"))
            return
        if scope not in set(Scope):
            self.problems.append(line.problem("line:scope", f"scope 列写的是“{scope}”，只能是 consolidated 或 parent。", "scope"))
            return
        reader = self.readers.setdefault((statement, scope), LineReader(statement))
        wording = reader.read(line.row["item"])
        filled = [column for column in ("current", "prior") if not _nothing(line.row[column])]
        if wording is None:
            if filled:
                text = f"项目“{line.row['item']}”不在对照表里，填的数 {line.row[filled[0]]} 没有去处。"
                self.problems.append(line.problem("line:item", text, "item"))
            return
        for column in filled:
            self._put(line, column, wording, Scope(scope))

    def _put(self, line: Line, column: str, wording: Wording, scope: Scope) -> None:
        concept = concepts()[wording.concept]
        cell = Cell(concept.name, self._period(concept, column, wording.at), scope)
        try:
            value, decimals = parse_amount(line.row[column], concept)
        except ValueError as error:
            self.problems.append(line.problem("line:amount", f"{error}", column, (cell,)))
            return
        earlier = self.facts.get(cell)
        if earlier is None:
            self.facts[cell] = Fact(concept.name, cell.period, value, scope, decimals)
            self.lines[cell] = line
        elif earlier.value != value:
            self.problems.append(line.problem("line:twice", self._conflict(cell, line, column), column, (cell,)))

    def _conflict(self, cell: Cell, line: Line, column: str) -> str:
        first = self.lines[cell]
        return f"{place(cell)}写了两个数：第 {first.number} 行是 {self.facts[cell].amount:,}，这里是 {line.row[column]}。"

    def _period(self, concept: Concept, column: str, at: str) -> Period:
        span = self.current if column == "current" else self.prior
        if not concept.instant:
            return span
        return span.opening if at == "start" else span.close


def _nothing(text: str) -> bool:
    return "".join(text.split()) in NOTHING


def parse_amount(text: str, concept: Concept) -> tuple[int, int]:
    """A written amount as an integer in the concept's smallest unit, and the decimals it may claim.

    Takes thousands commas, full-width digits, U+2212 and brackets for negatives. Raises ValueError with a Chinese sentence
    for anything else: no exponent, no unit word, no more places than the unit has.
    """
    plain = unicodedata.normalize("NFKC", "".join(text.split())).replace("\N{MINUS SIGN}", "-")
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    if not AMOUNT.fullmatch(plain):
        raise ValueError(f"“{text[:40]}”不是数字。")
    fraction = plain.partition(".")[2].rstrip("0")
    if len(fraction) > concept.places:
        raise ValueError(f"“{text[:40]}”的小数多于 {concept.places} 位。" if concept.places else f"“{text[:40]}”要是整数。")
    digits = plain.replace(",", "").replace("-", "")
    if len(digits) > 30:
        raise ValueError(f"“{text[:40]}”太大。")
    value = int(Decimal(digits).scaleb(concept.places)) * (-1 if plain.startswith("-") else 1)
    if abs(value) > BIGINT:
        raise ValueError(f"“{text[:40]}”太大。")
    return value, max(2, len(fraction)) if concept.type == "pershare" else concept.places
