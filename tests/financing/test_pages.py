"""The pages: each form posted as a browser would, twice too; hidden and absent alike; lists whose cost does not grow."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html as markup
from sqlalchemy import func, select

from portal.access.actor import ANONYMOUS
from portal.core.ids import new_ref
from portal.evidence.models import Opening
from portal.financing import services
from portal.financing.models import Application, CreditProduct, ProductState
from tests.financing.conftest import WAN
from tests.financing.stage import Stage

Post = Callable[..., CreditProduct]
Submit = Callable[..., Application]
FORM: dict[str, Any] = {
    "name": "设备更新贷", "amount_min": "50", "amount_max": "1,000.5", "rate_min": "3.35", "rate_max": "4.1", "term_min": "6",
    "term_max": "36", "collateral": ["equipment", "orders"], "conditions": "成立满 2 年。\n\n近两年盈利。", "promise_days": "10",
    "valid_until": "",
}  # fmt: skip


def test_the_whole_way_from_product_to_answer(stage: Stage) -> None:
    bank, firm = stage.browser("bank"), stage.browser("firm")
    answer = bank.post("/credit-products/new", data=bank.form("/credit-products/new") | FORM)
    assert answer.status_code == 302
    at = answer.location
    assert firm.get(at).status_code == 404
    assert bank.post(f"{at}/open", data=bank.form(at)).status_code == 302
    page = firm.get("/credit-products?amount=350&term=24").text
    assert "设备更新贷" in page and "50–1,000.5" in page and "3.35–4.10%" in page
    page = firm.get(f"{at}?amount=350&term=24").text
    assert "4 项符合" in page and "不符" not in page
    form = firm.form(f"{at}/apply?amount=350&term=24", purpose="采购磨床")
    assert (form["amount"], form["term"]) == ("350", "24")
    made = firm.post(f"{at}/apply", data=form)
    assert made.status_code == 302 and made.location.startswith("/applications/")
    assert "采购磨床" in bank.get(made.location).text
    decide = bank.form(made.location, answer="decline", reason_code="term", reason="先做 12 个月")
    assert bank.post(f"{made.location}/decide", data=decide).status_code == 302
    page = firm.get(made.location).text
    assert "期限不合适" in page and "先做 12 个月" in page
    assert "未同意" in firm.get("/applications").text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [({"amount_max": "NaN"}, "amount_max", "写数字"), ({"amount_max": "-5"}, "amount_max", "大于 0"), ({"amount_max": "10"}, "amount_max", "不小于"),
     ({"rate_min": "abc"}, "rate_min", "百分数"), ({"name": ""}, "name", "写产品名称"), ({"collateral": []}, "collateral", "至少选一种"),
     ({"valid_until": "明天"}, "valid_until", "2026-11-20"), ({"promise_days": "0"}, "promise_days", "1 到 250")],
)  # fmt: skip
def test_wrong_input_is_told_at_the_field(stage: Stage, changes: dict, field: str, words: str) -> None:
    bank = stage.browser("bank")
    answer = bank.post("/credit-products/new", data=bank.form("/credit-products/new") | FORM | changes)
    assert answer.status_code == 422
    errors = markup.document_fromstring(answer.text).xpath(f"//*[@id='{field}-error']")
    assert len(errors) == 1 and words in errors[0].text_content()
    with stage.session("bank") as db:
        assert db.scalar(select(func.count()).select_from(CreditProduct)) == 0


def test_a_corrected_form_is_taken(stage: Stage) -> None:
    bank = stage.browser("bank")
    form = bank.form("/credit-products/new") | FORM | {"rate_max": "1"}
    assert bank.post("/credit-products/new", data=form).status_code == 422
    assert bank.post("/credit-products/new", data=form | {"rate_max": "5"}).location.startswith("/credit-products/")


def test_a_form_posted_twice_is_one_act(stage: Stage, post: Post) -> None:
    bank, firm = stage.browser("bank"), stage.browser("firm")
    form = bank.form("/credit-products/new") | FORM
    first, second = (bank.post("/credit-products/new", data=form).location for _ in range(2))
    assert first == second
    product = post()
    form = firm.form(f"/credit-products/{product.ref}/apply", amount="200", term="12", purpose="付货款")
    first, second = (firm.post(f"/credit-products/{product.ref}/apply", data=form).location for _ in range(2))
    assert first == second
    decide = bank.form(first, answer="accept")
    assert {bank.post(f"{first}/decide", data=decide).location for _ in range(2)} == {first}
    close = bank.form(f"/credit-products/{product.ref}")
    assert {bank.post(f"/credit-products/{product.ref}/close", data=close).status_code for _ in range(2)} == {302}


def test_two_windows_a_second_application_is_refused_with_a_sentence(stage: Stage, post: Post) -> None:
    firm, product = stage.browser("firm"), post()
    at = f"/credit-products/{product.ref}/apply"
    forms = [firm.form(at, amount="200", term="12", purpose="付货款") for _ in range(2)]
    assert firm.post(at, data=forms[0]).status_code == 302
    answer = firm.post(at, data=forms[1])
    assert answer.status_code == 409 and "等待答复" in answer.text
    assert "看我的申请" in firm.get(at).text


def test_withdrawing_asks_first(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    firm = stage.browser("firm")
    at = f"/applications/{made.ref}/withdraw"
    assert "不再等待答复" in firm.get(at).text
    assert firm.post(at, data=firm.form(at)).status_code == 302
    assert "已撤回" in firm.get(f"/applications/{made.ref}").text
    assert stage.browser("bank").get(at).status_code == 403


def test_a_refused_answer_shows_the_page_again_and_records_the_reading(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    bank = stage.browser("bank")
    at = f"/applications/{made.ref}"
    form = bank.form(at, answer="decline")
    answer = bank.post(f"{at}/decide", data=form)
    assert answer.status_code == 422 and "选一个原因" in answer.text
    with stage.session("firm") as db:
        reads = db.scalar(select(func.count()).select_from(Opening).where(Opening.owner == made.owner, Opening.kind == "read"))
    assert reads == 2
    assert bank.post(f"{at}/decide", data=form | {"reason_code": "amount"}).status_code == 302


def test_hidden_and_absent_are_one(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()
    made = submit(product)
    absent = new_ref()
    cases = [("young", "/credit-products/%s", product.ref), ("bank2", "/credit-products/%s", product.ref),
             ("rival", "/applications/%s", made.ref), ("bank2", "/applications/%s", made.ref), ("young", "/credit-products/%s/apply", product.ref),
             ("bank2", "/credit-products/%s/edit", product.ref), ("rival", "/applications/%s/withdraw", made.ref)]  # fmt: skip
    for name, address, ref in cases:
        browser, answers = stage.browser(name), []
        for one in (ref, absent):
            with stage.counted() as said:
                answer = browser.get(address % one)
            assert answer.status_code == 404
            answers.append((bare(answer.text), said))
        assert answers[0] == answers[1]
    for name in ("operator", "bureau", "fund"):
        answers = [stage.browser(name).get(f"/applications/{ref}") for ref in (made.ref, absent)]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert bare(answers[0].text) == bare(answers[1].text)


def test_looking_at_the_shelf_is_recorded_and_tells_the_lender_nothing(stage: Stage, post: Post) -> None:
    """Who hides from a lender must not show in that lender's log by looking at its product."""
    product = post()
    firm = stage.browser("firm")
    for address in ("/credit-products", f"/credit-products/{product.ref}", f"/credit-products/{product.ref}/apply"):
        assert firm.get(address).status_code == 200
    read = select(Opening.plaintext["about"]["what"].as_string()).where(Opening.kind == "read").order_by(Opening.id)
    about = Opening.plaintext["about"]["items"][0][0].as_string() == product.ref
    with stage.session("firm") as db:
        assert list(db.scalars(read.where(about))) == ["product.list", "product", "product"]
    assert stage.browser("bank").get(f"/credit-products/{product.ref}").status_code == 200
    with stage.session("bank") as db:
        assert list(db.scalars(read.where(about))) == []


