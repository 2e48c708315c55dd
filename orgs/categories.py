"""Categories of organisation 「组织类别」 as offices write them; tier and form follow from the category (domain.md 2)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """The five tiers; a larger number is lower."""

    PROVINCE = 1
    CITY = 2
    COUNTY = 3
    TOWNSHIP = 4
    BRANCH = 5

    @property
    def label(self) -> str:
        """The Chinese name of the tier."""
        return {1: "省级", 2: "市级", 3: "县级", 4: "乡镇级", 5: "支部级"}[self.value]


class Form(StrEnum):
    """The form of an organisation."""

    COMMITTEE = "committee"
    WORK_COMMITTEE = "work_committee"
    PARTY_GROUP = "party_group"
    GENERAL_BRANCH = "general_branch"
    BRANCH = "branch"

    @property
    def label(self) -> str:
        """The Chinese name of the form."""
        return {
            "committee": "党委",
            "work_committee": "工委",
            "party_group": "党组",
            "general_branch": "党总支",
            "branch": "党支部",
        }[self.value]


COMMITTEES = frozenset({Form.COMMITTEE, Form.WORK_COMMITTEE, Form.PARTY_GROUP})

CATEGORIES: dict[str, tuple[Tier, Form]] = {
    "省级党委": (Tier.PROVINCE, Form.COMMITTEE),
    "省直党（工）委": (Tier.CITY, Form.WORK_COMMITTEE),
    "高校工委": (Tier.CITY, Form.WORK_COMMITTEE),
    "市级党委": (Tier.CITY, Form.COMMITTEE),
    "市直党（工）委": (Tier.COUNTY, Form.WORK_COMMITTEE),
    "县级党委": (Tier.COUNTY, Form.COMMITTEE),
    "县直党（工）委": (Tier.TOWNSHIP, Form.WORK_COMMITTEE),
    "系统党委": (Tier.TOWNSHIP, Form.COMMITTEE),
    "党组": (Tier.TOWNSHIP, Form.PARTY_GROUP),
    "乡镇党委": (Tier.TOWNSHIP, Form.COMMITTEE),
    "街道党工委": (Tier.TOWNSHIP, Form.WORK_COMMITTEE),
    "党总支": (Tier.BRANCH, Form.GENERAL_BRANCH),
    "党支部": (Tier.BRANCH, Form.BRANCH),
}

ALIASES: dict[str, str] = {
    "支部": "党支部",
    "村党支部": "党支部",
    "社区党支部": "党支部",
    "总支": "党总支",
    "总支部": "党总支",
    "党总支部": "党总支",
    "省委": "省级党委",
    "市委": "市级党委",
    "县委": "县级党委",
    "区委": "县级党委",
    "县直工委": "县直党（工）委",
    "县直党工委": "县直党（工）委",
    "县直党委": "县直党（工）委",
    "乡党委": "乡镇党委",
    "镇党委": "乡镇党委",
    "街道工委": "街道党工委",
}

SECTORS = ("农村", "城市社区", "非公企业", "机关事业单位", "高等院校", "国有企业", "社会组织")

SECTOR_ALIASES: dict[str, str] = {
    "社区": "城市社区",
    "农村党组织": "农村",
    "城市社区党组织": "城市社区",
    "非公有制企业": "非公企业",
    "非公经济组织": "非公企业",
    "机关": "机关事业单位",
    "事业单位": "机关事业单位",
    "国企": "国有企业",
    "高校": "高等院校",
    "社会组织党组织": "社会组织",
}


def parent_fault(child: tuple[Tier, Form], parent: tuple[Tier, Form] | None) -> str:
    """Why an organisation of tier and form ``child`` may not stand under ``parent``; empty when it may (domain.md 2)."""
    tier, form = child
    if parent is None:
        return "" if form in COMMITTEES else f"{form.label}必须有上级组织"
    above, above_form = parent
    if form is Form.BRANCH and above_form is Form.BRANCH:
        return "党支部下面不能再设党支部"
    if form is Form.BRANCH and above_form is Form.GENERAL_BRANCH:
        return ""
    if tier is Tier.BRANCH and above_form is Form.COMMITTEE and above < Tier.TOWNSHIP:
        return f"{form.label}不能直接挂在{above.label}党委下面"
    if tier == above and form in (Form.COMMITTEE, Form.PARTY_GROUP) and above_form is Form.WORK_COMMITTEE:
        return ""
    if tier <= above:
        return f"{tier.label}组织不能挂在{above.label}组织下面"
    return ""
