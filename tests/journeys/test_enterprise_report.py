"""An enterprise's annual report: loaded from a file, a broken total named at its cell, mended, checked by Arelle, filed, taken home."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal.cli.demo import statements
from portal.reports.concepts import concepts
from portal.reports.facts import Fact
from portal.reports.sheets import written
from tests.conftest import SHARED
from tests.journeys.person import Someone

REAL = SHARED / "filings" / "full_statements.csv"
YEAR = 2019
CHECKED = 60_000  # milliseconds for the queue and Arelle on a busy machine


def statements_file(folder: Path) -> Path:
    """The real statements beside the project, else a file of the demo's fictional ones."""
    if REAL.exists():
        return REAL
    lines = ["stock_code,company,year,statement,scope,item,current,prior"]
    years: dict[str, dict[int, Fact]] = {}
    for fact in statements.facts(YEAR):
        if concepts()[fact.concept].statement in ("BS", "IS", "CF"):
            years.setdefault(fact.concept, {})[fact.period.end.year] = fact
    for name, pair in years.items():
        figures = [written(pair[year].cell, pair[year].value).replace(",", "") if year in pair else "" for year in (YEAR, YEAR - 1)]
        lines.append(f"000000,演示,{YEAR},{concepts()[name].statement},consolidated,{concepts()[name].zh},{','.join(figures)}")
    made = folder / "statements.csv"
    made.write_text("\n".join(lines), "utf-8")
    return made


def begin(firm: Someone, file: Path) -> str:
    """A draft read from the file; its address."""
    firm.follow("报告", "header")
    firm.page.locator("main").get_by_role("link", name=re.compile("新建报告|年年度报告")).first.click()
    firm.fill(year=str(YEAR))
    firm.page.locator("main [name=file]").set_input_files(str(file))
    firm.press("建草稿")
    firm.sees("从文件读入")
    return firm.page.url.removeprefix(firm.site.base)


@pytest.mark.clause("十五")
def test_from_the_file_to_the_filing(somebody: Callable[..., Someone], tmp_path: Path) -> None:
    firm = somebody("enterprise2")
    report = begin(firm, statements_file(tmp_path))
    firm.follow("资产负债表")
    total = firm.page.locator(f"[id='f.TotalAssets.{YEAR}1231.consolidated']")
    right = total.input_value()
    total.fill(right[:-1] + str((int(right[-1]) + 1) % 10))
    firm.press("保存")
    firm.sees("资产总计比各项之和")
    expect(total).to_have_attribute("aria-invalid", "true")
    firm.go(report)
    firm.sees("挡住报送")
    assert firm.fetch(f"{report}/xbri")[0] == 404

    firm.follow("资产总计")
    firm.press(f"改为 {right}")
    expect(total).to_have_value(right)
    firm.follow("公司与文字")
    span = f"{YEAR}0101-{YEAR}1231.consolidated"
    firm.page.locator(f"[name='f.ReportApprovalDate.{span}']").fill(f"{YEAR + 1}-04-20")
    firm.page.locator(f"[name='f.IsAudited.{span}']").select_option("true")
    firm.press("保存")

    firm.go(report)
    firm.press("完整校验")
    file_it = firm.page.get_by_role("button", name=re.compile("报送第"))
    file_it.wait_for(timeout=CHECKED)  # the page asks by itself and is loaded anew when the check is done
    file_it.click()
    firm.sees("报送回执")
    package = firm.download(firm.page.get_by_role("link", name=re.compile("报告包")).first)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert any(name.endswith((".xhtml", ".html")) for name in archive.namelist())

    operator = somebody("operator")
    operator.follow("报送情况", "header")
    operator.sees(f"{YEAR} 年年度报告")
    operator.sees("石河子砾川轴承钢管有限公司")
    assert {operator.fetch(f"{report}{part}")[0] for part in ("", "/xbri", "/xhtml", "/sheet")} <= {403, 404}
    assert {somebody("fund").fetch(f"{report}{part}")[0] for part in ("", "/xbri")} <= {403, 404}
