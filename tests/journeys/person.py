"""Somebody at work in the portal: a browser context of their own, signed in through the form, with ears for what a page complains about."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from tests.journeys.site import Site
from tests.look.browsing import listen

WAIT = 15_000  # milliseconds: two busy cores are slow, not broken
WIDE = {"width": 1280, "height": 900}


@dataclass
class Someone:
    """One person in one browser window."""

    site: Site
    context: BrowserContext
    page: Page
    heard: list[str] = field(default_factory=list)

    def go(self, path: str, status: int = 200) -> Response:
        """Open a page by its address, and hold it to the status."""
        answer = self.page.goto(self.site.base + path)
        assert answer is not None and answer.status == status, f"{path}: {answer and answer.status}"
        return answer

    def follow(self, words: str, within: str = "main") -> None:
        """Click the first link that reads so."""
        self.page.locator(within).get_by_role("link", name=words).first.click()
        self.page.wait_for_load_state()

    def press(self, words: str) -> None:
        """Press the button that reads so, and wait for the page that answers."""
        self.page.locator("main").get_by_role("button", name=words).first.click()
        self.page.wait_for_load_state()

    def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").first.fill(value)

    def choose(self, label: str) -> None:
        """Tick what stands beside the words."""
        self.page.locator("main").get_by_label(label, exact=False).first.check()

    def sees(self, words: str) -> Locator:
        """The page's main part says so."""
        main = self.page.locator("main")
        expect(main).to_contain_text(words)
        return main

    def sees_nothing_of(self, *words: str) -> None:
        """Nothing on the whole page says so, menus and hidden parts included."""
        text = self.page.content()
        assert not [word for word in words if word in text], [word for word in words if word in text]

    def fetch(self, path: str) -> tuple[int, str, bytes]:
        """Ask for an address with this person's cookies, without showing it: status, type, body."""
        answer = self.context.request.get(self.site.base + path, max_redirects=0)
        return answer.status, answer.headers.get("content-type", ""), answer.body()

    def download(self, link: Locator) -> bytes:
        """What the browser saves when the link is clicked."""
        with self.page.expect_download() as saved:
            link.click()
        return saved.value.path().read_bytes()


def enter(browser: Browser, site: Site, *, scripts: bool = True, width: int = 1280) -> Someone:
    """Somebody who has only opened a browser."""
    context = browser.new_context(viewport={**WIDE, "width": width}, locale="zh-CN", java_script_enabled=scripts, reduced_motion="reduce")
    context.set_default_timeout(WAIT)
    page = context.new_page()
    return Someone(site, context, page, listen(page))


def sign_in(someone: Someone, username: str) -> Someone:
    """Through the form, as anybody would."""
    someone.go("/sign-in")
    someone.fill(username=username, password=someone.site.password)
    someone.press("登录")
    assert someone.page.url == f"{someone.site.base}/", someone.page.locator("main").inner_text()[:300]
    return someone
