from pathlib import Path

import pytest

from portal.reports.concepts import XBRL_DIR, concepts, depth, lines, read_concepts, roles, totals
from portal.reports.facts import Cell, Fact, Period, Report, Scope, amount, parse_cell
from portal.reports.wording import LineReader, cas_wording, read_wording, trimmed

HEADER = "name,statement,parent,type,period,balance,zh,en,lead,preferred,parts_of,of_which,required\n"


def test_every_figure_of_a_statement_has_a_printed_wording():
    worded = {wording.concept for rivals in cas_wording().values() for wording in rivals}
    figures = {concept.name for code in ("BS", "IS", "CF") for concept in lines(code) if not concept.abstract}
    assert worded == figures


def test_labels_are_there_and_unique_within_a_statement():
    for code in roles():
        names = [concept.zh for concept in lines(code)]
        assert all(names) and len(set(names)) == len(names)


def test_a_part_is_measured_when_its_total_is_and_its_sign_follows_the_balances():
    for (total, group), parts in totals().items():
        whole = concepts()[total]
        assert group in roles()
        for part, weight in parts:
            assert part.period == whole.period and part.type == whole.type
            if part.balance and whole.balance:
                assert weight == (1 if part.balance == whole.balance else -1), part.name


def test_the_lines_of_a_statement_hang_from_one_heading():
    for code in ("INFO", "TEXT", "BS", "IS", "CF"):
        assert [concept.name for concept in lines(code) if not concept.parent] == [lines(code)[0].name]
        assert max(depth(concept.name) for concept in lines(code)) <= 4


@pytest.mark.parametrize(
    "rows, words",
    [
        ("Abc,BS,,monetary,instant,debit,甲,A,,,,,\nAbc,BS,,monetary,instant,debit,乙,B,,,,,\n", "line 3"),
        ("bad name,BS,,monetary,instant,debit,甲,A,,,,,\n", "line 2"),
        ("Abc,BS,,wrong,instant,debit,甲,A,,,,,\n", "wrong"),
        ("Abc,BS,,monetary,instant,debit,甲,A,,,Missing:1,,\n", "Missing"),
    ],
)
def test_a_concept_table_that_contradicts_itself_is_refused(tmp_path: Path, rows: str, words: str):
    path = tmp_path / "concepts.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_concepts(path)


def test_a_wording_list_that_names_no_concept_or_repeats_itself_is_refused(tmp_path: Path):
    head = "statement,wording,within,concept,at\n"
    for rows, words in (("BS,甲,,Nothing,\n", "Nothing"), ("BS,存货,,Inventories,\nBS,存 货,,Inventories,\n", "twice")):
        path = tmp_path / "wording.csv"
        path.write_text(head + rows, encoding="utf-8")
        with pytest.raises(ValueError, match=words):
            read_wording(path)
    assert read_wording(XBRL_DIR / "cas_wording.csv") == cas_wording()


@pytest.mark.parametrize(
    "printed, plain",
    [
        ("五、净利润（净亏损以“－”号填列）", "净利润"),
        ("（一）不能重分类进损益的其他综合收益", "不能重分类进损益的其他综合收益"),
        ("（3）其他权益工具投资公允价值变动", "其他权益工具投资公允价值变动"),
        ("1．不能重分类进损益的其他综合收益", "不能重分类进损益的其他综合收益"),
        ("减：库存股", "库存股"),
        ("其中：营业收入", "营业收入"),
        ("（一）基本每股收益(元/股)", "基本每股收益"),
        ("负债和所有者权益（或股东权益）总计", "负债和所有者权益总计"),
        ("  货 币　资 金 ", "货币资金"),
    ],
)
def test_printed_lines_are_trimmed_to_their_words(printed: str, plain: str):
    assert trimmed(printed) == plain


def test_the_same_words_mean_what_stands_above_them():
    reader = LineReader("IS")
    read = [wording and wording.concept for wording in map(reader.read, ("利息收入", "一、营业总收入", "利息收入", "财务费用", "其中：利息费用", "利息收入"))]
    assert read == [None, "TotalOperatingRevenue", "InterestRevenue", "FinanceExpenses", "InterestExpensesInFinanceExpenses", "InterestIncomeInFinanceExpenses"]


def test_a_fact_id_names_its_cell_and_nothing_else():
    for cell in (Cell("Inventories", Period.year(2025).close), Cell("NetProfit", Period.year(2025), Scope.PARENT)):
        assert parse_cell(cell.id) == cell
    for text in ("", "f.Inventories", "f.Nothing.20251231.parent", "f.Inventories.20251331.parent", "f.NetProfit.20251231-20250101.parent", "ZB_BS_001"):
        assert parse_cell(text) is None


@pytest.mark.parametrize(
    "concept, period, value, error",
    [
        ("Nothing", Period.year(2025), 1, KeyError),
        ("BalanceSheetAbstract", Period.year(2025), 1, ValueError),
        ("Inventories", Period.year(2025), 1, ValueError),
        ("NetProfit", Period.year(2025).close, 1, ValueError),
        ("NetProfit", Period.year(2025), "1", TypeError),
        ("NetProfit", Period.year(2025), True, TypeError),
        ("NetProfit", Period.year(2025), 2**63, ValueError),
        ("IsAudited", Period.year(2025), 1, TypeError),
    ],
)
def test_a_value_that_cannot_be_one_is_refused(concept: str, period: Period, value: object, error: type[Exception]):
    with pytest.raises(error):
        Fact(concept, period, value)  # type: ignore[arg-type]


def test_amounts_are_exact_at_any_size():
    assert [str(amount(concepts()["NetProfit"], value)) for value in (0, -1, 2**63 - 1)] == ["0.00", "-0.01", "92233720368547758.07"]


def test_two_facts_in_one_cell_make_no_report():
    fact = Fact("NetProfit", Period.year(2025), 1)
    with pytest.raises(ValueError, match="one cell"):
        Report.annual(2025, [fact, Fact("NetProfit", Period.year(2025), 2)])


def test_the_kind_of_a_report_is_told_once():
    year = Period.year(2025)
    assert Report.annual(2025, []).facts == (Fact("ReportType", year, "AnnualReportMember"),)
    assert Report.annual(2025, Report.annual(2025, []).facts).facts == Report.annual(2025, []).facts
    with pytest.raises(ValueError, match="another kind"):
        Report.annual(2025, [Fact("ReportType", year, "QuarterlyReportMember")])
