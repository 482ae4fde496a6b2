"""The boards of the `screen` bench: N invented enterprises, two qualified readers, an index; kept in `var/bench` between runs."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
from sqlalchemy import select
from stdnum.cn import uscc

from portal.access.principals import OrgKind
from portal.accounts import services as accounts
from portal.accounts.models import Person
from portal.config import Settings
from portal.core.connect import Urls, libpq
from portal.core.context import Context
from portal.enterprises import industries, regions
from portal.enterprises.models import Category, Tier
from portal.screening.engine import make_engine
from portal.screening.services import rebuild

READER, SHUT_OUT = "bench-reader", "bench-shut-out"  # the second one is excluded by every HIDING-th enterprise
HIDING = 500
FIRST = "天北金华中瑞恒宏博远新科智云鼎盛泰嘉安康德信诚達昊晟旭启凌锐卓航腾丰源兴汇聚同联正".replace("達", "达")
SECOND = "山川海峰岭泽源泉辉煌阳光明达通顺利和平成业基石诺维思创迪奥特力能芯微图纳宇宙星辰"
TRADES = {
    "3451": ("轴承", "滚动轴承、关节轴承及其零部件的研发、制造与销售"), "3525": ("模具", "精密模具、注塑件的设计、加工与销售"),
    "3670": ("汽车配件", "汽车零部件及配件制造，金属结构件加工"), "3972": ("半导体", "半导体分立器件、功率模块的设计与封装测试"),
    "3823": ("电气设备", "配电开关控制设备、变压器的制造与维修"), "3844": ("锂电池", "锂离子电池、储能系统的研发与生产"),
    "2770": ("生物材料", "卫生材料及医药用品、生物材料的研发与制造"), "2710": ("药业", "化学药品原料药、中间体的研发与生产"),
    "2911": ("橡胶", "橡胶制品、密封件、输送带的制造与销售"), "2659": ("新材料", "合成材料、改性塑料、碳纤维复合材料的制造"),
    "1371": ("蔬菜食品", "蔬菜加工、番茄制品、农副产品的收购与销售"), "1713": ("纺织", "棉纺纱加工、棉印染精加工、服装面料的销售"),
    "3511": ("矿山机械", "矿山机械、起重设备的制造、安装与租赁"), "4011": ("仪表", "工业自动控制系统装置、仪器仪表的制造"),
    "6513": ("软件", "应用软件开发、信息系统集成、数据处理服务"), "7320": ("工程技术", "工程和技术研究、试验发展、技术推广服务"),
}  # fmt: skip
MAKES = ("制造", "科技", "智能装备", "实业", "工业", "技术")
FORMS = ("有限公司", "有限责任公司", "股份有限公司")
COLUMNS = (
    "uscc", "name", "member", "tier", "categories", "province_code", "city_code", "province_text", "city_text", "industry_code",
    "founded", "capital", "capital_currency", "company_type", "address", "scope", "summary",
)  # fmt: skip


def furnish(urls: Urls, settings: Settings, n: int, password: str) -> None:
    """Make of a migrated database a board of `n` enterprises with two readers whose password is `password`, and its index."""
    with psycopg.connect(libpq(urls.admin or "")) as admin:
        known = admin.execute("select count(*) from portal.enterprise").fetchone()[0]  # type: ignore[index]
        if known != n:
            admin.execute("truncate portal.enterprise, portal.exclusion, portal.search_dirty restart identity cascade")
            with admin.cursor().copy(f"copy portal.enterprise ({', '.join(COLUMNS)}) from stdin") as copy:
                for row in rows(n):
                    copy.write_row(row)
        admin.commit()
        admin.autocommit = True
        admin.execute("vacuum analyze portal.enterprise")
    context = Context(settings=settings, urls=urls, database=urls.database())
    try:
        _readers(context, password)
        _hide(urls)
        engine = make_engine(settings)
        if known != n or not engine.health().ok:
            rebuild(context.database, engine)
    finally:
        context.database.dispose()


def rows(n: int) -> Iterator[tuple[object, ...]]:
    """`n` enterprises, the same ones each time: half of them members, everything else spread unevenly, as it is in life."""
    pick = random.Random(20221122)
    provinces = regions.provinces()[:31]
    weights = [1 / (k + 2) for k in range(len(provinces))]
    trades = [1 / (k + 3) for k in range(len(TRADES))]
    codes = list(TRADES)
    for number in range(n):
        province = pick.choices(provinces, weights)[0]
        city = pick.choice(regions.cities(province.code))
        code = pick.choices(codes, trades)[0]
        word, scope = TRADES[code]
        stem = pick.choice(FIRST) + pick.choice(SECOND) + (pick.choice(SECOND) if pick.random() < 0.3 else "")
        name = f"{city.short}{stem}{word}{pick.choice(MAKES)}{pick.choices(FORMS, (6, 2, 2))[0]}"
        member = number % 2 == 0
        body = f"91{province.code}{number:09X}"[:17].replace("I", "J").replace("O", "P").replace("S", "T").replace("V", "W")
        yield (
            body + uscc.calc_check_digit(body), name, member, pick.choices(list(Tier), (5, 3, 2))[0].value if member else None,
            sorted(c.value for c in pick.sample(list(Category), pick.choice((0, 1, 1, 2, 3)))), province.code, city.code,
            province.name, city.name, code if industries.industry(code) else code[:2],
            date(1995, 1, 1) + timedelta(days=pick.randrange(10_800)), pick.randrange(50, 30_000) * 1_000_000, "CNY",
            "股份有限公司" if name.endswith("股份有限公司") else "有限责任公司", f"{city.name}创业路{pick.randrange(1, 900)}号",
            f"{scope}；货物进出口；技术服务、技术咨询；非居住房地产租赁。", f"专注{word}{pick.choice(MAKES)}，产品供应{province.short}及周边。" if member else "",
        )  # fmt: skip


def _readers(context: Context, password: str) -> None:
    """The two fund managers, made once; each run gives them its own password."""
    pepper = context.settings.portal_password_salt
    with context.database.session() as db:
        for username in (READER, SHUT_OUT):
            person = db.scalar(select(Person).where(Person.username == username))
            if person is None:
                organisation = accounts.create_organisation(db, kind=OrgKind.FUND_MANAGER, name=f"虚构基金 {username}")
                organisation.qualified_from, organisation.qualified_until = date(2020, 1, 1), date(2099, 1, 1)
                person = accounts.create_person(
                    db, username=username, email=f"{username}@zhuanban-portal.example", name="虚构读者", password=password, pepper=pepper
                )
                accounts.add_member(db, person, organisation, ["staff"])
            else:
                accounts.set_password(db, person, password, pepper=pepper)
        db.commit()


def _hide(urls: Urls) -> None:
    """Every HIDING-th enterprise hides from the second reader."""
    with psycopg.connect(libpq(urls.admin or "")) as admin:
        admin.execute(
            "insert into portal.exclusion (enterprise_id, owner, organisation_id, principal)"
            " select e.id, e.owner, o.id, o.principal from portal.enterprise e, portal.organisation o"
            " where e.id %% %s = 1 and o.name like %s on conflict do nothing",
            (HIDING, f"%{SHUT_OUT}"),
        )
