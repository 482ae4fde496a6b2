"""Taking registers in: the real one, again, changed, and what people do to files."""

import argparse
import csv
import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select, text

from portal.cli import import_
from portal.core.db import Database
from portal.core.events import registry
from portal.enterprises.events import EnterprisesChanged
from portal.enterprises.models import Enterprise, Fact
from tests.enterprises.conftest import CODES, REGISTER

Run = Callable[..., tuple[int, dict, str]]
A, B, C, D, E = CODES
NEWS: list[EnterprisesChanged] = []
registry.connect(EnterprisesChanged, lambda _db, event: NEWS.append(event))


@pytest.fixture
def run(own: Database, settings, capsys) -> Run:  # type: ignore[no-untyped-def]
    """`portal import enterprises`: status, the JSON it printed, what stood on standard error."""
    NEWS.clear()
    parser = argparse.ArgumentParser()
    import_.add(parser.add_subparsers())

    def command(file: Path, *more: str) -> tuple[int, dict, str]:
        args = parser.parse_args(["import", "enterprises", str(file), "--source", "登记机关", "--json", *more])
        status = import_.run(args, SimpleNamespace(database=own, settings=settings))  # type: ignore[arg-type]
        said = capsys.readouterr()
        return status, json.loads(said.out), said.err

    return command


def counts(own: Database) -> tuple[int, int]:
    with own.system_session() as db:
        return db.scalar(select(func.count(Enterprise.id))) or 0, db.scalar(select(func.count(Fact.id))) or 0


def row(name: str, code: str, founded: str = "2019-04-25", capital: str = "350(万元人民币)", city: str = "乌鲁木齐") -> str:
    return f"{name},{code},{founded},{capital},有限责任公司,新疆,{city},天山区人民路 1 号,轴承制造"


@pytest.mark.skipif(not REGISTER.exists(), reason="the shared register is not on this machine")
def test_the_real_register_as_it_is_twice(run: Run, own: Database, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    status, said, _err = run(REGISTER, "--rejects", str(rejects), "--source-date", "2019-12-31")
    assert status == 0
    assert (said["rows"], said["accepted"], said["added"], said["rejected"]) == (21_700, 21_699, 21_699, 1)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.DictReader(file))
    assert refused[0] == {
        "line": "3560", "column": "uscc", "value": "91510100794945304Y",
        "reason": "统一社会信用代码的校验码不对：末位应为 1，这里是 Y", "refused": "row",
    }  # fmt: skip
    assert [(one["line"], one["value"], one["refused"]) for one in refused[1:]] == [
        ("14142", "1,0000000(万)", "value"), ("14495", "1,0790000(万)", "value"), ("18882", "1,200()", "value"),
    ]  # fmt: skip
    before = counts(own)
    assert before[0] == 21_699 and before[1] > 21_699 * 8
    assert sum(len(event.ids or ()) for event in NEWS) == 21_699 and all(event.bulk for event in NEWS)
    with own.system_session() as db:
        resolved = db.scalar(select(func.count(Enterprise.id)).where(Enterprise.province_code.is_not(None)))
        in_cities = db.scalar(select(func.count(Enterprise.id)).where(Enterprise.city_code.is_not(None)))
        assert resolved == 21_699 and (in_cities or 0) / 21_699 > 0.99
        assert db.scalar(select(func.count(Enterprise.id)).where(Enterprise.member)) == 0
        one = db.scalar(select(Enterprise).where(Enterprise.uscc == "91310114768785343A"))
        assert one is not None and (one.name, one.capital, one.capital_currency) == ("上海精皓通用设备有限公司", 50_000_000, "CNY")
        fact = db.scalar(select(Fact).where(Fact.enterprise_id == one.id, Fact.concept == "RegisteredCapital"))
        assert fact is not None
        assert (fact.value, fact.unit, fact.source, fact.source_date) == (50_000_000, "CNY", "登记机关", date(2019, 12, 31))
    NEWS.clear()
    status, said, _err = run(REGISTER, "--rejects", str(rejects))
    assert status == 0
    assert (said["accepted"], said["added"], said["updated"], said["unchanged"], said["rejected"]) == (21_699, 0, 0, 21_699, 1)
    assert counts(own) == before and NEWS == []


