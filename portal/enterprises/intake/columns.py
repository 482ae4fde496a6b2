"""Which column holds what: the headings registers use, or a mapping file that says so."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portal.enterprises.intake.source import MEBIBYTE, BadFile

# Attribute -> headings known by themselves, the first one being the name used in messages.
HEADINGS: dict[str, tuple[str, ...]] = {
    "uscc": ("统一社会信用代码", "uscc", "信用代码", "社会信用代码", "统一信用代码", "credit_code"),
    "name": ("企业名称", "name", "公司名称", "名称", "企业全称", "单位名称", "company_name"),
    "founded": ("成立日期", "reg_date", "founded", "注册日期", "成立时间", "登记日期"),
    "capital": ("注册资本", "registered_capital", "capital", "注册资金", "认缴资本"),
    "company_type": ("企业类型", "company_type", "公司类型", "类型", "主体类型"),
    "scope": ("经营范围", "scope", "business_scope", "经营业务范围"),
    "province": ("省份", "province", "所属省份", "省", "省级", "所属省"),
    "city": ("城市", "city", "所属城市", "市", "地市", "所属地市", "地区"),
    "address": ("地址", "address", "注册地址", "住所", "企业地址", "登记地址"),
    "industry": ("行业代码", "industry_code", "industry", "行业分类代码", "国民经济行业代码"),
}
REQUIRED = ("uscc", "name")
MAPPING_LIMIT = MEBIBYTE
_UNIT = re.compile(r"(.+?)[((](亿元|万元|千元|元|万|万美元)(?:人民币)?[))]")


@dataclass(frozen=True)
class Column:
    """Where an attribute stands: position, heading, and the unit its heading gives."""

    index: int
    heading: str
    unit: str = ""


def _plain(heading: str) -> str:
    return unicodedata.normalize("NFKC", heading).strip().casefold()


def find_columns(header: list[str], mapping: dict[str, tuple[str, str]] | None = None) -> dict[str, Column]:
    """Attribute -> column. Raises BadFile naming the columns found and those wanted."""
    doubled = sorted({heading for heading in header if heading and header.count(heading) > 1})
    if doubled:
        raise BadFile(f"列名重复：{_listed(doubled)}。每个列名只能出现一次。")
    found = _mapped(header, mapping) if mapping else {}
    taken = {column.index for column in found.values()}
    for attribute, names in HEADINGS.items():
        if attribute in found:
            continue
        column = _known(header, names, taken)
        if column is not None:
            found[attribute] = column
            taken.add(column.index)
    missing = [HEADINGS[attribute][0] for attribute in REQUIRED if attribute not in found]
    if missing:
        raise BadFile(
            f"缺少列 {_listed(missing)}。文件里的列是 {_listed(header)}；认识的列名是 "
            f"{_listed(names[0] for names in HEADINGS.values())}。列名不同时用 --mapping 指明。"
        )
    return found


def _known(header: list[str], names: tuple[str, ...], taken: set[int]) -> Column | None:
    for name in names:
        for index, heading in enumerate(header):
            if index in taken:
                continue
            narrow = _plain(heading)
            unit = _UNIT.fullmatch(narrow)
            if narrow == name or (unit and unit[1] == name):
                return Column(index, heading, unit[2] if unit else "")
    return None


def _mapped(header: list[str], mapping: dict[str, tuple[str, str]]) -> dict[str, Column]:
    absent = sorted(heading for heading, _unit in mapping.values() if heading not in header)
    if absent:
        raise BadFile(f"对照文件指的列 {_listed(absent)} 不在文件里。文件里的列是 {_listed(header)}。")
    return {attribute: Column(header.index(heading), heading, unit) for attribute, (heading, unit) in mapping.items()}


def read_mapping(path: Path) -> dict[str, tuple[str, str]]:
    """Attribute -> (heading, unit) from JSON (`{"name": "企业全称", "capital": {"column": "注资", "unit": "万元"}}`) or from
    CSV with the columns attribute, column and, if wanted, unit. Raises BadFile.
    """
    try:
        if path.stat().st_size > MAPPING_LIMIT:
            raise BadFile(f"对照文件 {path} 超过 1 MB，不像是列名对照。")
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise BadFile(f"读不了对照文件 {path}。检查路径。") from None
    except UnicodeDecodeError:
        raise BadFile(f"对照文件 {path} 不是 UTF-8 编码。") from None
    pairs = _from_json(text, path) if text.lstrip().startswith("{") else _from_csv(text, path)
    unknown = sorted(set(pairs) - set(HEADINGS))
    if unknown or not pairs:
        raise BadFile(f"对照文件 {path} 里没有能用的属性{'：' + _listed(unknown) if unknown else ''}。属性有 {_listed(HEADINGS)}。")
    return pairs


def _from_json(text: str, path: Path) -> dict[str, tuple[str, str]]:
    wrong = BadFile(f'对照文件 {path} 不是这样的 JSON：{{"name": "企业全称", "capital": {{"column": "注资", "unit": "万元"}}}}。')
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise wrong from None
    pairs = {}
    for attribute, target in raw.items():
        heading, unit = (target.get("column"), target.get("unit", "")) if isinstance(target, dict) else (target, "")
        if not isinstance(heading, str) or not isinstance(unit, str):
            raise wrong
        pairs[attribute] = (heading, unit)
    return pairs


def _from_csv(text: str, path: Path) -> dict[str, tuple[str, str]]:
    reader = csv.DictReader(io.StringIO(text))
    if not {"attribute", "column"} <= set(reader.fieldnames or ()):
        raise BadFile(f"对照文件 {path} 的第一行要是 attribute,column 或 attribute,column,unit。")
    return {
        (row["attribute"] or "").strip(): ((row["column"] or "").strip(), (row.get("unit") or "").strip()) for row in reader
    }


def _listed(words: Iterable[str]) -> str:
    return "、".join(word if len(word) <= 40 else word[:40] + "…" for word in list(words)[:40])
