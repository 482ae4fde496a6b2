"""The checks of a page can fail: each of them on a page with exactly that fault."""

import pytest

from tests.look.markup import problems

GOOD = '<html lang="zh-CN"><head><title>企业</title></head><body><main id="main"><h1>企业</h1>{}</main></body></html>'


def test_a_good_page_has_no_problem() -> None:
    assert problems(GOOD.format("")) == []


@pytest.mark.parametrize(("fault", "said"), [
    ("<h1>又一个</h1>", "2 <h1>, wanted one"),
    ("<p style='color:red'>红</p>", "style on <p>"),
    ("<script>1</script>", "inline <script>"),
    ("<button type=button onclick='x()'>按</button>", "onclick on <button>"),
    ("<a href='javascript:x()'>看</a>", "href leads to a script"),
    ("<p id='main'>重复</p>", "id main 2 times"),
    ("<input name='q'>", "no label for q"),
    ("<label for='q'></label><input id='q' name='q'>", "no label for q"),
    ("<button type=button><svg></svg></button>", "<button> without words"),
    ("<form method='post' action='/x'></form>", "POST form to /x without CSRF field"),
    ("<form method='POST' action='/x'></form>", "POST form to /x without CSRF field"),
    ("<a href='#nowhere'>看</a>", "link to #nowhere, which is not there"),
    ("<a>看</a>", "link without address"),
    ("<p aria-describedby='hint'>有提示</p>", "aria-describedby names hint, which is not there"),
    ("<table class='t cards' role='table'><tr><td role='cell'>1</td></tr></table>", "<tr> of a card table without role row"),
])
def test_each_fault_is_named(fault: str, said: str) -> None:
    found = problems(GOOD.format(fault))
    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_a_page_without_title_language_or_heading() -> None:
    assert problems("<html><head><title> · </title></head><body><main></main></body></html>") == ["0 <h1>, wanted one", "empty title", "no lang=zh-CN"]
