"""A crawler in the browser: every page that links lead to, looked at wide and narrow, with the faults it has in words."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page

from tests.journeys.person import Someone
from tests.look.browsing import serious_faults, sticks_out
from tests.look.markup import problems

DEEP = 2  # links away from the start page
ALIKE = 2  # pages of one pattern that are opened; further ones differ in content, not in make
WIDTHS = (1280, 390)
HEIGHT = 900
LINKS = "() => [...new Set([...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href')))]"
# What is saved, not shown; the crawler asks for it without a window.
FILES = re.compile(r"/documents/|download=1|\.(ics|csv|pub|atom|json|pdf|xbri|xml|html|zip)$|/evidence/checkpoint$|/reports/\w{16}/\w+$")


def pattern(path: str) -> str:
    """The address with ids, codes and values of its query taken out: pages of one make share it."""
    parts = urlsplit(path)
    steps = [("<id>" if re.fullmatch(r"[a-z0-9]{16}|[0-9A-Z]{18}|[a-z0-9-]*\d[a-z0-9-]{6,}", step) else step) for step in parts.path.split("/")]
    keys = sorted({key for key, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return "/".join(steps) + (f"?{'&'.join(keys)}" if keys else "")


@dataclass
class Walk:
    """What one person came across: pages opened with their text, files asked for, faults found."""

    someone: Someone
    examined: set[str] = field(default_factory=set)  # patterns that axe-core has seen already; shared between walks
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def from_start(self, *starts: str) -> "Walk":
        """Breadth first from the start pages."""
        alike: Counter[str] = Counter()
        waiting = deque((path, 0, "") for path in starts)
        seen = set(starts)
        while waiting:
            path, depth, come_from = waiting.popleft()
            alike[pattern(path)] += 1
            if alike[pattern(path)] > ALIKE:
                continue
            links = self._open(path, come_from)
            for link in links:
                if depth < DEEP and link.startswith("/") and not link.startswith("//") and (bare := link.split("#")[0]) and bare not in seen:
                    seen.add(bare)
                    waiting.append((bare, depth + 1, path))
        return self

    def _open(self, path: str, come_from: str) -> list[str]:
        if FILES.search(path):
            status, _, body = self.someone.fetch(path)
            self.files[path] = status
            if status != 200 or not body:
                self.faults.append(f"{path} (from {come_from}): {status}, {len(body)} octets")
            return []
        page, heard = self.someone.page, self.someone.heard
        heard.clear()
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        answer = page.goto(self.someone.site.base + path)
        if answer is None or answer.status != 200:
            self.faults.append(f"{path} (from {come_from}): {answer and answer.status}")
            return []
        self.pages[path] = page.content()
        self.faults += [f"{path}: {fault}" for fault in (*problems(answer.text()), *self._narrow_and_wide(page, path), *heard)]
        return list(page.evaluate(LINKS))

    def _narrow_and_wide(self, page: Page, path: str) -> list[str]:
        found = sticks_out(page)
        new = pattern(path) not in self.examined
        self.examined.add(pattern(path))
        if new:
            found += serious_faults(page)
        page.set_viewport_size({"width": WIDTHS[1], "height": HEIGHT})
        if new:
            page.reload()  # some behaviour is chosen when a page loads
        return found + [f"at {WIDTHS[1]}: {what}" for what in sticks_out(page)]
