"""Many at once, bad luck and bounds: two who begin, two who file, a store that is down, a page's statements."""

import threading
from collections.abc import Callable

import pytest
from lxml import html

from portal.config import Settings
from portal.core.connect import Urls
from portal.core.db import Database
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.storage import Store, StoreUnavailable
from portal.reports import queries, services
from portal.reports.facts import Cell, Period
from portal.reports.jobs import check
from portal.reports.kept import discard
from tests.reports.conftest import fictional_facts
from tests.reports.filing_stage import Filer, about, filer

YEAR = Period.year(2025)


@pytest.fixture
def stage(database: Database, settings: Settings, urls: Urls) -> Filer:
    return filer(database, settings, urls)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act answered, or the error it raised, all begun at the same moment."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers[number] = act()
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_four_who_begin_the_same_year_one_does(stage: Filer):
    answers = at_once(*[lambda: stage.do("firm", services.begin_report, 2025, fictional_facts())] * 4)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert len(stage.do("firm", queries.own_reports)) == 1


def test_of_two_who_file_one_does_and_one_filing_stands(stage: Filer):
    report = stage.checked([*about(), *fictional_facts()])
    answers = at_once(*[lambda: stage.do("firm", services.file_report, stage.context.store, report.ref, 1)] * 2)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert len(stage.records("report.filed")) == 1


def test_of_eight_who_save_different_cells_all_are_kept(stage: Filer):
    report = stage.begin()
    names = ("CashAndBankBalances", "Inventories", "FixedAssets", "AccountsReceivable", "Goodwill", "ShareCapital", "TotalAssets", "TotalEquity")
    cells = [Cell(name, YEAR.close) for name in names]
    answers = at_once(*[lambda cell=cell: stage.do("firm", services.save_cells, report.ref, {cell: 7}, 1) for cell in cells])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert stage.cells(report) == dict.fromkeys(cells, 7) and stage.again(report).version == 9


def test_a_change_during_the_check_keeps_the_outcome_away(stage: Filer):
    report = stage.begin([*about(), *fictional_facts()])
    stage.do("firm", services.ask_check, report.ref)
    stage.do("firm", services.save_cells, report.ref, {Cell("EmployeeCount", YEAR.close): 3}, 1)
    check(stage.context, report.id, 1)
    now = stage.again(report)
    assert (now.state, now.check_state, now.files, now.version) == ("draft", "none", None, 2)


def test_a_store_that_is_down_files_nothing(stage: Filer, monkeypatch: pytest.MonkeyPatch):
    report = stage.checked([*about(), *fictional_facts()])
    discard(stage.context.store, {"xbri": report.files["xbri"]})
    firm = stage.browser("firm")
    page = html.document_fromstring(firm.get(f"/reports/{report.ref}").get_data(as_text=True))
    [form] = page.xpath(f"//form[@action='/reports/{report.ref}/file']")
    answer = firm.post(f"/reports/{report.ref}/file", data=dict(form.form_values()))
    assert answer.status_code == 409 and "没有报送" in answer.get_data(as_text=True)
    assert firm.get(f"/reports/{report.ref}/xbri").status_code == 409
    assert stage.again(report).state == "checked" and stage.records("report.filed") == []


def test_a_package_that_is_not_the_checked_one_is_not_filed(stage: Filer):
    report = stage.checked([*about(), *fictional_facts()])
    other = stage.context.store.put(b"something else")

    class Swapped(Store):
        def get(self, name: str) -> bytes:
            return super().get(other)

    with pytest.raises(Conflict, match="读出来不一致"):
        stage.do("firm", services.file_report, Swapped(stage.context.settings), report.ref, 1)
    with pytest.raises(StoreUnavailable):
        stage.do("firm", services.own_file, Swapped(stage.context.settings), report.ref, "xbri")


def test_a_new_check_takes_the_files_of_the_old_one_away(stage: Filer):
    report = stage.checked([*about(), *fictional_facts()])
    old = report.files["xbri"]["key"]
    stage.do("firm", services.save_cells, report.ref, {Cell("EmployeeCount", YEAR.close): 3}, 1)
    stage.do("firm", services.ask_check, report.ref)
    stage.work()
    assert stage.again(report).state == "checked"
    with pytest.raises(StoreUnavailable):
        stage.context.store.get(old)


def test_an_organisation_without_an_enterprise_is_told_so(stage: Filer):
    stage.organisation("newcomer", stage.actors["firm"].kind)
    newcomer = stage.browser("newcomer")
    for address in ("/reports", "/reports/new"):
        assert "还没有对应的企业" in newcomer.get(address).get_data(as_text=True)
    with pytest.raises(NotFound):
        stage.do("newcomer", services.begin_report, 2025)
    with pytest.raises(Invalid):
        stage.do("firm", services.begin_report, 1999)


@pytest.mark.parametrize("page", ["", "/sheet?part=BS", "/sheet?part=nonsense&scope=nobody", "/about"])
def test_pages_take_few_statements_however_much_is_filled(stage: Filer, page: str):
    counts = []
    for year, facts in ((2024, []), (2025, fictional_facts())):
        report = stage.begin(facts, year=year)
        browser = stage.browser("firm")
        with stage.counted() as said:
            assert browser.get(f"/reports/{report.ref}{page}").status_code == 200
        counts.append(len(said))
    assert counts[0] == counts[1] <= 12
