"""Places and industries: lists, names both ways, registers' short forms."""

import pytest

from portal.enterprises import industries, regions
from portal.enterprises.regions import Resolved


def test_there_are_34_provinces_with_short_names() -> None:
    shorts = [place.short for place in regions.provinces()]
    assert len(shorts) == 34
    assert shorts[:5] == ["北京", "天津", "河北", "山西", "内蒙古"]
    assert {"新疆", "广西", "宁夏", "西藏"} < set(shorts)


def test_cities_in_lists_are_present_ones() -> None:
    assert [place.short for place in regions.cities("520000")] == [
        "贵阳", "六盘水", "遵义", "安顺", "毕节", "铜仁", "黔西南", "黔东南", "黔南",
    ]  # fmt: skip
    shanghai = [place.short for place in regions.cities("310000")]
    assert len(shanghai) == 16 and "闸北" not in shanghai and "浦东" in shanghai


@pytest.mark.parametrize(
    ("province", "city", "address", "found"),
    [
        ("新疆", "乌鲁木齐", "新疆乌鲁木齐市天山区人民路1号", Resolved("650000", "650100", "650102")),
        ("新疆维吾尔自治区", "乌鲁木齐市", "", Resolved("650000", "650100")),
        ("新疆", "石河子", "", Resolved("650000", "659000", "659001")),
        ("新疆", "巴音郭楞", "", Resolved("650000", "652800")),
        ("吉林", "延边州", "", Resolved("220000", "222400")),
        ("吉林", "吉林", "", Resolved("220000", "220200")),
        ("上海", "浦东", "", Resolved("310000", "310100", "310115")),
        ("上海", "闸北", "", Resolved("310000", "310100", "310108")),
        ("重庆", "石柱", "", Resolved("500000", "500200", "500240")),
        ("海南", "省直辖县", "", Resolved("460000", "469000")),
        ("辽宁", "朝阳", "", Resolved("210000", "211300")),
        ("辽宁", "沈抚新区", "", Resolved("210000")),
        ("火星", "乌鲁木齐", "", Resolved()),
        ("", "", "", Resolved()),
    ],
)
def test_a_registers_words_are_resolved(province: str, city: str, address: str, found: Resolved) -> None:
    assert regions.resolve(province, city, address) == found


def test_an_address_that_names_two_districts_decides_nothing() -> None:
    assert regions.resolve("新疆", "乌鲁木齐", "天山区与沙依巴克区之间").district is None


def test_places_in_words() -> None:
    assert regions.words("650000", "650100", "650102") == "新疆 乌鲁木齐"
    assert regions.words("310000", "310100", "310115") == "上海 浦东"
    assert regions.words("650000", "659000", "659001") == "新疆 石河子"
    assert regions.words("650000", None) == "新疆"
    assert regions.words(None, None) == ""
    assert regions.words("999999", "x") == ""


def test_industries_of_the_standard() -> None:
    assert [section.code for section in industries.sections()] == list("ABCDEFGHIJKLMNOPQRST")
    assert sum(len(industries.within(section.code)) for section in industries.sections()) == 97
    assert [step.code for step in industries.path("3451")] == ["C", "34", "345", "3451"]
    assert industries.words("3451") == "3451 滚动轴承制造"
    assert industries.words("1311") == "1311 农副食品加工业"
    assert industries.words(None) == ""


@pytest.mark.parametrize(("text", "code"), [("C3451", "3451"), ("3451", "3451"), ("34", "34"), ("c", "C"), ("9999", None), ("Z", None), ("34512", None), ("x1", None)])
def test_codes_in_their_plain_form(text: str, code: str | None) -> None:
    assert industries.standard_code(text) == code
