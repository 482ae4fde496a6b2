"""How figures, amounts, dates and sizes read in the Chinese interface.

Pure functions; `FILTERS` names those that templates use. Amounts are `bigint` in the smallest unit (分),
times are timezone-aware and shown in Beijing time (UTC+8 all year since 1991). `None` reads as an em dash everywhere, zero
as 0: a reader must be able to tell "nothing known" from "nothing there".
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
NONE = "—"
MINUS = "\u2212"
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
CURRENCIES = {
    "CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元", "JPY": "日元", "GBP": "英镑", "AUD": "澳元", "CAD": "加元",
    "SGD": "新加坡元", "CHF": "瑞士法郎", "KRW": "韩元", "TWD": "新台币元", "MOP": "澳门元",
    "NZD": "新西兰元", "SEK": "瑞典克朗", "DKK": "丹麦克朗", "DEM": "德国马克",
}
YUAN = Decimal(100)
WAN = YUAN * 10_000
YI = WAN * 10_000

Number = int | float | Decimal


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _written(value: Decimal, places: int, trim: bool = False) -> str:
    rounded = _rounded(value, places)
    text = f"{abs(rounded):,.{places}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if rounded < 0 else text


def number(value: Number | None, places: int = 0) -> str:
    """A plain number with thousands commas and a true minus sign (U+2212)."""
    return NONE if value is None else _written(Decimal(str(value)), places)


def count(value: int | None, limit: int | None = None) -> str:
    """A count; beyond `limit` it reads `99+`, because exact totals over large sets are neither quick nor needed."""
    if value is None:
        return NONE
    return f"{limit:,}+" if limit is not None and value > limit else f"{value:,}"


def amount_parts(fen: int | None, unit: str = "auto", currency: str = "CNY", places: int | None = None) -> tuple[str, str]:
    """An amount as (figure, unit), so that a page can set the unit smaller.

    `unit`: `auto` (亿 from one 亿 on, 万 from one 万 on, else the currency's own unit), `yi`, `wan` or `yuan`.
    亿 carries two decimals; 万 none from a million on and up to two below, so that 12.5 万元 is not shown as 13;
    `places` fixes the decimals (statements use two). Raises ValueError for an unknown unit.
    """
    if fen is None:
        return NONE, ""
    word = CURRENCIES.get(currency, currency)
    value = Decimal(fen)
    size = abs(value)
    if unit == "auto":
        reads_as_yi = _rounded(size / WAN, 0) >= 10_000
        unit = "yi" if reads_as_yi else "wan" if size >= WAN else "yuan"
    if unit == "yi":
        return _written(value / YI, 2 if places is None else places), f"亿{word}"
    if unit == "wan":
        if places is not None:
            return _written(value / WAN, places), f"万{word}"
        return _written(value / WAN, 0 if size >= 100 * WAN else 2, trim=True), f"万{word}"
    if unit == "yuan":
        return _written(value / YUAN, 2 if places is None else places, trim=places is None and fen % 100 == 0), word
    raise ValueError(f"unknown unit of amount: {unit}")


def amount(fen: int | None, unit: str = "auto", currency: str = "CNY", places: int | None = None) -> str:
    """An amount in one string: 「3.84 亿元」, 「4,126 万元」, 「−126 万元」, 「—」."""
    figure, word = amount_parts(fen, unit, currency, places)
    return f"{figure} {word}" if word else figure


def percent(ratio: Number | None, places: int = 1) -> str:
    """A ratio as percent with one decimal: 0.107 reads 10.7%."""
    return NONE if ratio is None else f"{_written(Decimal(str(ratio)) * 100, places)}%"


def change(ratio: Number | None, places: int = 1) -> str:
    """A change against the prior period, always with its sign: +18.5%, −3.2%, 0.0%."""
    if ratio is None:
        return NONE
    text = percent(ratio, places)
    return f"+{text}" if _rounded(Decimal(str(ratio)) * 100, places) > 0 else text


def rate(points: Number | None, places: int = 2) -> str:
    """A yearly interest rate given in percent points: 3.85 reads 3.85%."""
    return NONE if points is None else f"{_written(Decimal(str(points)), places)}%"


def _local(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without its zone cannot be shown; times are stored with one")
    return value.astimezone(BEIJING)


def day(value: date | datetime | None) -> str:
    """The date, 2026-11-20; a time is first brought to Beijing."""
    if value is None:
        return NONE
    return (_local(value).date() if isinstance(value, datetime) else value).isoformat()


def month(value: date | datetime | None) -> str:
    """Year and month, 2009-04."""
    return NONE if value is None else day(value)[:7]


def clock(value: datetime | None) -> str:
    """The time of day, 14:31."""
    return NONE if value is None else f"{_local(value):%H:%M}"


def moment(value: datetime | None) -> str:
    """Date and time of day, 2026-11-20 14:31."""
    return NONE if value is None else f"{_local(value):%Y-%m-%d %H:%M}"


def timestamp(value: datetime | None) -> str:
    """Date and time to the second, as evidence shows it: 2026-11-20 14:31:47."""
    return NONE if value is None else f"{_local(value):%Y-%m-%d %H:%M:%S}"


def weekday(value: date | datetime | None) -> str:
    """The weekday, 周五."""
    if value is None:
        return NONE
    return WEEKDAYS[(_local(value) if isinstance(value, datetime) else value).weekday()]


def period(begin: datetime | None, end: datetime | None) -> str:
    """An event's time: 2026-11-27 周五 10:00–12:00; both dates when it runs past midnight."""
    if begin is None or end is None:
        return NONE
    head = f"{day(begin)} {weekday(begin)} {clock(begin)}"
    return f"{head}–{clock(end)}" if day(begin) == day(end) else f"{head} – {day(end)} {weekday(end)} {clock(end)}"


def iso(value: date | datetime | None) -> str:
    """The machine-readable form for `<time datetime>`; empty for None."""
    if value is None:
        return ""
    return _local(value).isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def file_size(octets: int | None) -> str:
    """A file's size in units of 1,024: 18 KB, 1.2 MB."""
    if octets is None:
        return NONE
    if octets < 1024:
        return f"{octets} B"
    size = Decimal(octets) / 1024
    for unit in ("KB", "MB", "GB"):
        if _rounded(size, 0 if unit == "KB" else 1) < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{_written(size, 0 if unit == 'KB' else 1)} {unit}"


def digest(text: str | None, groups: int = 4) -> str:
    """A hash in groups of four, shortened in the middle: 4be1 90c7 2f5a … d3a8; whole when it is short."""
    if not text:
        return NONE
    parts = [text[at:at + 4] for at in range(0, len(text), 4)]
    return " ".join(parts if len(parts) <= groups else [*parts[:groups - 1], "…", parts[-1]])


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number, "count_of": count, "amount": amount, "amount_parts": amount_parts, "percent": percent, "change": change,
    "rate": rate, "day": day, "month": month, "clock": clock, "moment": moment, "timestamp": timestamp, "weekday": weekday,
    "iso": iso, "file_size": file_size, "digest": digest,
}
GLOBALS: dict[str, Callable[..., Any]] = {"period": period}


def init_format(app: Flask) -> None:
    """Offer the filters and functions to templates."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(GLOBALS)