def test_a_changed_value_is_a_new_version(run: Run, own: Database, csv_file) -> None:  # type: ignore[no-untyped-def]
    run(csv_file(row("甲公司", A), row("乙公司", B)))
    status, said, _err = run(csv_file(row("甲公司", A, capital="500(万元人民币)"), row("乙公司", B)), "--source-date", "2026-10-31")
    assert (status, said["added"], said["updated"], said["unchanged"]) == (0, 0, 1, 1)
    with own.system_session() as db:
        changed = db.scalar(select(Enterprise).where(Enterprise.uscc == A))
        assert changed is not None and (changed.capital, changed.version) == (500_000_000, 2)
        versions = db.execute(
            select(Fact.version, Fact.value).where(Fact.enterprise_id == changed.id, Fact.concept == "RegisteredCapital").order_by(Fact.version)
        ).all()
        assert versions == [(1, 350_000_000), (2, 500_000_000)]
        assert db.scalar(select(func.count(Fact.id)).where(Fact.version == 2)) == 1
        assert NEWS[-1] == EnterprisesChanged((changed.id,), bulk=True)


def test_a_silent_source_takes_nothing_away(run: Run, own: Database, csv_file) -> None:  # type: ignore[no-untyped-def]
    run(csv_file(row("甲公司", A)))
    status, said, _err = run(csv_file(f"甲公司,{A},N/A", header="企业名称,统一社会信用代码,成立日期"))
    assert (status, said["unchanged"]) == (0, 1)
    with own.system_session() as db:
        kept = db.scalar(select(Enterprise).where(Enterprise.uscc == A))
        assert kept is not None and (kept.founded, kept.capital, kept.city_code) == (date(2019, 4, 25), 350_000_000, "650100")


