"""What people type, read exactly or refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.financing.amounts import fen_to_wan, percent_to_points, wan_to_fen, whole_months


@pytest.mark.parametrize(
    ("text", "fen"),
    [("350", 350_000_000), ("1,000.5", 1_000_500_000), (" ３５０ 万元 ", 350_000_000), ("0.000001", 1), ("12.500000000", 12_500_000),
     ("10000000", 10_000_000_000_000)],
)  # fmt: skip
def test_amounts_are_exact(text: str, fen: int) -> None:
    assert wan_to_fen(text) == fen


@pytest.mark.parametrize(
    ("text", "word"),
    [("-3", "大于 0"), ("−3", "大于 0"), ("0", "大于 0"), ("0.00", "大于 0"), ("NaN", "写数字"), ("inf", "写数字"), ("1e5", "写数字"),
     ("1,00", "写数字"), ("三百", "写数字"), ("3.", "写数字"), ("٣٥٠", "写数字"), ("350元", "万元为单位"), ("2亿", "万元为单位"),
     ("0.0000001", "精确到分"), ("10000001", "不能超过"), ("9" * 400, "不能超过")],
)  # fmt: skip
def test_amounts_are_refused_with_a_sentence(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        wan_to_fen(text)


@given(st.integers(1, 10_000_000_000_000))
def test_an_amount_survives_the_way_through_a_form(fen: int) -> None:
    assert wan_to_fen(fen_to_wan(fen)) == fen


@given(st.text(max_size=12))
def test_no_text_is_an_accident(text: str) -> None:
    for read in (wan_to_fen, percent_to_points, whole_months):
        try:
            assert isinstance(read(text), int)
        except ValueError as error:
            assert str(error).endswith("。")


def test_rates_and_terms() -> None:
    assert percent_to_points("3.85%") == 385
    assert percent_to_points("0") == 0
    assert whole_months("24 个月") == 24
    for read, text in ((percent_to_points, "3.855"), (percent_to_points, "101"), (whole_months, "0"), (whole_months, "1.5"), (whole_months, "9999")):
        with pytest.raises(ValueError, match="。"):
            read(text)
