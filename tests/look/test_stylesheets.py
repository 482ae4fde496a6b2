"""The stylesheets: contrast of every pair of text and ground in both themes, nothing fetched from elsewhere, no file grown too long."""

import re

import pytest

from tests.look.stage import STATIC, TEMPLATES

SHEETS = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
TOKEN = re.compile(r"--p-([a-z0-9-]+):\s*(#[0-9a-f]{3,6})\s*;")
GROUNDS = ("paper", "surface", "sunken")
TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent", "accent-strong", "duty", "ok", "warn", "bad", "rise", "fall") for ground in GROUNDS),
    ("accent-strong", "accent-soft"), ("ink", "accent-soft"), ("ink-2", "accent-soft"), ("ink-3", "accent-soft"), ("accent", "accent-soft"), ("duty", "duty-soft"),
    ("ok", "ok-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("ink", "warn-soft"), ("ink", "bad-soft"), ("ink-2", "warn-soft"), ("ink-2", "bad-soft"),
    ("accent", "bad-soft"), ("accent", "warn-soft"), ("ink-2", "duty-soft"), ("on-accent", "accent"), ("on-accent", "accent-strong"), ("ink", "mark"), ("bar-ink", "bar"), ("bar-ink-2", "bar"), ("bar-on", "bar"),
    ("surface", "accent"), ("surface", "duty"), ("surface", "warn"),  # the characters of the seals
]
EDGE_PAIRS = [
    *((edge, ground) for edge in ("field", "accent", "bad", "warn") for ground in GROUNDS),
    *((f"chart-{number}", "surface") for number in (1, 2, 3, 4)),
]


def themes() -> dict[str, dict[str, str]]:
    """The colours of both themes; the dark one keeps what it does not change."""
    text = (STATIC / "css" / "tokens.css").read_text("utf-8")
    light, dark = text.split('[data-bs-theme="dark"] {')
    first = dict(TOKEN.findall(light))
    return {"light": first, "dark": {**first, **dict(TOKEN.findall(dark.split("}")[0]))}}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reads_on_its_ground(theme: str) -> None:
    colours = themes()[theme]
    assert [(pair, round(ratio, 2)) for pair in TEXT_PAIRS if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_that_carry_meaning_are_seen(theme: str) -> None:
    colours = themes()[theme]
    assert [(pair, round(ratio, 2)) for pair in EDGE_PAIRS if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 3] == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*SHEETS, *SCRIPTS]:
        text = path.read_text("utf-8")
        assert re.findall(r"@import|url\(|https?://", text) == [], path.name
    for path in TEMPLATES.rglob("*.html"):
        found = re.findall(r"""(?:src|href|action|hx-\w+)=["'](?:https?:)?//""", path.read_text("utf-8"))
        assert found == [], path.name


def test_every_sheet_is_linked_and_small() -> None:
    head = (TEMPLATES / "layouts" / "head.html").read_text("utf-8")
    linked = re.search(r"for sheet in \(([^)]*)\)", head)
    assert linked is not None
    assert sorted(re.findall(r"'([a-z]+)'", linked[1])) == [path.stem for path in SHEETS]
    assert [path.name for path in [*SHEETS, *SCRIPTS] if len(path.read_text("utf-8").splitlines()) > 300] == []


def test_every_token_that_is_used_exists() -> None:
    text = "".join(path.read_text("utf-8") for path in [*SHEETS, *SCRIPTS])
    defined = set(re.findall(r"(--p-[a-z0-9-]+):", text))
    assert set(re.findall(r"(--p-[a-z0-9-]+)", text)) - defined == set()


def test_what_systems_ask_for_is_answered() -> None:
    text = "".join(path.read_text("utf-8") for path in SHEETS)
    for wish in ("prefers-reduced-motion", "forced-colors", ":focus-visible"):
        assert wish in text
    assert 'media="print"' in (TEMPLATES / "layouts" / "head.html").read_text("utf-8")


def test_htmx_keeps_nothing_and_evaluates_nothing() -> None:
    head = (TEMPLATES / "layouts" / "head.html").read_text("utf-8")
    for setting in ('"allowEval":false', '"historyCacheSize":0', '"selfRequestsOnly":true', '"includeIndicatorStyles":false', '"allowScriptTags":false'):
        assert setting in head


def test_scripts_write_no_markup_and_keep_only_the_theme() -> None:
    text = "".join(path.read_text("utf-8") for path in SCRIPTS)
    assert re.findall(r"innerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|sessionStorage|document\.cookie", text) == []
    assert set(re.findall(r"localStorage\.\w+\((\"\w+\")", text)) == {'"theme"'}