def test_one_bad_row_stops_no_other(run: Run, own: Database, csv_file, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rejects = tmp_path / "rejects.csv"
    status, said, _err = run(
        csv_file(
            row("甲公司", A), row("错码公司", A[:-1] + "0"), row("", B), row("=cmd|' /C calc'!A0", B), row("重复公司", A),
            row("日期不对", B, founded="2019-02-30"), row("币种不对", C, capital="5(万里亚尔)"),
            row("多一格", D) + ",x", '"引号不配对,' + D, "",
        ),
        "--rejects", str(rejects),
    )  # fmt: skip
    assert (status, said["accepted"], said["rejected"], said["values_refused"]) == (0, 3, 6, 2)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        refused = [(one["line"], one["column"], one["reason"], one["refused"]) for one in csv.DictReader(file)]
    code, name = "统一社会信用代码", "企业名称"
    assert refused[:-1] == [
        ("3", code, "统一社会信用代码的校验码不对：末位应为 W，这里是 0", "row"),
        ("4", name, "没有企业名称", "row"),
        ("5", name, "单元格是公式。把公式换成它的值", "row"),
        ("6", code, "与第 2 行是同一个统一社会信用代码", "row"),
        ("7", "成立日期", "没有这一天", "value"),
        ("8", "注册资本", "不认识的币种“里亚尔”", "value"),
        ("9", "", "有 10 个单元格，表头只有 9 列", "row"),
    ]
    assert refused[-1][0] == "10" and refused[-1][3] == "row"
    assert "'=cmd" in rejects.read_text(encoding="utf-8-sig")


def test_the_report_runs_nothing_in_a_spreadsheet(run: Run, csv_file, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rejects = tmp_path / "rejects.csv"
    run(csv_file(*(row(name, "x") for name in ("甲",)), f'乙,"+1+cmd|x",,,,,,,', f"丙,-2+3,,,,,,,"), "--rejects", str(rejects))
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        assert [one["value"] for one in csv.DictReader(file)] == ["x", "'+1+cmd|x", "'-2+3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(run: Run, own: Database, csv_file, encoding: str, packed: bool) -> None:  # type: ignore[no-untyped-def]
    status, said, _err = run(csv_file(row("镕㐂公司", A), encoding=encoding, packed=packed))
    assert (status, said["accepted"]) == (0, 1)
    with own.system_session() as db:
        assert db.scalar(select(Enterprise.name)) == "镕㐂公司"


def test_headings_units_and_mappings(run: Run, own: Database, csv_file, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert run(csv_file(f"{A}\t甲公司\t1200", header="信用代码\t公司名称\t注册资本（万元）"))[0] == 0
    mapping = tmp_path / "对照.json"
    mapping.write_text(json.dumps({"name": "字号", "uscc": "证号", "capital": {"column": "本钱", "unit": "万元"}}, ensure_ascii=False))
    assert run(csv_file(f"{B},乙公司,1300", header="证号,字号,本钱"), "--mapping", str(mapping))[0] == 0
    listed = tmp_path / "对照.csv"
    listed.write_text("attribute,column,unit\nname,字号,\nuscc,证号,\ncapital,本钱,元\n")
    assert run(csv_file(f"{C},丙公司,1400", header="证号,字号,本钱"), "--mapping", str(listed))[0] == 0
    with own.system_session() as db:
        assert db.scalars(select(Enterprise.capital).order_by(Enterprise.capital)).all() == [140_000, 1_200_000_000, 1_300_000_000]


def workbook(path: Path, *rows: list[object]) -> Path:
    book = Workbook()
    for cells in rows:
        book.active.append(cells)  # type: ignore[union-attr]
    book.save(path)
    return path


def test_xlsx_with_real_dates_and_a_formula(run: Run, own: Database, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "名录.xlsx", ["企业名称", "统一社会信用代码", "成立日期", "注册资本(万元)"],
        ["甲公司", A, date(2019, 4, 25), 350], ["=A2", B, None, None], [None, None], ["丙公司", C, "2019-04-25", 12.5],
    )  # fmt: skip
    status, said, _err = run(path)
    assert (status, said["accepted"], said["rejected"]) == (0, 2, 1)
    assert said["first_refusals"][0]["reason"] == "单元格 A3 是公式。把公式换成它的值"
    with own.system_session() as db:
        rows = db.execute(select(Enterprise.name, Enterprise.founded, Enterprise.capital).order_by(Enterprise.id)).all()
    assert rows == [("甲公司", date(2019, 4, 25), 350_000_000), ("丙公司", date(2019, 4, 25), 12_500_000)]


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {}


def hostile(reason: str) -> Callable[[Callable[[Path], Path]], None]:
    def add(make: Callable[[Path], Path]) -> None:
        HOSTILE[make.__name__] = (make, reason)

    return add


def written(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path


@hostile("没有文件")
def absent(folder: Path) -> Path:
    return folder / "没有.csv"


@hostile("是文件夹")
def directory(folder: Path) -> Path:
    return folder


@hostile("是空文件")
def empty(folder: Path) -> Path:
    return written(folder / "a.csv", b"")


@hostile("解开后是空的")
def empty_packed(folder: Path) -> Path:
    return written(folder / "a.csv.gz", gzip.compress(b""))


@hostile("只有表头，没有数据")
def header_only(folder: Path) -> Path:
    return written(folder / "a.csv", "企业名称,统一社会信用代码\n".encode())


@hostile("缺少列 企业名称。文件里的列是 名字、统一社会信用代码；认识的列名是 统一社会信用代码、企业名称、成立日期")
def wrong_column(folder: Path) -> Path:
    return written(folder / "a.csv", f"名字,统一社会信用代码\n甲,{A}\n".encode())


@hostile("列名重复：企业名称")
def doubled_column(folder: Path) -> Path:
    return written(folder / "a.csv", f"企业名称,企业名称,统一社会信用代码\n甲,甲,{A}\n".encode())


@hostile("认不出文字编码")
def unknown_encoding(folder: Path) -> Path:
    return written(folder / "a.csv", f"企业名称,统一社会信用代码\n甲公司,{A}\n".encode() + b"\xff\xfe\xff\xff\n")


@hostile("UTF-16")
def utf16(folder: Path) -> Path:
    return written(folder / "a.csv", f"企业名称,统一社会信用代码\n甲,{A}\n".encode("utf-16"))


@hostile("NUL 字节")
def nul(folder: Path) -> Path:
    return written(folder / "a.csv", f"企业名称,统一社会信用代码\n甲,{A}\n乙\0,{B}\n".encode())


@hostile("超过上限 1 MB")
def too_large(folder: Path) -> Path:
    return written(folder / "a.csv", b"x" * (1024 * 1024 + 1))


@hostile("解开后超过上限 1 MB")
def gzip_bomb(folder: Path) -> Path:
    return written(folder / "a.csv.gz", gzip.compress(b"a," * (8 * 1024 * 1024)))


@hostile("压缩内容不完整")
def cut_gzip(folder: Path) -> Path:
    return written(folder / "a.csv.gz", gzip.compress(f"企业名称,统一社会信用代码\n甲,{A}\n".encode() * 99)[:-9])


@hostile("不是能打开的 XLSX")
def no_xlsx(folder: Path) -> Path:
    return written(folder / "a.xlsx", b"not a workbook")


@hostile("不是能打开的 XLSX")
def zip_but_no_xlsx(folder: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(folder / "a.xlsx", "w") as packed:
        packed.writestr("a.txt", "x")
    return folder / "a.xlsx"


@hostile("XLSX 解开后超过 1 MB")
def zip_bomb(folder: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b"<x/>")
        packed.writestr("xl/sharedStrings.xml", b"\0" * (8 * 1024 * 1024))
    return folder / "a.xlsx"


@hostile("第一行没有列名")
def no_heading(folder: Path) -> Path:
    return written(folder / "a.csv", b",,,\n1,2,3,4\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_bad_files_get_a_sentence_and_leave_nothing(run: Run, own: Database, tmp_path: Path, name: str) -> None:
    make, reason = HOSTILE[name]
    rejects = tmp_path / "rejects.csv"
    status, said, err = run(make(tmp_path), "--limit", "1", "--rejects", str(rejects))
    assert status == 2
    assert said["ok"] is False and reason in said["error"] and reason in err
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert counts(own) == (0, 0) and not rejects.exists() and list(tmp_path.glob("*.partial")) == []


@pytest.mark.parametrize(
    ("text_", "reason"),
    [
        ("{", "不是这样的 JSON"),
        ('{"name": 3}', "不是这样的 JSON"),
        ('{"nonsense": "企业名称"}', "没有能用的属性：nonsense"),
        ('{"name": "没有这列"}', "对照文件指的列 没有这列 不在文件里"),
        ("a,b\n1,2\n", "第一行要是 attribute,column"),
    ],
)
def test_bad_mappings(run: Run, csv_file, tmp_path: Path, text_: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    mapping = tmp_path / "对照"
    mapping.write_text(text_)
    status, said, _err = run(csv_file(row("甲", A)), "--mapping", str(mapping))
    assert status == 2 and reason in said["error"]


def test_a_failure_halfway_leaves_nothing(run: Run, own: Database, csv_file, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The third batch breaks a constraint of the database; the two before it go too."""
    from portal.enterprises.intake import run as intake

    monkeypatch.setattr(intake, "BATCH", 1)
    with own.system_session() as db:
        db.execute(text("select 1"))
    seen = []

    def fall(_db: object, event: EnterprisesChanged) -> None:
        seen.append(event)
        if len(seen) == 3:
            raise RuntimeError("power cut")

    registry.connect(EnterprisesChanged, fall)
    try:
        with pytest.raises(RuntimeError):
            run(csv_file(row("甲", A), row("乙", B), row("丙", C)))
    finally:
        registry.handlers[EnterprisesChanged].remove(fall)
    assert len(seen) == 3 and counts(own) == (0, 0)
