"""The Chinese words for this room's acts in the trail: the moves of its flows, and the acts beside them."""

from __future__ import annotations

from assessments import flow

MOVES = {
    f"{one.name}.{move.name}": f"{one.label}：{move.label}"
    for one in (flow.FILE, flow.TRACK, flow.ROUND, flow.SCHEME, flow.POLL)
    for move in one.moves
}
ACTIONS = MOVES | {
    "decision.draft": "拟定等次",
    "notice.dates": "登记公示日期",
    "poll.enter": "录入票数",
    "round.create": "新建定级轮次",
    "round.stages": "改轮次日期",
    "scan.add": "上传扫描件",
    "scan.download": "下载扫描件",
    "scheme.load": "载入方案",
    "scheme.refine": "细化方案",
    "scheme.revise": "修订方案",
    "sheet.assign": "指定评分人",
    "sheet.hand_in": "交评分表",
    "sheet.pass_on": "交接评分表",
    "sheet.release": "免评",
    "sheet.save": "填评分表",
    "track.seal": "加盖公章",
    "scores.import": "导入分数",
    "ledger.export": "导出台账",
}
