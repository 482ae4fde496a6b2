"""A fund manager: finds a real company among 21,700, reads what was addressed to the fund and nothing else, goes to a roadshow."""

import re
import warnings
from collections.abc import Callable

import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from portal.cli.demo.board import code, enterprises
from tests.journeys.person import Someone

REAL = ("上海峥鑫机电设备有限公司", "91310114631514454L", ("峥鑫机电", "zxjdsb", "91310114631514454L"), "上海市")
INVENTED = ("天山精密轴承股份有限公司", code(1), ("精密轴承", "tsjmzc", code(1)), "新疆维吾尔自治区")
MINE = ("2026 年三季度经营数据", "3.6 米变桨轴承通过台架试验")
NOT_MINE = ("设备更新项目说明", "轴承钢管扩产计划", "B 轮融资说明")


@pytest.fixture
def fund(somebody: Callable[..., Someone]) -> Someone:
    return somebody("fund")


def count(someone: Someone) -> int:
    """How many enterprises the page says it found."""
    return int(someone.page.locator("#screen [role=status]").inner_text().split()[0].replace(",", ""))


def test_finds_a_company_in_the_register(fund: Someone) -> None:
    name, uscc, words, province = REAL if fund.site.registered else INVENTED
    if not fund.site.registered:
        warnings.warn("the register of real companies is not beside the project: searched the fictional board alone", stacklevel=1)
    fund.follow("企业", "header")
    assert count(fund) == len(enterprises())
    fund.page.get_by_label("包括非专板的登记企业").check()
    fund.page.wait_for_url("**scope=all**")
    everything = len(enterprises()) + fund.site.registered
    expect(fund.page.locator("#screen [role=status]")).to_have_text(f"{everything:,} 家企业")

    for word in words:
        fund.page.get_by_role("combobox", name="搜索企业").fill(word)
        fund.page.get_by_role("button", name="搜索").click()
        fund.page.wait_for_url(lambda address, word=word: "scope=all" in address)
        expect(fund.page.locator("#screen").get_by_role("link", name=name)).to_be_visible()
    fund.follow(name)
    fund.sees(uscc)
    if fund.site.registered:
        fund.sees("只有登记信息")

    fund.go("/enterprises?scope=all")
    tick = fund.page.locator("fieldset").get_by_label(province)
    told = int(re.sub(r"\D", "", fund.page.locator("label", has=tick).or_(tick.locator("xpath=..")).first.inner_text()))
    tick.check()
    fund.page.wait_for_url("**province=**")
    expect(fund.page.locator("#screen [role=status]")).to_have_text(f"{told:,} 家企业")
    expect(fund.page.get_by_label(province)).to_be_checked()


def test_suggestions_lead_to_the_enterprise(fund: Someone) -> None:
    fund.go("/enterprises")
    box = fund.page.get_by_role("combobox", name="搜索企业")
    box.press_sequentially("tsjmzc", delay=30)
    expect(fund.page.get_by_role("option", name="天山精密轴承")).to_be_visible()
    box.press("Escape")
    expect(fund.page.get_by_role("option", name="天山精密轴承")).to_be_hidden()
    box.press("ArrowDown")
    box.press("Enter")
    fund.page.wait_for_url(f"**/enterprises/{code(1)}")


@pytest.mark.clause("七")
def test_reads_what_was_addressed_to_it_and_nothing_else(fund: Someone, somebody: Callable[..., Someone]) -> None:
    fund.go(f"/enterprises/{code(1)}")
    fund.sees("演示企业")
    fund.sees("主轴轴承转速系数")  # the section opened to qualified investors
    fund.sees_nothing_of("许南樵 总经理")  # the one that was not
    fund.follow(MINE[0])
    fund.sees("在手订单 14,800 万元")
    fund.sees("A 轮投资协议第 8.2 条")
    assert fund.download(fund.page.get_by_role("link", name="下载2026 年三季度经营数据.pdf"))[:5] == b"%PDF-"

    for path in ("/", "/disclosures", "/disclosures?q=轴承", "/disclosures?q=设备", f"/enterprises/{code(1)}", f"/enterprises/{code(2)}",
                 "/enterprises?q=设备更新", "/evidence"):  # fmt: skip
        fund.go(path)
        fund.sees_nothing_of(*NOT_MINE)
    fund.go("/disclosures")
    for title in MINE:
        fund.sees(title)

    for username, title in (("bank", NOT_MINE[0]), ("fund2", NOT_MINE[1])):
        other = somebody(username)
        other.go("/disclosures")
        other.follow(title)
        hidden = other.page.url.removeprefix(fund.site.base)
        assert fund.fetch(hidden)[0] == 404
        assert fund.fetch(hidden)[2].count(b"404") == fund.fetch("/disclosures/aaaaaaaaaaaaaaaa")[2].count(b"404")


@pytest.mark.clause("十")
def test_registers_for_a_roadshow_and_takes_it_into_the_calendar(fund: Someone) -> None:
    fund.follow("路演", "header")
    fund.follow("高端装备专场路演")
    fund.sees("有余位")
    fund.press("报名")
    fund.sees("已报名")
    page = fund.page.url
    calendar = Calendar.from_ical(fund.download(fund.page.get_by_role("link", name="加进日历")))
    [event] = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "高端装备专场路演"
    assert event.decoded("DTSTART").utcoffset() is not None
    assert event.decoded("DTSTART") < event.decoded("DTEND")
    fund.go("/roadshows")
    fund.sees("已报名")

    fund.go(page.removeprefix(fund.site.base))
    fund.follow("取消报名")
    fund.press("取消报名")
    expect(fund.page.locator("main").get_by_role("button", name="报名")).to_be_visible()
