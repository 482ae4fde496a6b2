"""The words of the log in Chinese, in one place: kinds of record, things looked at, and the terms of `about`.

A kind or term without a word is shown as it is written: a log outlives the features that wrote into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READ = "read"
DENIED = "denied"
ERASED = "evidence.erased"

KIND_NAMES = {
    READ: "查看",
    DENIED: "被拒的请求",
    "disclosure.saved": "保存披露草稿",
    "disclosure.discarded": "弃置披露草稿",
    "disclosure.document_added": "加入披露文件",
    "disclosure.document_removed": "移除披露文件",
    "disclosure.published": "发布披露",
    "disclosure.shared": "增加披露对象",
    "disclosure.withdrawn": "撤回披露",
    "grant.made": "授权",
    "grant.revoked": "收回授权",
    "exclusion.made": "屏蔽机构",
    "exclusion.ended": "取消屏蔽",
    "product.created": "新建信贷产品",
    "product.published": "发布信贷产品",
    "product.changed": "修改信贷产品",
    "product.closed": "停办信贷产品",
    "application.submitted": "提交贷款申请",
    "application.accepted": "同意贷款申请",
    "application.declined": "拒绝贷款申请",
    "application.withdrawn": "撤回贷款申请",
    "roadshow.created": "新建路演",
    "roadshow.published": "发布路演",
    "roadshow.changed": "修改路演",
    "roadshow.closed": "停止路演报名",
    "roadshow.cancelled": "取消路演",
    "registration.made": "报名路演",
    "registration.cancelled": "取消报名",
    "report.begun": "开始一份报告",
    "report.saved": "保存报告",
    "report.filed": "报送报告",
    "report.exported": "导出报告包",
    "organisation.qualified": "认定投资者资格",
    "enterprise.added": "录入企业",
    "section.saved": "保存企业资料栏目",
    ERASED: "删除存证原文",
}

# What was looked at or acted upon: the value of `what`, and of `kind` in grants.
THINGS = {
    "disclosure": "定向披露",
    "disclosure.list": "披露列表",
    "disclosure.document": "披露文件",
    "application": "贷款申请",
    "application.list": "贷款申请列表",
    "product": "信贷产品",
    "product.list": "信贷产品列表",
    "section": "企业资料栏目",
    "enterprise": "企业资料",
    "enterprise.section": "企业资料栏目",
    "enterprise.list": "企业列表",
    "roadshow": "路演",
    "roadshow.list": "路演列表",
    "roadshow.participants": "路演参加者名单",
    "report": "报告",
    "report.list": "报告列表",
    "filing.list": "报送情况",
    "document": "文件",
    "grant": "授权",
    "record": "存证记录",
    "registration": "报名",
    "organisation": "机构",
}
TERMS = {
    **THINGS,
    "address": "地址",
    "audience": "对象",
    "basis": "依据",
    "cells": "改动的格",
    "ended": "收回的授权",
    "ends": "截止",
    "items": "内容",
    "kind": "类别",
    "lender": "贷款机构",
    "member": "成员",
    "object": "内容",
    "principal": "对象",
    "purpose": "用途",
    "reason": "原因",
    "sha256": "文件摘要",
    "starts": "开始",
    "status": "答复",
    "title": "标题",
    "version": "版本",
    "what": "看的是",
    "year": "年度",
}
STATUSES = {"403": "不开放", "404": "没有可看的内容", "410": "已过期"}
SHOWN_ITEMS = 3


@dataclass(frozen=True)
class Item:
    """Something a record is about: what it is (`disclosure`), its ref and version, None where the record names none."""

    thing: str
    ref: str
    version: int | None


@dataclass(frozen=True)
class Summary:
    """A record in one line: what was done, with what kind of thing, the first of the things, how many more, and a note."""

    act: str
    thing: str
    items: tuple[Item, ...] = ()
    more: int = 0
    note: str = ""


def kind_name(kind: str) -> str:
    return KIND_NAMES.get(kind, kind)


def summary(kind: str, about: Mapping[str, Any]) -> Summary:
    """The line of a record; all of it stands in the record itself."""
    if kind == READ:
        return _read(str(about.get("what", "")), about.get("items") or [])
    if kind == DENIED:
        status = str(about.get("status", ""))
        return Summary(kind_name(kind), str(about.get("address", "")), note=STATUSES.get(status, status))
    item = _object(about)
    note = str(about.get("purpose") or about.get("reason") or "")
    if item is None:
        return Summary(kind_name(kind), "", note=note)
    return Summary(kind_name(kind), THINGS.get(item.thing, item.thing), (item,), note=note)


def _read(what: str, items: list[Any]) -> Summary:
    thing = what.removesuffix(".list")
    shown = tuple(Item(thing, ref, version) for ref, version in items[:SHOWN_ITEMS])
    note = "" if items else "没有内容"
    return Summary(kind_name(READ), THINGS.get(what, what), shown, len(items) - len(shown), note)


def _object(about: Mapping[str, Any]) -> Item | None:
    version = about.get("version")
    if "kind" in about and "object" in about:
        return Item(str(about["kind"]), str(about["object"]), version)
    for thing in THINGS:
        if isinstance(about.get(thing), (str, int)):
            return Item(thing, str(about[thing]), version)
    return None


def details(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything a record says about its act, as (term, value), in the order of the terms."""
    order = {term: number for number, term in enumerate(TERMS)}
    return [
        (TERMS.get(term, term), _value(term, about[term]))
        for term in sorted(about, key=lambda term: (order.get(term, len(order)), term))
    ]


def _value(term: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if term in ("what", "kind"):
        return THINGS.get(str(value), str(value))
    if term == "status":
        return STATUSES.get(str(value), str(value))
    if term == "items":
        return "；".join(f"{ref} 第 {version} 版" for ref, version in value) or "没有内容"
    if isinstance(value, Mapping):
        return "，".join(f"{TERMS.get(key, key)} {_value(key, one)}" for key, one in sorted(value.items()))
    if isinstance(value, list):
        return "；".join(_value("", one) for one in value)
    return str(value)
