"""What the demo's people have done before a newcomer arrives: disclosures, products, an application, a roadshow, a report."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import BOARD
from portal.accounts.models import Organisation
from portal.cli.demo import statements
from portal.cli.demo.board import ACCOUNTS, enterprises
from portal.cli.demo.paper import pdf
from portal.core.clock import CHINA, today
from portal.core.context import Context
from portal.core.money import minor
from portal.core.storage import Store
from portal.disclosures import drafts, services
from portal.enterprises.models import SectionKey
from portal.enterprises.queries import own_enterprise
from portal.enterprises.services import open_section, save_section
from portal.financing.models import ProductState
from portal.financing.services import ProductTerms, create_product, move_product, submit_application
from portal.reports import services as reports
from portal.reports.jobs import check
from portal.reports.queries import own_report
from portal.roadshows.models import RoadshowState
from portal.roadshows.services import RoadshowTerms, create_roadshow, move_roadshow

Acting = Callable[[str], Any]


def tell(db: Session, acting: Acting, context: Context) -> None:
    """Every story, in order."""
    refs = {a.username: db.scalars(select(Organisation.ref).where(Organisation.name == a.organisation)).one() for a in ACCOUNTS}
    with acting("enterprise") as actor:
        profile(db, actor)
        disclosures(db, actor, context.store, refs)
    with acting("enterprise2") as actor:
        second_disclosures(db, actor, context.store, refs)
    products(db, acting)
    with acting("operator") as operator:
        roadshow(db, operator)


def year_from(day: date) -> date:
    return day + timedelta(days=365)


def friday_after(day: date) -> date:
    return day + timedelta(days=(4 - day.weekday()) % 7)


def profile(db: Session, actor: Actor) -> None:
    """Sections of the profile: one open to every qualified investor, one written and kept."""
    enterprise = own_enterprise(db, actor)
    assert enterprise is not None
    save_section(
        db, actor, enterprise.uscc, SectionKey.BUSINESS,
        "做高速主轴轴承和风电变桨轴承，供给机床和风机整机厂。\n主轴轴承转速系数 DN 值到 220 万，配国产五轴机床；变桨轴承外径 1.2–3.6 米。",
    )  # fmt: skip
    open_section(
        db, actor, enterprise.uscc, SectionKey.BUSINESS, audience="qualified", organisation="",
        purpose="让合格投资者了解主营业务", until=year_from(today()),
    )  # fmt: skip
    save_section(db, actor, enterprise.uscc, SectionKey.TEAM, "顾青禾 董事长，轴承设计 24 年。\n许南樵 总经理，曾管 600 人工厂。")


def disclosures(db: Session, actor: Actor, store: Store, refs: dict[str, str]) -> None:
    """An enterprise with investors: a duty, a free choice to all qualified, a paper for one bank, and a draft."""
    name = actor.organisation_name
    give(
        db, actor, store, kind="periodic", title="2026 年三季度经营数据", audience=[refs["fund"]], basis="duty",
        purpose="A 轮投资协议第 8.2 条：每季后 45 天内提供经营数据",
        body="三季度营业收入 11,240 万元，同比增长 16.2%；在手订单 14,800 万元。\n变桨轴承二线 9 月投产，月产能 260 套。",
        paper=pdf("2026 年三季度经营数据", name, ["一、营业收入 11,240 万元，同比增长 16.2%。", "二、在手订单 14,800 万元，其中风电变桨轴承 8,900 万元，高速主轴轴承 5,900 万元。",
                  "三、变桨轴承二线于 9 月投产，月产能 260 套；主轴轴承线设备利用率 91%。"]),
    )  # fmt: skip
    give(
        db, actor, store, kind="news", title="3.6 米变桨轴承通过台架试验", audience=["qualified"], basis="will",
        purpose="合格投资者了解产品进展", body="3.6 米变桨轴承完成 20 年等效疲劳台架试验，外圈滚道未见剥落。", agreed=True,
    )  # fmt: skip
    give(
        db, actor, store, kind="material", title="设备更新项目说明", audience=[refs["bank"]], basis="will", purpose="设备贷款授信评估",
        body="拟购数控立车 4 台、圆度仪 2 台，总投资 2,300 万元，自筹 900 万元。",
        paper=pdf("设备更新项目说明", name, ["拟购数控立车 4 台、圆度仪 2 台，总投资 2,300 万元。", "资金来源：自筹 900 万元，申请设备贷款 1,400 万元，期限 36 个月。"]),
    )  # fmt: skip
    drafts.save_draft(db, actor, kind="financing", title="B 轮融资说明（未定稿）", body="拟融资 6,000 万元，用于 3.6 米变桨轴承产线。")


def second_disclosures(db: Session, actor: Actor, store: Store, refs: dict[str, str]) -> None:
    """An enterprise that never raised money owes nothing; it chose one reader."""
    give(
        db, actor, store, kind="material", title="轴承钢管扩产计划", audience=[refs["fund2"]], basis="will", purpose="股权融资初步接触",
        body="二期热轧线预计 2027 年二季度投产，设计年产 1.8 万吨。",
    )  # fmt: skip


def give(
    db: Session, actor: Actor, store: Store, *, kind: str, title: str, body: str, audience: list[str], basis: str, purpose: str,
    paper: bytes | None = None, agreed: bool = False,
) -> None:  # fmt: skip
    """Write an item, add its paper, publish it for a year to its addressees."""
    item = drafts.save_draft(db, actor, kind=kind, title=title, body=body)
    if paper:
        drafts.add_document(db, actor, store, item.ref, name=f"{title}.pdf", data=paper)
    until = year_from(today())
    reach = services.preview(db, actor, item.ref, audience_words=audience, basis=basis, until=until).reach
    services.publish(
        db, actor, item.ref, audience=audience, basis=basis, purpose=purpose, until=until,
        agreed=reach.organisations if agreed else None,
    )  # fmt: skip


def products(db: Session, acting: Acting) -> None:
    """Two banks' products and one application that only its two parties can see."""
    with acting("bank") as bank:
        product = create_product(db, bank, terms("专精特新设备贷", 100, 3000, 320, 410, 12, 60, ["equipment", "credit"], 5,
                                                 "入板企业，近两年连续盈利；设备购置合同和首付凭证；放款到设备供应商账户。"))  # fmt: skip
        move_product(db, bank, product.ref, ProductState.OPEN)
        ip = create_product(db, bank, terms("知识产权质押贷", 50, 1000, 365, 450, 6, 24, ["patent"], 7, "有效发明专利 3 件以上，权属清晰，未质押。"))
        move_product(db, bank, ip.ref, ProductState.OPEN)
    with acting("bank2") as bank:
        orders = create_product(db, bank, terms("订单快贷", 30, 500, 385, 480, 3, 12, ["orders", "receivables"], 3, "与上市公司或央企签订的在手订单；回款账户监管。"))
        move_product(db, bank, orders.ref, ProductState.OPEN)
    with acting("enterprise") as enterprise:
        submit_application(
            db, enterprise, product.ref, amount=minor(Decimal(14_000_000)), term=36,
            purpose="购置数控立车 4 台、圆度仪 2 台", note="首付 900 万元已自筹到位。",
        )  # fmt: skip


