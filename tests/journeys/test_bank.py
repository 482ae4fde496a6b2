"""A bank: posts a product, receives the application it is meant for, decides with a reason; another bank sees nothing of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Someone

PRODUCT = "链主订单贷"
PURPOSE = "为风电整机厂备货采购轴承钢"


def post_product(bank: Someone) -> str:
    """Write a product and put it on the shelf; its address."""
    bank.follow("信贷产品", "header")
    bank.follow("写新产品")
    bank.fill(name=PRODUCT, amount_min="50", amount_max="800", rate_min="3.4", rate_max="4.2", term_min="6", term_max="24")
    bank.choose("订单")
    bank.fill(conditions="有整机厂在手订单；回款到监管账户。", promise_days="4")
    bank.press("存为草稿")
    bank.sees("草稿")
    bank.press("上架")
    bank.sees("在架")
    return bank.page.url.removeprefix(bank.site.base)


def apply(firm: Someone, product: str) -> str:
    """Find the product on the shelf and apply; the application's address."""
    firm.follow("信贷产品", "header")
    expect(firm.page.locator("main").get_by_role("link", name=PRODUCT).first).to_be_visible()
    firm.page.locator(f"main a[href^='{product}']").click()
    firm.sees("你符合吗")
    firm.follow("申请这个产品")
    firm.fill(amount="8000", term="12", purpose=PURPOSE)
    firm.press("提交给瑶池商业银行")
    firm.sees("800")  # the limit is told at the field
    firm.fill(amount="300")
    firm.press("提交给瑶池商业银行")
    firm.sees("等待瑶池商业银行")
    return firm.page.url.removeprefix(firm.site.base)


@pytest.mark.clause("十")
def test_from_the_product_to_the_answer(somebody: Callable[..., Someone]) -> None:
    bank = somebody("bank")
    product = post_product(bank)
    firm = somebody("enterprise2")
    application = apply(firm, product)

    stranger = somebody("bank2")
    for path in ("/", "/credit-products", "/applications", "/evidence"):
        stranger.go(path)
        stranger.sees_nothing_of(PRODUCT, PURPOSE, application.rsplit("/", 1)[1], product.rsplit("/", 1)[1])
    assert stranger.fetch(application)[0] == 404
    assert stranger.fetch(product)[0] == 404
    assert somebody("enterprise").fetch(application)[0] == 404
    assert somebody("operator").fetch(application)[0] in (403, 404)

    bank.go("/applications")
    bank.follow("石河子砾川轴承钢管有限公司")
    bank.sees(PURPOSE)
    bank.choose("不同意")
    bank.press("答复企业")
    bank.sees("选一个原因：企业要知道差在哪里。")
    bank.choose("不同意")
    bank.page.locator("main [name=reason_code]").select_option(label="担保物不足")
    bank.fill(reason="订单回款账户不在本行，改为本行监管后可以再申请。")
    bank.press("答复企业")
    bank.sees("未同意")

    firm.go(application)
    firm.sees("担保物不足")
    firm.sees("订单回款账户不在本行")
    firm.go("/evidence")
    firm.sees("瑶池商业银行股份有限公司")
