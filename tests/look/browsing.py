"""What a real browser is asked about a page: does anything stick out, is anything refused or broken, what does axe-core say."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1)
    .slice(0, 5).map((e) => `${e.tagName} ${e.getAttribute("class") ?? ""} to ${Math.round(e.getBoundingClientRect().right)} of ${width}`);
}"""


def sticks_out(page: Page) -> list[str]:
    """What makes the page scroll sideways; empty when nothing does."""
    return list(page.evaluate(WIDER))


def serious_faults(page: Page) -> list[str]:
    """Serious and critical violations of WCAG 2.2 A and AA that axe-core finds, one line each."""
    page.evaluate(AXE)  # through the debugger, so the page's own policy stays as strict as it is
    found = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [f"{fault['id']}: {node['html'][:160]} {'; '.join(check['message'] for check in node['any'])[:200]}"
            for fault in found["violations"] if fault["impact"] in ("serious", "critical") for node in fault["nodes"]]


def listen(page: Page) -> list[str]:
    """A list that fills with what the page's console and scripts complain about (refusals of the CSP among them)."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
