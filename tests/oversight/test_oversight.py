"""The operator and the authorities see that reports were filed, and nothing of what they say."""

import csv
import io
from dataclasses import replace

import pytest
from lxml import html

from portal.access.principals import FIRST_FREE
from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database
from portal.oversight.panels import home_panel
from portal.oversight.services import HEADER, neutral
from portal.reports.models import Filing
from tests.reports.conftest import fictional_facts
from tests.reports.filing_stage import Filer, about, filer


@pytest.fixture
def stage(database: Database, settings: Settings, urls: Urls) -> Filer:
    return filer(database, settings, urls)


@pytest.fixture
def filing(stage: Filer) -> Filing:
    return stage.filed([*about(), *fictional_facts()])[1]


def row_of(page: str, filing: Filing) -> str:
    """The line of the filing's enterprise on a page, as text."""
    [row] = html.document_fromstring(page).xpath("//main//tr[.//*[contains(text(), $uscc)]]", uscc=filing.uscc)
    return " ".join(row.text_content().split())


@pytest.mark.clause("十五")
@pytest.mark.parametrize("name, address", [("operator", "/operator"), ("operator", "/oversight"), ("bureau", "/oversight?year=2025&state=filed")])
def test_an_overseer_sees_that_a_report_was_filed_and_this_is_recorded(stage: Filer, filing: Filing, name: str, address: str):
    page = stage.browser(name).get(address).get_data(as_text=True)
    row = row_of(page, filing)
    assert filing.name in row and "2025 年年度报告" in row and filing.sha256[:4] in row and "有效" in row
    for figure in ("55,569,023", "5,556.90", "56,789,012", "主营精密"):
        assert figure not in page
    reads = [read for read in stage.records("read") if read["what"] == "filing.list"]
    assert [(read["items"], read["organisation"]) for read in reads] == [([[filing.ref, 1]], stage.actors[name].organisation_name)]


def test_others_do_not_see_the_list(stage: Filer, filing: Filing):
    for name in ("firm", "rival", "fund", "bank"):
        browser = stage.browser(name)
        assert {browser.get(address).status_code for address in ("/operator", "/oversight", "/oversight/filings.csv")} == {403}
    assert stage.browser("bureau").get("/operator").status_code == 403


def test_conditions_of_the_list_hold_and_nonsense_is_left_out(stage: Filer, filing: Filing):
    bureau = stage.browser("bureau")
    assert filing.uscc not in bureau.get("/oversight?state=superseded").get_data(as_text=True)
    assert "没有这样的报送" in bureau.get("/oversight?year=2001").get_data(as_text=True)
    for nonsense in ("year=%F0%9F%98%80", "state=x&year=20 25", "page=-1", "page=99999999999"):
        assert bureau.get(f"/oversight?{nonsense}").status_code == 200


def test_the_file_holds_the_list_and_no_formula(stage: Filer, filing: Filing):
    answer = stage.browser("bureau").get("/oversight/filings.csv?year=2025")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == HEADER and answer.headers["Content-Disposition"].startswith("attachment")
    [own] = [row for row in rows if row[1] == filing.uscc]
    assert own[2:5] == ["年度报告", "2025", "有效"] and own[6] == filing.sha256
    assert [read["items"] for read in stage.records("read")] == [[[filing.ref, 1]]]


@pytest.mark.parametrize("text_, safe", [("=1+1", "'=1+1"), ("-2", "'-2"), ("@x", "'@x"), ("\tx", "'\tx"), (" =1", "' =1"), ("＝1", "'＝1"), ("\n=1", "'\n=1"), ("天山", "天山"), ("", "")])
def test_a_cell_is_never_a_formula(text_: str, safe: str):
    assert neutral(text_) == safe


def test_the_list_takes_as_many_statements_for_three_as_for_one(stage: Filer, filing: Filing):
    bureau = stage.browser("bureau")
    counts = []
    for _ in range(2):
        with stage.counted() as said:
            assert bureau.get("/oversight").status_code == 200
        counts.append(len(said))
        for name in ("second", "third"):
            if name not in stage.enterprises:
                stage.enterprise(name)
                stage.filed([*about(), *fictional_facts()], name=name)
    assert counts[0] == counts[1] <= 12


def test_start_pages_show_the_newest_to_overseers_only(stage: Filer, filing: Filing):
    for name in ("operator", "bureau"):
        view = stage.do(name, home_panel)
        assert view.values["rows"][0].ref == filing.ref
        with stage.app.test_request_context():
            assert filing.uscc in stage.app.jinja_env.get_template(view.template).render(values=view.values)
    assert [stage.do(name, home_panel) for name in ("firm", "fund", "bank")] == [None, None, None]


def test_an_empty_list_says_what_fills_it(stage: Filer):
    bureau = stage.actors["bureau"]
    own = tuple(principal for principal in bureau.principals if principal >= FIRST_FREE)
    stage.actors["newcomer"] = replace(bureau, principals=own)
    page = stage.browser("newcomer").get("/oversight").get_data(as_text=True)
    assert "还没有报送" in page and "<table" not in page and "filings.csv" not in page
