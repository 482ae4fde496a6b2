"""Whoever comes: every link leads somewhere, every page holds at both widths, and those without a right see nothing of the board."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from portal.cli.demo.board import ACCOUNTS, enterprises
from portal.core.clock import today
from tests.journeys.person import Someone, enter, sign_in
from tests.journeys.site import Site
from tests.journeys.walking import Walk

BEHIND = ("/", "/enterprises", "/disclosures", "/roadshows", "/credit-products", "/applications", "/reports", "/evidence", "/account", "/operator/organisations")


@pytest.fixture(scope="module")
def window(browser: Browser, site: Site) -> Iterator[Someone]:
    """One browser window that people use one after another, so that fonts and styles are fetched once."""
    someone = enter(browser, site)
    yield someone
    someone.context.close()


@pytest.fixture(scope="module")
def examined() -> set[str]:
    """Patterns of pages that axe-core has seen: it takes a second each, so each make is examined once, by the first who gets there."""
    return set()


@pytest.mark.parametrize("username", [account.username for account in ACCOUNTS])
def test_walks_every_link(username: str, window: Someone, examined: set[str]) -> None:
    window.context.clear_cookies()
    walk = Walk(sign_in(window, username), examined).from_start("/")
    assert walk.faults == []
    assert len(walk.pages) >= 4
    if username == "visitor":
        names = [invented.name for invented in enterprises()]
        shown = {path: [name for name in names if name in text] for path, text in walk.pages.items()}
        assert not {path: found for path, found in shown.items() if found}


def test_nobody_sees_only_the_door(somebody: Callable[..., Someone], examined: set[str]) -> None:
    nobody = somebody()
    walk = Walk(nobody, examined).from_start("/sign-in")
    assert walk.faults == []
    for path in BEHIND:
        nobody.go(path)
        assert nobody.page.url.startswith(f"{nobody.site.base}/sign-in"), path
        nobody.sees_nothing_of(*(invented.uscc for invented in enterprises()))


def test_by_keyboard_alone(somebody: Callable[..., Someone]) -> None:
    """From the address bar to a signed-in reader of a disclosure, without a mouse."""
    fund = somebody()
    keys = fund.page.keyboard
    fund.go("/sign-in")
    fund.page.locator("[name=username]").focus()
    keys.type("fund")
    keys.press("Tab")
    keys.type(fund.site.password)
    keys.press("Enter")
    fund.page.wait_for_url(f"{fund.site.base}/")

    keys.press("Tab")
    expect(fund.page.get_by_role("link", name="跳到正文")).to_be_focused()
    keys.press("Enter")
    tab_to(fund, "2026 年三季度经营数据")
    keys.press("Enter")
    fund.page.wait_for_url("**/disclosures/*")
    fund.sees("你为何能看到这些")

    menu = fund.page.locator("[data-menu]")
    menu.locator("summary").focus()
    keys.press("Enter")
    expect(menu).to_have_attribute("open", "")
    keys.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_the_narrow_menu_closes_with_escape(somebody: Callable[..., Someone]) -> None:
    fund = somebody("fund", width=390)
    button = fund.page.get_by_role("button", name="导航")
    expect(fund.page.locator("#nav")).to_be_hidden()
    button.focus()
    fund.page.keyboard.press("Enter")
    expect(fund.page.locator("#nav")).to_be_visible()
    fund.page.keyboard.press("Escape")
    expect(fund.page.locator("#nav")).to_be_hidden()
    expect(button).to_be_focused()


def tab_to(someone: Someone, words: str, most: int = 40) -> None:
    """Press Tab until what reads `words` has the focus; it may not take more than `most` steps."""
    for _ in range(most):
        someone.page.keyboard.press("Tab")
        if words in someone.page.evaluate("() => document.activeElement.textContent + (document.activeElement.getAttribute('aria-label') ?? '')"):
            return
    raise AssertionError(f"{words} is more than {most} steps of the Tab key away")


def test_without_scripts(somebody: Callable[..., Someone]) -> None:
    """Sign in, search, narrow, read, write, publish: forms and links alone."""
    fund = somebody("fund", scripts=False)
    fund.go("/enterprises")
    fund.page.locator("#q").fill("精密轴承")
    fund.press("搜索")
    fund.sees("天山精密轴承股份有限公司")
    fund.go("/enterprises")
    fund.page.locator("fieldset").get_by_label("培育层").check()
    fund.press("应用筛选")
    assert "tier=cultivation" in fund.page.url
    fund.page.locator("main [name=sort]").select_option(label="注册资本从高到低")
    fund.press("排序")
    assert "tier=cultivation" in fund.page.url and "sort=capital" in fund.page.url

    firm = somebody("enterprise", scripts=False)
    firm.go("/disclosures/new")
    firm.fill(title="不用脚本写的快讯", body="新线投产。")
    firm.press("存草稿，去选对象")
    firm.choose("赤谷创业投资管理有限公司")
    firm.fill(purpose="股权融资初步接触", until=(today() + timedelta(10)).isoformat())
    firm.press("预览")
    firm.sees("1家机构")
    firm.press("发布给 1 家")
    firm.sees("现在谁能读到")
    reader = somebody("fund2", scripts=False)
    reader.follow("不用脚本写的快讯")
    reader.sees("新线投产")
    reader.follow("路演", "header")
    reader.follow("高端装备专场路演")
    reader.press("报名")
    reader.sees("已报名")
