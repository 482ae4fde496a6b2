"""The operator: gives an institution its qualified period and takes it back; the institution sees the board for just that long."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.cli.demo.board import code
from portal.core.clock import today
from tests.journeys.person import Someone

NAME = "远岫私募基金管理有限公司"


@pytest.mark.clause("七")
def test_a_visitor_sees_the_board_while_qualified(somebody: Callable[..., Someone]) -> None:
    operator, visitor = somebody("operator"), somebody("visitor")
    visitor.sees("还不能查看专板企业")
    assert visitor.fetch("/enterprises")[0] == 403

    operator.follow("机构", "header")
    operator.fill(q="远岫")
    operator.press("查找")
    operator.follow(NAME)
    operator.fill(starts=today().isoformat(), until=(today() + timedelta(180)).isoformat())
    operator.press("保存期限")
    operator.sees("已改为合格")

    visitor.go("/")
    visitor.follow("企业", "header")
    visitor.sees("36 家企业")
    visitor.go("/disclosures")
    visitor.sees("3.6 米变桨轴承通过台架试验")  # given to everybody qualified

    operator.press("取消合格")
    operator.sees("已取消合格")
    visitor.go("/enterprises", status=403)
    visitor.go("/disclosures")
    visitor.sees_nothing_of("3.6 米变桨轴承通过台架试验", "天山精密轴承")


@pytest.mark.clause("十")
def test_opens_a_roadshow_and_sees_who_comes(somebody: Callable[..., Someone]) -> None:
    operator, fund = somebody("operator"), somebody("fund2")
    day = today() + timedelta(21)
    operator.follow("路演", "header")
    operator.follow("办一场路演")
    operator.fill(
        title="新材料专场路演", starts=f"{day}T10:00", ends=f"{day}T11:30", registration_until=f"{day - timedelta(2)}T18:00",
        capacity="12", place="北庭股权交易中心二楼", description="两家新材料企业介绍扩产计划。", codes=f"{code(1)}\n{code(2)}",
    )  # fmt: skip
    operator.press("存为草稿")
    address = operator.page.url.removeprefix(operator.site.base)
    assert fund.fetch(address)[0] == 404  # a draft is the operator's own
    operator.press("开放报名")
    operator.sees("已开放报名")

    fund.go(address)
    fund.press("报名")
    fund.sees("已报名")
    assert somebody("visitor").fetch(address)[0] == 404

    operator.go(address)
    operator.follow("参加者名单")
    operator.sees("程未央")
    table = operator.download(operator.page.get_by_role("link", name="下载 CSV")).decode("utf-8-sig")
    assert "程未央" in table
    assert fund.fetch(f"{address}/participants")[0] == 403
