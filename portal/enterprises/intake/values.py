"""From a register's words to values: amounts, dates, credit codes, plain text. Each parser raises BadValue with a sentence."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from portal.core.money import minor

NOTHING = frozenset({"", "N/A", "NA", "n/a", "-", "--", "—", "——", "/", "\\N", "无", "空", "暂无", "未知", "null", "NULL", "None", "#N/A"})
OLDEST = date(1840, 1, 1)
LARGEST = 2**63 - 1
MAGNITUDES = {"": 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
# The register's names of currencies. What is written without one is in 人民币: the register's own convention.
CURRENCIES = {
    "": "CNY", "人民币": "CNY", "人民币元": "CNY", "RMB": "CNY", "CNY": "CNY",
    "美元": "USD", "USD": "USD",
    "港元": "HKD", "港币": "HKD", "香港元": "HKD", "HKD": "HKD",
    "日元": "JPY", "日圆": "JPY", "JPY": "JPY",
    "欧元": "EUR", "EUR": "EUR",
    "英镑": "GBP", "GBP": "GBP",
    "德国马克": "DEM", "马克": "DEM",
    "新加坡元": "SGD", "澳大利亚元": "AUD", "澳元": "AUD", "加拿大元": "CAD", "加元": "CAD", "瑞士法郎": "CHF",
    "韩元": "KRW", "韩国元": "KRW", "新台币": "TWD", "新台币元": "TWD", "台币": "TWD", "澳门元": "MOP", "新西兰元": "NZD",
    "瑞典克朗": "SEK", "丹麦克朗": "DKK",
}  # fmt: skip
_AMOUNT = re.compile(r"([\d,]{1,24}(?:\.\d{1,12})?)(.*)", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", re.ASCII)
_UNIT = re.compile(r"(百万|千万|亿|万|千)?(.*)")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class BadValue(Exception):
    """A value that cannot be taken; the text says why and stands in the report of rejects."""


def plain(text: str, longest: int) -> str:
    """Text without control characters and outer blanks, '' for the words that mean nothing.

    Raises BadValue for a formula (a spreadsheet would run it) and for text over `longest` characters.
    """
    text = text.strip()
    if text in NOTHING:
        return ""
    if text[0] == "=" or text[0] == "@":
        raise BadValue("单元格是公式。把公式换成它的值")
    if len(text) > longest:
        raise BadValue(f"超过 {longest:,} 个字")
    return _CONTROL.sub(" ", text) if not text.isprintable() else text


@lru_cache(maxsize=65536)
def capital(text: str, unit: str = "") -> tuple[int, str] | None:
    """A registered capital such as `350(万元人民币)`, `1,000万美元`, `50(万元（港币）)`: amount in smallest units, and currency.

    `unit` is the unit the column's heading gives (万元), for values written as bare numbers. None when the source gives none.
    Raises BadValue for what is not understood: an amount is never guessed.
    """
    text = _narrow(text)
    if text in NOTHING:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise BadValue("注册资本看不懂，要写成 350万元人民币 这样")
    if not _GROUPED.fullmatch(match[1]):
        raise BadValue("千分位逗号的位置不对，数额不能确定")
    written = re.sub(r"[()]", "", match[2]) or _narrow(unit)
    if not written:
        raise BadValue("注册资本没有单位，不知道是元还是万元")
    magnitude, rest = _UNIT.fullmatch(written).groups()  # type: ignore[union-attr]
    currency = CURRENCIES.get(rest) or CURRENCIES.get(rest.removeprefix("元"))
    if currency is None:
        raise BadValue(f"不认识的币种“{rest}”")
    units = Decimal(match[1].replace(",", "")) * MAGNITUDES[magnitude or ""]
    if units > LARGEST or (amount := minor(units, currency)) > LARGEST:
        raise BadValue("注册资本大得不合理")
    return amount, currency


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")


@lru_cache(maxsize=65536)
def day(text: str, latest: date) -> date | None:
    """A calendar date in one of the five ways registers write it, from 1840 to `latest`; None for nothing.

    Raises BadValue for a day that does not exist or lies outside.
    """
    text = _narrow(text)
    if text in NOTHING:
        return None
    match = _DATE.fullmatch(text.removesuffix("00:00:00").removesuffix("T"))
    if match is None:
        raise BadValue("日期看不懂，要写成 2019-04-25 这样")
    year, month, number = (int(part) for part in match.groups() if part is not None)
    try:
        found = date(year, month, number)
    except ValueError:
        raise BadValue("没有这一天") from None
    if found > latest:
        raise BadValue("日期在今天之后")
    if found < OLDEST:
        raise BadValue(f"日期早于 {OLDEST.year} 年")
    return found


def credit_code(text: str) -> str:
    """A 统一社会信用代码 in its plain form (GB 32100-2015), its check character computed again. Raises BadValue."""
    compact = uscc.compact(_narrow(text))
    try:
        return uscc.validate(compact)
    except InvalidLength:
        raise BadValue(f"统一社会信用代码要 18 位，这里是 {len(compact)} 位") from None
    except InvalidChecksum:
        expected = uscc.calc_check_digit(compact)
        raise BadValue(f"统一社会信用代码的校验码不对：末位应为 {expected}，这里是 {compact[-1]}") from None
    except ValidationError:
        raise BadValue("统一社会信用代码里有不该出现的字符") from None
