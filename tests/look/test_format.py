"""Figures, amounts, dates and sizes read as the look's rules say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web import format as written

YUAN = 100
WAN = 10_000 * YUAN


@pytest.mark.parametrize(("fen", "text"), [
    (38_420 * WAN, "3.84 亿元"),
    (4_126 * WAN, "4,126 万元"),
    (-126 * WAN, "−126 万元"),
    (350 * WAN, "350 万元"),
    (125_000 * YUAN, "12.5 万元"),
    (10 * WAN, "10 万元"),
    (9_999 * YUAN, "9,999 元"),
    (12_345, "123.45 元"),
    (0, "0 元"),
    (10_000 * WAN, "1.00 亿元"),
    (10_000 * WAN - 1, "1.00 亿元"),
    (-38_420 * WAN, "−3.84 亿元"),
    (None, "—"),
])
def test_amounts_choose_their_unit(fen: int | None, text: str) -> None:
    assert written.amount(fen) == text


def test_amounts_in_a_unit_that_the_page_fixes() -> None:
    assert written.amount(38_420 * WAN, "wan") == "38,420 万元"
    assert written.amount(38_420 * WAN, "wan", places=2) == "38,420.00 万元"
    assert written.amount(2_931_47 * YUAN, "yi") == "0.00 亿元"
    assert written.amount(350 * WAN, currency="USD") == "350 万美元"
    assert written.amount(350 * WAN, currency="XYZ") == "350 万XYZ"
    assert written.amount_parts(38_420 * WAN) == ("3.84", "亿元")
    assert written.amount_parts(None) == ("—", "")
    with pytest.raises(ValueError, match="unknown unit"):
        written.amount(1, "thousand")


@given(st.integers(-10**18, 10**18))
def test_no_amount_uses_a_hyphen_for_minus_or_says_minus_zero(fen: int) -> None:
    text = written.amount(fen)
    assert "-" not in text
    assert (written.MINUS in text) == (fen < 0)


def test_numbers_percent_and_change() -> None:
    assert written.number(1204331) == "1,204,331"
    assert written.number(-126) == "−126"
    assert written.number(None) == "—"
    assert written.number(Decimal("24780.8"), 2) == "24,780.80"
    assert written.number(-0.001, 1) == "0.0"
    assert written.percent(0.107) == "10.7%"
    assert written.percent(Decimal("0.10650")) == "10.7%"
    assert written.change(0.185) == "+18.5%"
    assert written.change(-0.032) == "−3.2%"
    assert written.change(0.0001) == "0.0%"
    assert written.change(None) == "—"
    assert written.rate(Decimal("3.85")) == "3.85%"
    assert written.count(412) == "412"
    assert written.count(100, 99) == "99+"
    assert written.count(99, 99) == "99"
    assert written.count(None) == "—"


def test_times_are_shown_in_beijing() -> None:
    at = datetime(2026, 11, 20, 6, 31, 47, tzinfo=UTC)
    late = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    assert written.timestamp(at) == "2026-11-20 14:31:47"
    assert written.moment(at) == "2026-11-20 14:31"
    assert written.clock(at) == "14:31"
    assert written.day(late) == "2026-11-21"
    assert written.weekday(late) == "周六"
    assert written.weekday(date(2026, 11, 27)) == "周五"
    assert written.day(date(2026, 11, 27)) == "2026-11-27"
    assert written.month(date(2009, 4, 16)) == "2009-04"
    assert written.iso(at) == "2026-11-20T14:31:47+08:00"
    assert written.iso(date(2026, 11, 27)) == "2026-11-27"
    assert written.iso(None) == ""
    assert [f(None) for f in (written.day, written.month, written.clock, written.moment, written.timestamp, written.weekday)] == ["—"] * 6
    with pytest.raises(ValueError, match="without its zone"):
        written.moment(datetime(2026, 11, 20))


def test_periods() -> None:
    begin = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    assert written.period(begin, begin + timedelta(hours=2)) == "2026-11-27 周五 10:00–12:00"
    assert written.period(begin, begin + timedelta(hours=20)) == "2026-11-27 周五 10:00 – 2026-11-28 周六 06:00"
    assert written.period(begin, None) == "—"


@pytest.mark.parametrize(("octets", "text"), [
    (0, "0 B"), (1023, "1023 B"), (18 * 1024, "18 KB"), (1_258_291, "1.2 MB"), (1024 * 1024 - 1, "1.0 MB"),
    (3 * 1024**3, "3.0 GB"), (5000 * 1024**3, "5,000.0 GB"), (None, "—"),
])
def test_file_sizes(octets: int | None, text: str) -> None:
    assert written.file_size(octets) == text


def test_digests_are_grouped_and_shortened() -> None:
    assert written.digest("4be190c72f5a0000d3a8") == "4be1 90c7 2f5a … d3a8"
    assert written.digest("4be190c7") == "4be1 90c7"
    assert written.digest("") == "—"
