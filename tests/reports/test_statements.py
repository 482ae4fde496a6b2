import csv
import io

import pytest

from portal.reports.concepts import concepts
from portal.reports.facts import Cell, Period, Report, Scope
from portal.reports.problems import errors
from portal.reports.statements import COLUMNS, LIMIT_BYTES, MOST_LINES, CompanyYear, contents, load, parse_amount, read_lines
from portal.reports.totals import check

HEADER = ",".join(COLUMNS) + "\n"
ROW = "990001,示例股份,2025,BS,consolidated,{item},{current},{prior}\n"


def sheet(*rows: tuple[str, str, str]) -> str:
    return HEADER + "".join(ROW.format(item=item, current=current, prior=prior) for item, current, prior in rows)


def test_the_file_tells_which_reports_it_holds(statements: bytes):
    assert contents(statements) == ([CompanyYear("002099", "浙江海翔药业股份有限公司", 2019), CompanyYear("600201", "金宇生物技术股份有限公司", 2020)], [])


def test_every_written_figure_of_the_real_statements_becomes_a_fact(statements: bytes):
    rows = list(csv.DictReader(io.StringIO(statements.decode("utf-8-sig"))))
    for code, year in (("002099", 2019), ("600201", 2020)):
        loaded = load(statements, code, year)
        assert loaded.usable and loaded.problems == ()
        written = sorted(round(float(row[column]), 4) for row in rows if row["stock_code"] == code for column in ("current", "prior") if row[column])
        # this year's opening cash and last year's closing cash are one fact, once for each scope
        span = Period.year(year)
        twice = [fact for fact in loaded.facts if fact.concept == "CashAndCashEquivalents" and fact.period == span.opening]
        assert len(twice) == 2
        assert sorted(round(float(fact.amount), 4) for fact in (*loaded.facts, *twice)) == written


def test_the_real_statements_add_up_and_their_one_slip_of_the_pen_is_seen(statements: bytes):
    for code, year, slips in (("002099", 2019, [Cell("DividendsReceivable", Period.year(2018).close, Scope.PARENT)]), ("600201", 2020, [])):
        found = check(Report.annual(year, load(statements, code, year).facts))
        assert [problem.code for problem in errors(found) if not problem.code.startswith("required:")] == []
        assert [problem.cells[0] for problem in found if problem.level == "warning"] == slips


def test_a_total_changed_in_the_real_file_is_named(statements: bytes):
    broken = statements.replace(b"3062429817.76", b"3061429817.76")
    found = check(Report.annual(2019, load(broken, "002099", 2019).facts))
    assert [problem.text for problem in found if problem.code == "total"] == [
        "流动资产合计比各项之和少 1,000,000.00 元：各项相加是 3,062,429,817.76，这里写的是 3,061,429,817.76。",
        "资产总计比各项之和多 1,000,000.00 元：各项相加是 6,746,198,664.47，这里写的是 6,747,198,664.47。",
    ]


@pytest.mark.parametrize(
    "row, column, text",
    [
        (("货币资金", "12.345", ""), "current", "“12.345”的小数多于 2 位。"),
        (("货币资金", "1", "约 3 亿"), "prior", "“约 3 亿”不是数字。"),
        (("货币资金", "1e9", ""), "current", "“1e9”不是数字。"),
        (("货币资金", "NaN", ""), "current", "“NaN”不是数字。"),
        (("货币资金", "99999999999999999999", ""), "current", "“99999999999999999999”太大。"),
        (("神秘资产", "5", ""), "item", "项目“神秘资产”不在对照表里，填的数 5 没有去处。"),
    ],
)
def test_a_bad_cell_is_named_by_line_column_and_item(row: tuple[str, str, str], column: str, text: str):
    loaded = load(sheet(("存货", "7", ""), row, ("应收账款", "8", "")), "990001", 2025)
    assert not loaded.usable
    assert [(problem.line, problem.column, problem.item, problem.text) for problem in loaded.problems] == [(3, column, row[0], text)]
    assert {"Inventories", "AccountsReceivable"} <= {fact.concept for fact in loaded.facts}


