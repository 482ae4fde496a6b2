"""The operator: gives an institution its qualified period and takes it back; the institution sees the board for just that long."""

from collections.abc import Callable
from datetime import timedelta

import pytest

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
