"""The roles a post can carry and how far each reaches (domain.md 1)."""

from __future__ import annotations

from enum import StrEnum


class Extent(StrEnum):
    """How far a post reaches from its organisation."""

    OWN = "own"
    SUBTREE = "subtree"
    LISTED = "listed"
    ASSIGNED = "assigned"


class Role(StrEnum):
    """What a person is at an organisation. The value is stored in :class:`orgs.models.Post`."""

    BRANCH_SECRETARY = "branch_secretary"
    LIAISON = "liaison"
    TOWNSHIP_CLERK = "township_clerk"
    RELATED_RATER = "related_rater"
    COMMITTEE_SECRETARY = "committee_secretary"
    ORG_DEPARTMENT = "org_department"
    SUPERVISION_GROUP = "supervision_group"
    CONTACT_LEADER = "contact_leader"
    LEADING_CADRE = "leading_cadre"
    UNIT_OFFICE = "unit_office"

    @property
    def label(self) -> str:
        """The Chinese name of the role as screens show it."""
        return LABELS[self]

    @property
    def extent(self) -> Extent:
        """How far a post in this role reaches."""
        return EXTENTS[self]


LABELS: dict[Role, str] = {
    Role.BRANCH_SECRETARY: "支部书记",
    Role.LIAISON: "包村干部",
    Role.TOWNSHIP_CLERK: "乡镇党务干部",
    Role.RELATED_RATER: "相关单位评分人",
    Role.COMMITTEE_SECRETARY: "党（工）委书记",
    Role.ORG_DEPARTMENT: "组织部",
    Role.SUPERVISION_GROUP: "督导组成员",
    Role.CONTACT_LEADER: "联系点领导",
    Role.LEADING_CADRE: "党员领导干部",
    Role.UNIT_OFFICE: "单位办公室",
}

EXTENTS: dict[Role, Extent] = {
    Role.BRANCH_SECRETARY: Extent.OWN,
    Role.LIAISON: Extent.LISTED,
    Role.TOWNSHIP_CLERK: Extent.SUBTREE,
    Role.RELATED_RATER: Extent.ASSIGNED,
    Role.COMMITTEE_SECRETARY: Extent.SUBTREE,
    Role.ORG_DEPARTMENT: Extent.SUBTREE,
    Role.SUPERVISION_GROUP: Extent.LISTED,
    Role.CONTACT_LEADER: Extent.LISTED,
    Role.LEADING_CADRE: Extent.OWN,
    Role.UNIT_OFFICE: Extent.OWN,
}


class AdminRole(StrEnum):
    """The three administrators 「三员」. One column of the person: nobody can hold two, and one who holds any has no reach."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"

    @property
    def label(self) -> str:
        """The Chinese name as screens show it."""
        return {"system": "系统管理员", "security": "安全管理员", "audit": "审计管理员"}[self.value]
