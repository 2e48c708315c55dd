"""The processes of grading as tables (flow.md). Read by the guard, the buttons, the inbox and the test matrix.

Parties to a file: SEC branch secretary · LIA liaison listing the branch · CLK staff and COM secretary of the deciding
committee · DEP organisation department of the approving committee · UP one above it · RAT rater of the sheet · SYS.
"""

from gradingsite.lib.flow import Flow, Move, parties

COLLECTING, COMPUTED, DECIDED, REPORTED, APPROVED = (
    "collecting",
    "computed",
    "decided",
    "reported",
    "approved",
)
TERMINATED, UNGRADED = "terminated", "ungraded"
OPEN, IN, CONFIRMED = "open", "in", "confirmed"
BEFORE_APPROVAL = (COLLECTING, COMPUTED, DECIDED, REPORTED)
RUNNING = (*BEFORE_APPROVAL, APPROVED)

FILE = Flow(
    name="file",
    label="定级档案",
    states={
        COLLECTING: "填报中",
        COMPUTED: "已计分",
        DECIDED: "已评定",
        REPORTED: "已上报",
        APPROVED: "已核准",
        TERMINATED: "因撤并终止",
        UNGRADED: "未定等次",
    },
    moves=(
        Move("compute", "计分", (COLLECTING, COMPUTED), COMPUTED, parties("SYS", "CLK")),
        Move("go_stale", "重新填报", (COMPUTED,), COLLECTING, parties("SYS", "CLK", "LIA", "SEC", "RAT")),
        Move("decide", "评定", (COMPUTED,), DECIDED, parties("COM"), other_than=("drafter",)),
        Move("take_back_decision", "撤回评定", (DECIDED,), COMPUTED, parties("COM"), needs_note=True),
        Move("report", "上报", (DECIDED,), REPORTED, parties("COM")),
        Move("take_up", "接收", (REPORTED,), None, parties("DEP")),
        Move("take_back_report", "撤回上报", (REPORTED,), DECIDED, parties("COM")),
        Move(
            "approve",
            "核准",
            (REPORTED,),
            APPROVED,
            parties("DEP"),
            other_than=("authors", "confirmers", "typists", "signers"),
        ),
        Move("correct", "更正评定", (DECIDED,), None, parties("COM"), needs_note=True),
        Move("correct_reported", "更正评定", (REPORTED, APPROVED), REPORTED, parties("COM"), needs_note=True),
        Move(
            "return_tracks",
            "退回",
            RUNNING,
            COLLECTING,
            parties("HOLDER", "UP"),
            needs_note=True,
            needs_due=True,
        ),
        Move(
            "return_decision",
            "退回评定",
            (DECIDED, REPORTED, APPROVED),
            COMPUTED,
            parties("HOLDER", "UP"),
            needs_note=True,
            needs_due=True,
        ),
        Move(
            "return_report",
            "退回上报材料",
            (REPORTED,),
            DECIDED,
            parties("DEP", "UP"),
            needs_note=True,
            needs_due=True,
        ),
        Move("terminate", "因撤并终止", BEFORE_APPROVAL, TERMINATED, parties("SYS", "DEP"), needs_note=True),
        Move(
            "set_ungraded", "列为未定等次", (COLLECTING, COMPUTED), UNGRADED, parties("DEP"), needs_note=True
        ),
        Move("resume", "恢复定级", (UNGRADED,), COLLECTING, parties("DEP"), needs_note=True),
    ),
)

TRACK = Flow(
    name="track",
    label="评价主体",
    states={OPEN: "未交", IN: "待确认", CONFIRMED: "已确认"},
    moves=(
        Move("submit", "提交", (OPEN,), IN, parties("SEC", "CLK", "RAT")),
        Move("take_back", "撤回", (IN,), OPEN, parties("SUBMITTER")),
        Move("confirm", "确认", (IN,), CONFIRMED, parties("LIA", "CLK", "SYS"), other_than=("submitter",)),
        Move("settle", "齐备", (OPEN, IN), CONFIRMED, parties("SYS", "CLK", "RAT")),
        Move("send_back", "退回修改", (IN, CONFIRMED), OPEN, parties("LIA", "CLK", "COM"), needs_note=True),
        Move("reopen", "退回重做", (OPEN, IN, CONFIRMED), OPEN, parties("HOLDER", "UP"), needs_note=True),
        Move("import", "导入", (OPEN, IN, CONFIRMED), CONFIRMED, parties("CLK", "SYS")),
    ),
)

ROUND = Flow(
    name="round",
    label="定级轮次",
    states={"draft": "准备中", "open": "进行中", "closed": "已结束"},
    moves=(
        Move("open", "开始", ("draft",), "open", parties("DEP")),
        Move("admit", "补入", ("open",), None, parties("DEP"), needs_note=True),
        Move("close", "结束", ("open",), "closed", parties("DEP")),
    ),
)

SCHEME = Flow(
    name="scheme",
    label="方案",
    states={"draft": "草稿", "ready": "可启用", "frozen": "已启用"},
    moves=(
        Move("check", "检查通过", ("draft",), "ready", parties("DEP")),
        Move("edit", "修改", ("draft", "ready"), "draft", parties("DEP")),
        Move("freeze", "启用并冻结", ("ready",), "frozen", parties("DEP")),
    ),
)

POLL = Flow(
    name="poll",
    label="测评",
    states={
        "draft": "待录入",
        "open": "投票中",
        "closed": "已截止",
        "counted": "已计票",
        "shredded": "已销毁原票",
        "void": "已作废",
    },
    moves=(
        Move("enter", "计票录入", ("draft",), "counted", parties("CLK", "SYS")),
        Move(
            "void",
            "作废",
            ("draft", "open", "closed", "counted"),
            "void",
            parties("CLK", "COM", "HOLDER", "UP", "SYS"),
        ),
    ),
)
