"""The look in a real Chromium under the strict policy: both themes, both widths, with and without scripts, by keyboard."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.look.browsing import listen, serious_faults, sticks_out
from tests.look.stage import ROOT, environment, frame

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SEARCH = """{% extends "layouts/base.html" %}{% import "components/ui.html" as ui %}{% block title %}企业{% endblock %}{% block main %}
{{ ui.page_head('企业') }}{{ ui.search_box('/found', suggest_url='/suggest') }}
<form method="post" action="/slow"><input type="hidden" name="csrf_token" value="t">{{ ui.button('报名', 'go') }}</form>{% endblock %}"""
SUGGESTIONS = """<ul role="group" aria-label="企业"><li role="option" id="s1" aria-selected="false" data-href="/enterprises/1"><span>天山<mark>轴承</mark></span></li>
<li role="option" id="s2" aria-selected="false" data-value="轴承钢"><span>轴承钢</span></li></ul>"""


class Stage(SimpleHTTPRequestHandler):
    """Static files as they are; pages rendered from the templates; everything under the portal's policy."""

    posts = 0

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def _page(self) -> str | None:
        env, path = environment(), self.path.split("?")[0]
        if path == "/components":
            return env.get_template("development/components.html").render(**frame())
        if path.startswith("/errors/"):
            return env.get_template(f"{path[1:]}.html").render(**frame(status=404, title="没有这个页面，或你无权知道它", text="三种情况看起来一样，这是有意的。", reference="r-7c19e2"))
        if path == "/suggest":
            return SUGGESTIONS
        if path in ("/search", "/found", "/enterprises/1"):
            return env.from_string(SEARCH).render(**frame())
        return None

    def do_GET(self) -> None:  # noqa: N802 - named by the base class
        page = self._page()
        if page is None:
            super().do_GET()
        else:
            self._answer(page)

    def do_POST(self) -> None:  # noqa: N802 - named by the base class
        type(self).posts += 1
        threading.Event().wait(0.3)
        self._answer(environment().from_string(SEARCH).render(**frame()))

    def _answer(self, page: str) -> None:
        body = page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests say what went wrong; the server's own log would only hide it."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Stage, directory=str(ROOT)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Any]:
    contexts = []

    def go(path: str, width: int = 1280, theme: str = "light", scripts: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, java_script_enabled=scripts, locale="zh-CN", base_url=address)
        contexts.append(context)
        page = context.new_page()
        page.heard = listen(page)
        page.goto(path)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (320, "light")])
def test_the_component_page(opened: Any, width: int, theme: str) -> None:
    page = opened("/components", width, theme)
    expect(page.locator("figure svg").first).to_be_visible()
    assert sticks_out(page) == []
    assert serious_faults(page) == []
    assert page.heard == []
    assert page.locator("html").get_attribute("data-bs-theme") == theme


@pytest.mark.parametrize(("name", "width"), [("error", 1280), ("error", 390), ("bare", 390), ("down", 390)])
def test_error_pages(opened: Any, width: int, name: str) -> None:
    page = opened(f"/errors/{name}", width)
    assert sticks_out(page) == []
    assert serious_faults(page) == []
    assert page.heard == []


def test_the_checks_of_this_file_can_fail(opened: Any) -> None:
    page = opened("/search", 390)
    page.evaluate("""() => { const wide = document.createElement("p"); wide.textContent = "x"; wide.className = "bad-demo"; wide.style.width = "900px";
        document.querySelector("main").append(wide); const box = document.createElement("input"); document.querySelector("main").append(box);
        const inline = document.createElement("div"); inline.setAttribute("style", "color:red"); document.body.append(inline); }""")
    assert sticks_out(page) != []
    assert any(fault.startswith("label:") for fault in serious_faults(page))
    assert any("Content Security Policy" in line for line in page.heard)


def test_icons_are_painted_from_the_sprite(opened: Any) -> None:
    page = opened("/components")
    page.wait_for_load_state("networkidle")
    size = page.locator(".icon-list use").first.evaluate("(use) => use.getBBox().width")
    assert size > 5


def test_the_chosen_theme_is_remembered(opened: Any) -> None:
    page = opened("/search")
    page.get_by_role("button", name="切换深色或浅色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_navigation_and_account_menu_on_a_phone(opened: Any) -> None:
    page = opened("/search", 390)
    entry = page.get_by_role("link", name="路演")
    expect(entry).to_be_hidden()
    page.get_by_role("button", name="导航").click()
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    page.locator("[data-menu] summary").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    assert sticks_out(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出")).to_be_hidden()


def test_everything_is_reachable_without_scripts(opened: Any) -> None:
    page = opened("/search", 390, scripts=False)
    expect(page.get_by_role("link", name="路演")).to_be_visible()
    expect(page.get_by_role("button", name="切换深色或浅色")).to_be_hidden()
    page.locator("[data-menu] summary").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.locator("[data-menu] summary").click()
    page.locator("#q").fill("轴承")
    page.get_by_role("button", name="搜索").click()
    assert page.url.endswith("/found?q=%E8%BD%B4%E6%89%BF")


def test_suggestions_by_keyboard(opened: Any) -> None:
    page = opened("/search")
    box = page.get_by_role("combobox")
    box.press_sequentially("轴承")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert serious_faults(page) == []
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "s1")
    box.press("Escape")
    expect(page.locator(".suggest")).to_be_hidden()
    assert box.input_value() == "轴承"
    box.press("ArrowUp")
    expect(box).to_have_attribute("aria-activedescendant", "s2")
    box.press("Enter")
    page.wait_for_url("**/found?q=*")
    box = page.get_by_role("combobox")
    box.press_sequentially("轴承")
    expect(page.get_by_role("option").first).to_be_visible()
    page.get_by_role("option").first.click()
    page.wait_for_url("**/enterprises/1")
    assert page.heard == []


def test_a_form_is_sent_once(opened: Any) -> None:
    page = opened("/search")
    before = Stage.posts
    page.get_by_role("button", name="报名").dblclick()
    page.wait_for_url("**/slow")
    assert Stage.posts - before == 1


def test_the_first_tab_leads_to_the_text(opened: Any) -> None:
    page = opened("/search")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_print_is_light_and_without_navigation(opened: Any) -> None:
    page = opened("/components", theme="dark")
    page.emulate_media(media="print")
    assert page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("header.bar")).to_be_hidden()
