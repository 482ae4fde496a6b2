"""Places of GB/T 2260, from the table that python-stdnum carries for resident numbers, former names and periods included.

A code has six digits: two for the province, two for the city, two for the district. Municipalities have no cities of
their own (`…0100` is 市辖区), counties directly under a province stand in `…9000`. Names are looked up in full, short
(乌鲁木齐), or as registers cut them (巴音郭楞, 延边州, 浦东); zones that are no administrative division resolve to nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from stdnum import numdb

MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})
_UNDER_PROVINCE_WORDS = frozenset({"省直辖县", "省直辖", "省直辖县级行政区划", "自治区直辖县级行政区划", "自治区直辖县"})
_NO_PLACE = re.compile("市辖区|县|.*直辖(?:县级)?行政(?:区划|单位)")

_PEOPLES = (
    "蒙古族 蒙古 回族 藏族 维吾尔族 维吾尔 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族"
    " 佤族 畲族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 柯尔克孜 土族 达斡尔族 达斡尔 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 锡伯"
    " 普米族 塔吉克族 塔吉克 怒族 鄂温克族 德昂族 保安族 裕固族 独龙族 鄂伦春族 各族"
).split()
_AUTONOMOUS = re.compile(rf"(.+?)(?:{'|'.join(_PEOPLES)})*自治[区州县旗]")
_SUFFIX = re.compile(r"(.{2,}?)(?:特别行政区|特別行政區|林区|新区|地区|自治区|省|市|区|县|盟|旗|州)")
_PERIOD = re.compile(r"\[(\d*)-(\d*)\]")


@dataclass(frozen=True)
class Place:
    """One division: its code, its name, the short form for lists, its level (1 province, 2 city, 3 district).

    `former` places were abolished or renamed; they resolve old registrations but stand in no list.
    """

    code: str
    name: str
    short: str
    level: int
    former: bool = False


@dataclass(frozen=True)
class Resolved:
    """What a register's words for a place stand for; None where they could not be resolved."""

    province: str | None = None
    city: str | None = None
    district: str | None = None


def _short(name: str) -> str:
    autonomous = _AUTONOMOUS.fullmatch(name)
    if autonomous and len(autonomous[1]) >= 2:
        return autonomous[1]
    plain = _SUFFIX.fullmatch(name)
    return plain[1] if plain else name


def _aliases(name: str) -> Iterator[str]:
    """The forms under which a register may write `name`: full, short, and without the word for its kind only."""
    short = _short(name)
    yield from (name, short, short + "州", short + "地区", short + "市", short + "县", short + "区")
    if name.endswith(("自治区", "自治州", "自治县", "自治旗")):
        yield name[:-3]


@lru_cache(maxsize=1)
def _places() -> dict[str, tuple[Place, ...]]:
    """Every name each code ever had, the present one first."""
    table: dict[str, tuple[Place, ...]] = {}
    for _length, province, _high, properties, children in numdb.get("cn/loc").prefixes:
        code = province + "0000"
        name = properties["province"]
        table[code] = (Place(code, name, _short(name), 1),)
        for _l, rest, _h, inner, _c in children:
            if rest != "0000" and "county" in inner:
                table[province + rest] = tuple(_named(province + rest, inner["county"]))
    return table


def _named(code: str, text: str) -> list[Place]:
    level = 2 if code.endswith("00") else 3
    found = []
    for part in text.split(","):
        period = _PERIOD.match(part)
        name = part[period.end():] if period else part
        found.append(Place(code, name, _short(name), level, former=bool(period and period[2])))
    return sorted(found, key=lambda place: place.former)


@lru_cache(maxsize=1)
def _current() -> dict[str, list[Place]]:
    """Present places in the order of their codes, under the two digits of their province and the four of their city."""
    groups: dict[str, list[Place]] = {}
    for code, names in sorted(_places().items()):
        if not names[0].former and not _NO_PLACE.fullmatch(names[0].name):
            groups.setdefault(code[:2], []).append(names[0])
            if names[0].level == 3:
                groups.setdefault(code[:4], []).append(names[0])
    return groups


