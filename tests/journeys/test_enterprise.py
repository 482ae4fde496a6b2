"""An enterprise: writes a disclosure and gives it to one fund, sees who read it, takes it back; applies for credit; files its report."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.cli.demo.paper import pdf
from portal.core.clock import today
from tests.journeys.person import Someone

TITLE = "十一月产能简报"
FUND, OTHER = "砚台山私募基金管理有限公司", "赤谷创业投资管理有限公司"


def write(firm: Someone) -> None:
    """A draft with a PDF, on to choosing its readers."""
    firm.follow("披露", "header")
    firm.follow("写一项披露")
    firm.fill(title=TITLE, body="变桨轴承二线月产能 260 套。\n\n主轴轴承线满负荷。")
    paper = pdf(TITLE, "天山精密轴承股份有限公司", ["变桨轴承二线月产能 260 套。"])
    firm.page.locator("main [name=file]").set_input_files({"name": "简报.pdf", "mimeType": "application/pdf", "buffer": paper})
    firm.press("存草稿，去选对象")


def publish(firm: Someone) -> str:
    """Choose one fund, look at who would read it, publish; the item's address."""
    firm.choose(FUND)
    firm.fill(purpose="产能核实", until=(today() + timedelta(30)).isoformat())
    preview = firm.page.locator("#preview")
    preview.get_by_role("button", name="发布给 1 家").wait_for()  # counted while choosing
    assert FUND in preview.inner_text() and OTHER not in preview.inner_text()
    firm.press("发布给 1 家")
    firm.sees("现在谁能读到")
    return firm.page.url.removeprefix(firm.site.base)


@pytest.mark.clause("七")
@pytest.mark.clause("八")
def test_gives_a_disclosure_sees_its_reader_and_takes_it_back(somebody: Callable[..., Someone]) -> None:
    firm, fund, other = somebody("enterprise"), somebody("fund"), somebody("fund2")
    write(firm)
    draft = re.search(r"/disclosures/\w+", firm.page.url).group()  # type: ignore[union-attr]
    assert fund.fetch(draft)[0] == 404
    address = publish(firm)
    assert address == draft
    firm.sees("还没有人打开过")

    fund.go("/disclosures")
    fund.follow(TITLE)
    fund.sees("产能核实")
    document = fund.page.get_by_role("link", name="简报.pdf").first.get_attribute("href") or ""
    assert fund.fetch(document)[0] == 200
    assert other.fetch(address)[0] == other.fetch(document)[0] == 404
    other.go("/disclosures")
    other.sees_nothing_of(TITLE)

    firm.go(address)
    firm.sees("罗砚秋")
    firm.sees(FUND)
    firm.page.get_by_role("link", name=re.compile(f"撤销\\s*{FUND}")).click()
    firm.sees("从现在起打不开它")
    firm.press("撤销")
    firm.sees("没有人能读到它")
    fund.go(address, status=404)
    assert fund.fetch(document)[0] == 404
    fund.go("/disclosures")
    fund.sees_nothing_of(TITLE)


def test_a_file_that_is_no_pdf_is_refused_at_its_field(somebody: Callable[..., Someone]) -> None:
    firm = somebody("enterprise2")
    firm.go("/disclosures/new")
    firm.fill(title="附件不对")
    wrong = {"name": "简报.pdf", "mimeType": "application/pdf", "buffer": b"PK\x03\x04 no PDF at all"}
    firm.page.locator("main [name=file]").set_input_files(wrong)
    firm.press("存草稿")
    firm.sees("PDF")
    assert firm.page.locator("main .form-error").count() >= 1
    firm.go("/disclosures")
    firm.sees_nothing_of("附件不对")