def bare(page: str) -> str:
    """A page without what differs from request to request: its number and the form's token."""
    return re.sub(r'(name="csrf_token" value=")[^"]+|(<span class="code">)[^<]+', "", page)


def test_lists_cost_the_same_with_one_row_and_with_three(stage: Stage, post: Post, submit: Submit) -> None:
    def costs() -> list[int]:
        found = []
        for name, address in (("firm", "/credit-products"), ("bank", "/credit-products"), ("firm", "/applications"), ("bank", "/applications")):
            with stage.counted() as said:
                assert stage.browser(name).get(address).status_code == 200
            found.append(len(said))
        return found

    submit(post())
    once = costs()
    for name in ("甲贷", "乙贷"):
        product = stage.do("bank", services.create_product, _terms(name))
        stage.do("bank", services.move_product, product.ref, ProductState.OPEN)
        submit(product)
    assert costs() == once
    assert max(once) <= 5


def _terms(name: str) -> services.ProductTerms:
    return services.ProductTerms(name=name, amount_min=WAN, amount_max=900 * WAN, rate_min=300, rate_max=400, term_min=6, term_max=60,
                                 collateral=["credit"])  # fmt: skip


def test_empty_pages_say_what_fills_them(stage: Stage) -> None:
    assert "货架上还没有给你的产品" in stage.browser("firm").get("/credit-products").text
    assert "写第一个产品" in stage.browser("bank").get("/credit-products").text
    assert "还没有申请" in stage.browser("firm").get("/applications").text
    assert "还没有收到申请" in stage.browser("bank").get("/applications").text
    page = stage.browser("firm").get("/credit-products?amount=abc&term=9").text
    assert "没有产品同时满足" in page and "金额写数字" in page


def test_eligibility_says_what_is_missing(stage: Stage, post: Post) -> None:
    product = post()
    firm = stage.browser("firm")
    page = firm.get(f"/credit-products/{product.ref}").text
    assert "2 项符合 · 2 项未知" in page and "填写金额后可判断" in page
    page = firm.get(f"/credit-products/{product.ref}?amount=1200&term=6").text
    assert "比最高额度多 200 万元" in page and "最短 12 个月" in page


def test_nobody_signs_in_first(stage: Stage) -> None:
    stage.actors["nobody"] = ANONYMOUS
    answer = stage.browser("nobody").get("/credit-products")
    assert answer.status_code == 302 and answer.location.startswith("/sign-in")
