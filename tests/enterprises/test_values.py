"""What registers write, and what is made of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.money import MINOR, minor
from portal.enterprises.intake.values import CURRENCIES, LARGEST, BadValue, capital, credit_code, day, plain
from portal.web.format import CURRENCIES as NAMES

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("350(万元人民币)", 350_000_000, "CNY"),
        ("50(万)", 50_000_000, "CNY"),
        ("100(万元)", 100_000_000, "CNY"),
        ("500万人民币", 500_000_000, "CNY"),
        ("100万元人民币", 100_000_000, "CNY"),
        ("300(万人民币元)", 300_000_000, "CNY"),
        ("800（万元）", 800_000_000, "CNY"),
        ("100万元", 100_000_000, "CNY"),
        ("50(万元(人民币))", 50_000_000, "CNY"),
        ("500万人民币元", 500_000_000, "CNY"),
        ("175万", 175_000_000, "CNY"),
        ("1,000.5(万元人民币)", 1_000_500_000, "CNY"),
        ("165(万美元)", 165_000_000, "USD"),
        ("1,000万美元", 1_000_000_000, "USD"),
        ("238(万元美元)", 238_000_000, "USD"),
        ("140(万元(美元))", 140_000_000, "USD"),
        ("600(万美元 )", 600_000_000, "USD"),
        ("800(万香港元)", 800_000_000, "HKD"),
        ("6,600(万港币)", 6_600_000_000, "HKD"),
        ("64,000(万港元)", 64_000_000_000, "HKD"),
        ("500(万元(港币))", 500_000_000, "HKD"),
        ("150(万元（港币）)", 150_000_000, "HKD"),
        ("500万港元", 500_000_000, "HKD"),
        ("2,000(万日元)", 20_000_000, "JPY"),
        ("38,000(万元日元)", 380_000_000, "JPY"),
        ("10(万欧元)", 10_000_000, "EUR"),
        ("91(万德国马克)", 91_000_000, "DEM"),
        ("25(万新加坡元)", 25_000_000, "SGD"),
        ("3亿元", 30_000_000_000, "CNY"),
        ("12345.67元", 1_234_567, "CNY"),
        ("0(万元)", 0, "CNY"),
    ],
)
def test_capital(written: str, amount: int, currency: str) -> None:
    assert capital(written) == (amount, currency)


@pytest.mark.parametrize("written", ["N/A", "", "—", "无", " N/A "])
def test_no_capital(written: str) -> None:
    assert capital(written) is None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1,200()", "注册资本没有单位，不知道是元还是万元"),
        ("1200", "注册资本没有单位，不知道是元还是万元"),
        ("1,0000000(万)", "千分位逗号的位置不对，数额不能确定"),
        ("50(万里亚尔)", "不认识的币种“里亚尔”"),
        ("五十万元", "注册资本看不懂，要写成 350万元人民币 这样"),
        ("-50万元", "注册资本看不懂，要写成 350万元人民币 这样"),
        ("9" * 20 + "亿元", "注册资本大得不合理"),
        ("٣٥٠万元", "注册资本看不懂，要写成 350万元人民币 这样"),
    ],
)
def test_refused_capital(written: str, why: str) -> None:
    with pytest.raises(BadValue) as caught:
        capital(written)
    assert str(caught.value) == why


def test_the_heading_gives_the_unit_of_bare_numbers() -> None:
    assert capital("1200", "万元") == (1_200_000_000, "CNY")
    assert capital("5万美元", "万元") == (5_000_000, "USD")


@given(st.integers(0, 10**10), st.sampled_from(["万元", "元", "亿元"]))
def test_whole_amounts_come_back_exactly(number: int, unit: str) -> None:
    times = {"元": 1, "万元": 10_000, "亿元": 100_000_000}[unit]
    for written in (f"{number}{unit}", f"{number:,}({unit}人民币)", f"{number}（{unit}）"):
        if number * times * 100 <= LARGEST:
            assert capital(written) == (number * times * 100, "CNY")


@given(st.text(max_size=30))
def test_any_text_is_an_amount_nothing_or_refused(text: str) -> None:
    try:
        found = capital(text)
    except BadValue:
        return
    assert found is None or (0 <= found[0] <= LARGEST and minor(1, found[1]) >= 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["2019-04-25", "2019/4/25", "2019.04.25", "2019年4月25日", "20190425", "2019-04-25 00:00:00"])
def test_dates(written: str) -> None:
    assert day(written, TODAY) == date(2019, 4, 25)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("2019-02-29", "没有这一天"),
        ("2027-01-01", "日期在今天之后"),
        ("1700-01-01", "日期早于 1840 年"),
        ("去年", "日期看不懂，要写成 2019-04-25 这样"),
        ("43580", "日期看不懂，要写成 2019-04-25 这样"),
    ],
)
def test_refused_dates(written: str, why: str) -> None:
    with pytest.raises(BadValue) as caught:
        day(written, TODAY)
    assert str(caught.value) == why


def test_credit_codes() -> None:
    assert credit_code(" 91310114 768785343a ") == "91310114768785343A"
    assert credit_code("９１３１０１１４７６８７８５３４３Ａ") == "91310114768785343A"
    for written, why in (
        ("91510100794945304Y", "统一社会信用代码的校验码不对：末位应为 1，这里是 Y"),
        ("9151010079494530", "统一社会信用代码要 18 位，这里是 16 位"),
        ("91650100MA0TEST05X", "统一社会信用代码里有不该出现的字符"),
    ):
        with pytest.raises(BadValue) as caught:
            credit_code(written)
        assert str(caught.value) == why


def test_plain_text() -> None:
    assert plain("  甲公司 ", 10) == "甲公司"
    assert plain("甲\x07乙", 10) == "甲 乙"
    assert plain("N/A", 10) == ""
    for written in ("=1+1", "@SUM(A1)"):
        with pytest.raises(BadValue):
            plain(written, 10)
    with pytest.raises(BadValue):
        plain("字" * 11, 10)


def test_every_currency_of_the_register_can_be_stored_and_shown() -> None:
    assert set(CURRENCIES.values()) <= set(MINOR) and set(MINOR) <= set(NAMES)