@pytest.mark.parametrize("column, bad, word", [("statement", "SOCE", "BS、IS 或 CF"), ("scope", "group", "consolidated 或 parent")])
def test_an_unknown_statement_or_scope_is_named(column: str, bad: str, word: str):
    row = dict(zip(COLUMNS, ("990001", "示例股份", "2025", "BS", "parent", "存货", "1", ""), strict=True)) | {column: bad}
    loaded = load(HEADER + ",".join(row.values()) + "\n", "990001", 2025)
    assert [(problem.line, problem.column) for problem in loaded.problems] == [(2, column)]
    assert word in loaded.problems[0].text


def test_two_different_figures_for_one_cell_are_a_conflict_and_equal_ones_are_not():
    assert load(sheet(("存货", "7", ""), ("存货", "7.00", "")), "990001", 2025).usable
    loaded = load(sheet(("存货", "7", ""), ("存货", "8", "")), "990001", 2025)
    assert [problem.text for problem in loaded.problems] == ["合并资产负债表 2025-12-31 存货写了两个数：第 2 行是 7.00，这里是 8。"]
    rows = "990001,示例股份,2025,CF,parent,加：期初现金及现金等价物余额,5,4\n990001,示例股份,2025,CF,parent,六、期末现金及现金等价物余额,9,6\n"
    assert [problem.line for problem in load(HEADER + rows, "990001", 2025).problems] == [3]


def test_headings_and_empty_lines_need_no_place():
    loaded = load(sheet(("流动资产：", "", ""), ("不认识的空行", "", "—"), ("存货", "", "不适用")), "990001", 2025)
    assert loaded.usable and loaded.facts == ()


@pytest.mark.parametrize(
    "data, text",
    [
        (b"", "文件是空的。"),
        (b"\xff\xfe\x00\x01\x81", "文件不是"),
        (b"PK\x03\x04\x00\x00", "文件不是文本"),
        (b"a,b\n1,2\n", "第 1 行缺少列：stock_code、company、year、statement、scope、item、current、prior；现在的列：a、b。"),
        ((HEADER + '990001,"不闭合').encode(), "不是合格的 CSV"),
        (b"x" * (LIMIT_BYTES + 1), "文件大于 20 MB"),
        (HEADER.encode(), "文件里没有 990001 的 2025 年报表。"),
    ],
)
def test_a_file_that_is_no_statement_file_gets_one_sentence(data: bytes, text: str):
    loaded = load(data, "990001", 2025)
    assert not loaded.usable and loaded.facts == ()
    assert len(loaded.problems) == 1 and text in loaded.problems[0].text


def test_a_file_without_a_year_holds_no_report():
    found, problems = contents(sheet(("存货", "7", "")).replace("2025", "去年"))
    assert found == [] and [problem.column for problem in problems] == ["year"]


def test_a_thousands_comma_without_quotes_does_not_shift_the_columns():
    loaded = load(sheet(("存货", "1,234.50", "7")), "990001", 2025)
    assert [(problem.line, problem.text) for problem in loaded.problems] == [(2, "这一行比表头多 1 格；带逗号的数要加引号。")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_excel_encodings_and_line_ends_read_alike(encoding: str):
    text = sheet(("其中：应收股利", '"（1,234.50）"', "−7")).replace("\n", "\r\n")
    facts = load(text.encode(encoding), "990001", 2025).facts
    assert [(fact.concept, fact.value) for fact in facts] == [("DividendsReceivable", -123450), ("DividendsReceivable", -700)]


def test_amounts_per_share_claim_what_was_written():
    share, count = concepts()["BasicEarningsPerShare"], concepts()["EmployeeCount"]
    assert [parse_amount(text, share) for text in ("0.48", "0.2", "0.4812", "-1")] == [(4800, 2), (2000, 2), (4812, 4), (-10000, 2)]
    assert parse_amount("１２３", count) == (123, 0)
    with pytest.raises(ValueError, match="整数"):
        parse_amount("1.5", count)


def test_a_small_file_does_not_unfold_to_gigabytes() -> None:
    header = ",".join(COLUMNS)
    lines, problems = read_lines(header + "\n" + "1\n" * (MOST_LINES + 1))
    assert lines == [] and [problem.code for problem in problems] == ["file:long"]
    lines, problems = read_lines(header + "," * 1_000_000 + "\n" + "1\n" * 1_000)
    assert lines == [] and [problem.code for problem in problems] == ["file:columns"]