def roadshow(db: Session, operator: Actor) -> None:
    """One roadshow, open for registration, with three enterprises on its programme."""
    opens = datetime.combine(friday_after(today() + timedelta(days=9)), time(10), CHINA)
    made = create_roadshow(
        db, operator,
        RoadshowTerms(
            title="高端装备专场路演", starts=opens, ends=opens + timedelta(hours=2), registration_until=opens - timedelta(days=2), capacity=30,
            place="北庭股权交易中心三楼路演厅", online="https://meet.zhuanban-portal.example/equipment",
            description="三家高端装备企业介绍产品、订单与融资安排，会后可一对一。", audience=(BOARD,),
            codes=[e.uscc for e in enterprises()[:3]],
        ),
    )  # fmt: skip
    move_roadshow(db, operator, made.ref, RoadshowState.OPEN)


def report(context: Context, acting_in: Callable[[Session], Acting]) -> None:
    """Last year's annual report: loaded, validated as a worker would, filed."""
    year = today().year - 1
    with context.database.session() as db:
        with acting_in(db)("enterprise") as actor:
            begun = reports.begin_report(db, actor, year, statements.facts(year))
            reports.ask_check(db, actor, begun.ref)
        db.commit()
    check(context, begun.id, begun.version)
    with context.database.session() as db:
        with acting_in(db)("enterprise") as actor:
            checked = own_report(db, actor, begun.ref)
            reports.file_report(db, actor, context.store, checked.ref, checked.version)
        db.commit()


def terms(
    name: str, low_wan: int, high_wan: int, rate_low: int, rate_high: int, term_low: int, term_high: int, collateral: list[str],
    promise: int, conditions: str,
) -> ProductTerms:  # fmt: skip
    """A product's terms: amounts in 万元, rates in basis points a year, terms in months."""
    return ProductTerms(
        name=name, amount_min=minor(Decimal(low_wan * 10_000)), amount_max=minor(Decimal(high_wan * 10_000)), rate_min=rate_low,
        rate_max=rate_high, term_min=term_low, term_max=term_high, collateral=collateral, conditions=conditions,
        promise_days=promise, valid_until=year_from(today()),
    )  # fmt: skip
