"""What each action is called on pages."""

from portal.access.actions import Action

ACTION_WORDS = {
    Action.BOARD_BROWSE: "筛选和查看专板企业",
    Action.ENTERPRISE_EDIT: "维护本企业资料，决定每一部分给谁看",
    Action.DISCLOSURE_READ: "阅读定向披露给自己机构的内容",
    Action.DISCLOSURE_PUBLISH: "向选定的对象发布披露",
    Action.ROADSHOW_READ: "查看对自己开放的路演",
    Action.ROADSHOW_REGISTER: "报名路演",
    Action.ROADSHOW_MANAGE: "组织路演、查看报名",
    Action.PRODUCT_READ: "查看信贷产品",
    Action.PRODUCT_POST: "发布信贷产品",
    Action.APPLICATION_MAKE: "提交贷款申请",
    Action.APPLICATION_DECIDE: "审批收到的贷款申请",
    Action.REPORT_WRITE: "填报、校验并报送定期报告",
    Action.FILING_OVERSEE: "查看报送情况（只见元数据，不见内容）",
    Action.EVIDENCE_READ: "查看与自己有关的存证和回执",
    Action.OPERATE: "设置机构的合格期限",
}
