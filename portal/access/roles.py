"""The role table: who may do what, and on which ground. The page role × action is generated from it."""

from dataclasses import dataclass

from portal.access.actions import Action
from portal.access.principals import OrgKind

WRITERS = frozenset({"admin", "staff"})  # membership roles that may change things; "viewer" only reads
ROLE_NAMES = {"admin": "管理员", "staff": "经办", "viewer": "只读"}

_ALL = frozenset(OrgKind)
_LENDERS = frozenset({OrgKind.BANK, OrgKind.MICRO_LENDER, OrgKind.LESSOR, OrgKind.FACTOR})


@dataclass(frozen=True)
class Rule:
    """Kinds of organisation and membership roles that may act; `board` asks for entitlement to see the board besides."""

    kinds: frozenset[OrgKind]
    roles: frozenset[str] | None = None
    board: bool = False
    ground: str = ""


ROLE_TABLE: dict[Action, Rule] = {
    Action.ACCOUNT_USE: Rule(_ALL, ground="本人账户"),
    Action.BOARD_BROWSE: Rule(_ALL - {OrgKind.ENTERPRISE}, board=True, ground="合格投资者与履职机构（试行办法）"),
    Action.ENTERPRISE_EDIT: Rule(frozenset({OrgKind.ENTERPRISE}), WRITERS, ground="企业自主维护（八）"),
    Action.DISCLOSURE_READ: Rule(_ALL, ground="定向披露：逐项看依据（七）"),
    Action.DISCLOSURE_PUBLISH: Rule(frozenset({OrgKind.ENTERPRISE}), WRITERS, ground="企业自主披露（七）"),
    Action.ROADSHOW_READ: Rule(_ALL, ground="路演对接（十）1"),
    Action.ROADSHOW_REGISTER: Rule(_ALL - {OrgKind.OPERATOR, OrgKind.AUTHORITY}, WRITERS, ground="路演对接（十）1"),
    Action.ROADSHOW_MANAGE: Rule(frozenset({OrgKind.OPERATOR}), WRITERS, ground="运营机构组织路演（十）1"),
    Action.PRODUCT_READ: Rule(_LENDERS | {OrgKind.ENTERPRISE, OrgKind.OPERATOR}, ground="专属信贷产品（十）3"),
    Action.PRODUCT_POST: Rule(_LENDERS, WRITERS, board=True, ground="专属信贷产品（十）3"),
    Action.APPLICATION_MAKE: Rule(frozenset({OrgKind.ENTERPRISE}), WRITERS, ground="专属信贷产品（十）3"),
    Action.APPLICATION_READ: Rule(_LENDERS | {OrgKind.ENTERPRISE}, ground="申请双方"),
    Action.APPLICATION_DECIDE: Rule(_LENDERS, WRITERS, board=True, ground="申请双方"),
    Action.REPORT_WRITE: Rule(frozenset({OrgKind.ENTERPRISE}), WRITERS, ground="定期报告（十五）3"),
    Action.FILING_OVERSEE: Rule(frozenset({OrgKind.OPERATOR, OrgKind.AUTHORITY}), ground="报送情况，只见元数据（十五）3"),
    Action.EVIDENCE_READ: Rule(_ALL, ground="信息及使用情况存证（八）"),
    Action.MEMBERS_MANAGE: Rule(_ALL, frozenset({"admin"}), ground="机构管理员"),
    Action.OPERATE: Rule(frozenset({OrgKind.OPERATOR}), WRITERS, ground="运营机构"),
}


def allows(action: Action, *, anonymous: bool, kind: OrgKind | None, roles: frozenset[str], board: bool) -> bool:
    """Default deny: an action without a rule, a person without a membership and nobody at all may do nothing.

    ACCOUNT_USE alone is open to a signed-in person who has no membership left.
    """
    if anonymous:
        return False
    if action is Action.ACCOUNT_USE:
        return True
    rule = ROLE_TABLE.get(action)
    if rule is None or kind is None or kind not in rule.kinds:
        return False
    if rule.roles is not None and not (rule.roles & roles):
        return False
    return board or not rule.board