@lru_cache(maxsize=1)
def provinces() -> tuple[Place, ...]:
    """The provinces, autonomous regions and municipalities, by code."""
    return tuple(names[0] for code, names in sorted(_places().items()) if code.endswith("0000"))


@lru_cache(maxsize=64)
def cities(province: str) -> tuple[Place, ...]:
    """Present cities, prefectures and leagues of a province (code); of a municipality its districts, which serve as such."""
    level = 3 if province in MUNICIPALITIES else 2
    return tuple(found for found in _current().get(province[:2], ()) if found.level == level)


def districts(city: str) -> tuple[Place, ...]:
    """Present districts and counties of a city (code)."""
    return tuple(_current().get(city[:4], ()))


def place(code: str | None) -> Place | None:
    """The place a code stands for, None for an unknown code."""
    names = _places().get(code or "")
    return names[0] if names else None


def words(province: str | None, city: str | None, district: str | None = None) -> str:
    """A place as lists write it, short and from large to small: 「新疆 乌鲁木齐」; empty when nothing is known."""
    found = [place(province), place(city), place(district)]
    inner = None if found[1] is None or _NO_PLACE.fullmatch(found[1].name) else found[1]
    parts = [found[0], inner or found[2]]
    return " ".join(part.short for part in parts if part is not None)


@lru_cache(maxsize=1)
def _province_names() -> dict[str, str]:
    return {alias: found.code for found in provinces() for alias in _aliases(found.name)}


@lru_cache(maxsize=64)
def _names_within(province: str) -> dict[str, str]:
    """Alias -> code within a province: present before former, cities before districts, an exact name before a shortened one.

    An alias that two present districts share is left out: it names neither.
    """
    ranked: dict[str, list[tuple[int, str]]] = {}
    for code, names in _places().items():
        if code[:2] != province[:2] or code.endswith("0000"):
            continue
        for found in names:
            if _NO_PLACE.fullmatch(found.name):
                continue
            rank = (4 if found.former else 0) + (2 if found.level == 3 else 0)
            for number, alias in enumerate(dict.fromkeys(_aliases(found.name))):
                ranked.setdefault(alias, []).append((rank * 2 + (number > 1), code))
    answer = {}
    for alias, candidates in ranked.items():
        best = min(rank for rank, _code in candidates)
        codes = {code for rank, code in candidates if rank == best}
        if len(codes) == 1 or best >= 8:
            answer[alias] = max(codes)
    return answer


def find_province(text: str) -> str | None:
    """Code of the province that `text` names."""
    return _province_names().get(_clean(text))


@lru_cache(maxsize=4096)
def find(province: str, text: str) -> Resolved:
    """City and district that `text` names within a province (code)."""
    text = _clean(text)
    if text in _UNDER_PROVINCE_WORDS:
        return Resolved(province, f"{province[:2]}9000")
    code = _names_within(province).get(text)
    if code is None:
        return Resolved(province)
    if code.endswith("00"):
        return Resolved(province, code)
    parent = code[:4] + "00"
    return Resolved(province, parent if parent in _places() else None, code)


def resolve(province: str, city: str, address: str = "") -> Resolved:
    """Codes for a register's words; the address may name the district, in full and unambiguously."""
    code = find_province(province)
    if code is None:
        return Resolved()
    found = find(code, city)
    if found.district is None and found.city is not None and address:
        return Resolved(code, found.city, _district_in(found.city, address))
    return found


@lru_cache(maxsize=512)
def _district_pattern(city: str) -> re.Pattern[str] | None:
    names = sorted((found.name for found in districts(city)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names))) if names else None


def _district_in(city: str, address: str) -> str | None:
    pattern = _district_pattern(city)
    named = set(pattern.findall(address)) if pattern else set()
    if len(named) != 1:
        return None
    name = named.pop()
    return next(found.code for found in districts(city) if found.name == name)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")
