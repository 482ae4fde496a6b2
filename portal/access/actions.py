"""Every permission word of the portal, one typed enum. Each view names one, or is public."""

from enum import StrEnum


class Action(StrEnum):
    """What a view does, in the words of the role table."""

    ACCOUNT_USE = "account:use"
    BOARD_BROWSE = "board:browse"
    ENTERPRISE_EDIT = "enterprise:edit"
    DISCLOSURE_READ = "disclosure:read"
    DISCLOSURE_PUBLISH = "disclosure:publish"
    ROADSHOW_READ = "roadshow:read"
    ROADSHOW_REGISTER = "roadshow:register"
    ROADSHOW_MANAGE = "roadshow:manage"
    PRODUCT_READ = "product:read"
    PRODUCT_POST = "product:post"
    APPLICATION_MAKE = "application:make"
    APPLICATION_READ = "application:read"
    APPLICATION_DECIDE = "application:decide"
    REPORT_WRITE = "report:write"
    FILING_OVERSEE = "filing:oversee"
    EVIDENCE_READ = "evidence:read"
    MEMBERS_MANAGE = "members:manage"
    OPERATE = "operate"
