"""Principals: the small integers an actor is in the eyes of grants and policies, and the words they stand for.

The reserved ones are inserted with these numbers by the first migration; those of organisations, people and rings come
from the table `principal`, whose sequence starts at FIRST_FREE.
"""

from enum import StrEnum

PUBLIC = 1  # everyone, signed in or not
BOARD = 2  # those entitled to see the board's enterprises
QUALIFIED = 3  # all qualified investors
OPERATOR = 4  # the operator's staff
AUTHORITY = 5  # the supervising authorities
FIRST_FREE = 1000


class OrgKind(StrEnum):
    """Kinds of organisation that work in the portal (Xinjiang's 融资联盟 and the supervisors)."""

    ENTERPRISE = "enterprise"
    FUND_MANAGER = "fund_manager"
    BANK = "bank"
    GUARANTOR = "guarantor"
    BROKER = "broker"
    LAW_FIRM = "law_firm"
    ACCOUNTING_FIRM = "accounting_firm"
    MICRO_LENDER = "micro_lender"
    LESSOR = "lessor"
    FACTOR = "factor"
    OPERATOR = "operator"
    AUTHORITY = "authority"
    EXCHANGE = "exchange"


KIND_NAMES = {
    OrgKind.ENTERPRISE: "企业",
    OrgKind.FUND_MANAGER: "私募基金管理人",
    OrgKind.BANK: "银行",
    OrgKind.GUARANTOR: "担保机构",
    OrgKind.BROKER: "证券公司",
    OrgKind.LAW_FIRM: "律师事务所",
    OrgKind.ACCOUNTING_FIRM: "会计师事务所",
    OrgKind.MICRO_LENDER: "小额贷款公司",
    OrgKind.LESSOR: "融资租赁公司",
    OrgKind.FACTOR: "商业保理公司",
    OrgKind.OPERATOR: "运营机构",
    OrgKind.AUTHORITY: "监管部门",
    OrgKind.EXCHANGE: "交易场所",
}

KIND_PRINCIPALS = {kind: 10 + number for number, kind in enumerate(OrgKind)}
RESERVED = {
    PUBLIC: "public",
    BOARD: "board",
    QUALIFIED: "qualified",
    OPERATOR: "operator",
    AUTHORITY: "authority",
    **{number: f"kind:{kind}" for kind, number in KIND_PRINCIPALS.items()},
}
# Kinds that see the board by their office, without an investor's qualification.
BOARD_BY_OFFICE = frozenset({OrgKind.OPERATOR, OrgKind.AUTHORITY, OrgKind.EXCHANGE})
# Kinds that can be investors on the board once qualified.
INVESTOR_KINDS = frozenset({OrgKind.FUND_MANAGER})
# Every other institution is an addressee of the board once the operator has qualified it.
INSTITUTION_KINDS = frozenset(OrgKind) - BOARD_BY_OFFICE - {OrgKind.ENTERPRISE}
