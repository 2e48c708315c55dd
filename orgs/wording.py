"""The Chinese words for this room's acts in the trail."""

from __future__ import annotations

ACTIONS = {
    "sign_in": "登录",
    "sign_in.failed": "登录失败",
    "sign_in.locked": "锁定期间登录",
    "sign_out": "退出登录",
    "person.create": "建账号",
    "person.edit": "改姓名、电话",
    "person.password": "改密码",
    "person.reset": "重置密码",
    "person.enable": "启用账号",
    "person.disable": "停用账号",
    "person.admin_role": "指定管理员",
    "people.import": "导入人员",
    "people.export": "导出人员",
    "post.grant": "授予职务",
    "post.end": "结束职务",
    "post.hand_over": "交接职务",
    "post.deputy": "请人代理",
    "post.listed": "改联系的组织",
    "organisation.founded": "新设组织",
    "organisation.renamed": "组织改名",
    "organisation.moved": "移动组织",
    "organisation.merged": "并入其他组织",
    "organisation.dissolved": "撤销组织",
    "organisation.edited": "更正组织信息",
    "organisation.export": "导出组织名单",
    "organisation.import": "导入组织",
    "organisation.repair": "修复组织树",
}
