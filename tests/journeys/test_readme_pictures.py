"""The three pictures of README, taken from the running portal. PORTAL_PICTURES=write puts new ones into docs/pictures."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from portal.cli.demo.board import code
from portal.config import ROOT
from tests.journeys.person import Someone

PICTURES = ROOT / "docs" / "pictures"
LARGEST = 250_000  # octets
WIDTH, HEIGHT = 1280, 900
COLOURS = 256  # enough for a page of flat colours and grey edges of letters


def screening(somebody: Callable[..., Someone]) -> Someone:
    fund = somebody("fund")
    fund.go("/enterprises?q=轴承&scope=all")
    fund.sees("家企业")
    return fund


def disclosure(somebody: Callable[..., Someone]) -> Someone:
    fund = somebody("fund")
    fund.go(f"/enterprises/{code(1)}")
    fund.follow("2026 年三季度经营数据")
    fund.sees("你为何能看到这些")
    return fund


def report(somebody: Callable[..., Someone]) -> Someone:
    firm = somebody("enterprise")
    firm.go("/reports")
    firm.follow("2025 年年度报告")
    firm.follow("利润表")
    firm.sees("营业收入")
    return firm


def reduced(shot: bytes) -> bytes:
    """The same picture with a palette: a third of the size, and nobody sees the difference."""
    out = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


@pytest.mark.parametrize("show", [screening, disclosure, report])
def test_the_pictures_of_the_readme(show: Callable[..., Someone], somebody: Callable[..., Someone], tmp_path: Path) -> None:
    someone = show(somebody)
    someone.page.evaluate("() => document.fonts.ready")
    picture = reduced(someone.page.screenshot(animations="disabled"))
    taken = tmp_path / f"{show.__name__}.png"
    taken.write_bytes(picture)
    kept = PICTURES / taken.name
    if os.environ.get("PORTAL_PICTURES") == "write":
        PICTURES.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(picture)
    assert len(picture) < LARGEST
    for file in (taken, kept):
        assert file.stat().st_size < LARGEST
        with Image.open(file) as image:
            assert image.size == (WIDTH, HEIGHT)
            assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20  # a page, not a blank sheet
