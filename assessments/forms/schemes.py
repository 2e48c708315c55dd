"""The editor of a scheme: its sections, what was posted of one, its faults where they stand, what a refinement may change."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms

from assessments.forms.scheme_cells import Drawer, Locked, Row, anchor, names_of
from assessments.forms.scheme_draft import (
    Draft,
    Faults,
    Posted,
    act_on,
    blank,
    draft_of,
    give_keys,
    ident,
    posted_draft,
    read_draft,
)
from assessments.rules import (
    OPEN,
    Fault,
    QuotaScope,
    RulePart,
    SchemeRules,
    SectorRules,
    check,
    refinement_faults,
)
from assessments.rules.compare import part_of
from assessments.scoring.quotas import quota_line
from gradingsite.lib.refusal import Refused


@dataclass(frozen=True, slots=True)
class Section:
    """A card of the editor, saved on its own. ``fields``: those of the rules it holds."""

    key: str
    title: str
    fields: tuple[str, ...]


SECTIONS = {
    one.key: one
    for one in (
        Section("sectors", "指标", ("sectors",)),
        Section("sources", "评价主体", ("sources",)),
        Section("bands", "等次", ("bands",)),
        Section("quotas", "配额", ("quotas",)),
        Section("stars", "评星", ("stars",)),
        Section("adjustments", "加分扣分", ("adjustments", "bonus_cap", "penalty_cap", "total_may_pass_100")),
        Section("vetoes", "一票否决和直接定级", ("vetoes",)),
        Section(
            "basics",
            "方案",
            ("name", "issuer", "year", "basis", "graded_forms", "precision", "missing", "notes"),
        ),
        Section("steps", "步骤", ("steps", "survey_gates")),
        Section("notice", "公示", ("notice",)),
        Section("participation", "参与率", ("participation",)),
        Section("periods", "考评期", ("periods", "combine")),
        Section("open_parts", "允许下级调整", ("open_parts",)),
    )
}
_SECTION_OF = {name: one.key for one in SECTIONS.values() for name in one.fields}
Sizes = Mapping[QuotaScope, Collection[int]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault with the section it stands in and where its link leads."""

    fault: Fault
    section: str
    url: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return self.fault.message

    @property
    def remedy(self) -> str:
        """What to do."""
        return self.fault.remedy

    @property
    def id(self) -> str:
        """The id of its words in the section."""
        return f"fault-{self.fault.path.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Box:
    """Words about faults at the foot of a section."""

    section: str
    id: str
    message: str
    remedy: str = ""


def boxes_of(faults: Iterable[Placed]) -> list[Box]:
    """What each section says of its faults: one box each; values left open in one, for their fields are marked."""
    here = [one for one in faults if "?" not in one.url]
    left = Counter(one.section for one in here if one.fault.message.endswith(OPEN))
    found = [
        Box(one.section, one.id, one.message, one.remedy)
        for one in here
        if not one.fault.message.endswith(OPEN)
    ]
    return found + [Box(key, f"open-{key}", f"{count} 处文件未定，请填写") for key, count in left.items()]


@dataclass
class Editor:
    """A scheme's rules on the page while they are edited.

    :param stored: the rules as saved. :param parent: those it refines. :param sizes: branches per set today.
    :param sector: the place of the sector shown.
    """

    stored: SchemeRules
    parent: SchemeRules | None = None
    sizes: Sizes = field(default_factory=dict)
    sector: int = 0
    draft: Draft = field(default_factory=dict)
    typed: SchemeRules | None = None
    unread: Faults = field(default_factory=dict)
    goal: str = ""

    def __post_init__(self) -> None:
        self.draft = self.draft or draft_of(self.stored)
        self.typed = self.typed or self.stored

    def take(self, data: Posted) -> None:
        """Take a posted section in: do what the pressed button says, then read what was typed."""
        self.draft = posted_draft(SchemeRules, self.draft, data)
        for index, sector in enumerate(self.draft["sectors"]):
            if f"sectors.{index}" in data:
                self.draft["sectors"][index] = posted_draft(SectorRules, sector, data, f"sectors.{index}")
        act = data.get("act") or "save"
        if act not in ("save", "show"):
            self.goal = act_on(SchemeRules, self.draft, act)
            self._own(act)
        self.read()

    def _own(self, act: str) -> None:
        """What is added where only own indicators are open is an own indicator."""
        if self.parent is None or self.parent.is_open_to(RulePart.INDICATORS):
            return
        if act.startswith("add sectors.") and act.endswith(".indicators"):
            index = int(act.split(".")[1])
            self.draft["sectors"][index]["indicators"][-1]["own"] = True

    def read(self) -> None:
        """Read the draft; what can't be read is kept as a fault beside its field."""
        whole = copy.deepcopy(self.draft)
        give_keys(SchemeRules, whole)
        self.typed, self.unread = read_draft(SchemeRules, whole)

    def change_sectors(self, act: str, name: str) -> int:
        """Add the sector ``name`` with the indicators of the one shown, or take the shown one out; gives its place."""
        sectors = self.draft["sectors"]
        if self.locked("sectors"):
            raise Refused("领域由上级方案规定，不能增减。")
        if act == "add" and name and all(one["key"] != name for one in sectors):
            model = copy.deepcopy(sectors[self.sector]) if sectors else blank(SectorRules)
            sectors.append(model | {"key": name, "label": name})
        elif act == "drop" and len(sectors) > 1:
            del sectors[self.sector]
        else:
            raise Refused("没有选领域，或这个领域已经有了。" if act == "add" else "方案至少要有一个领域。")
        self.read()
        return len(sectors) - 1 if act == "add" else 0

    # --- faults

    def faults(self) -> list[Placed]:
        """Everything to be mended, each with where it stands; what can't be read goes first and alone."""
        if self.typed is None:
            found = [Fault(path, message) for path, message in self.unread.items()]
        else:
            found = check(self.typed, sizes=self.sizes)
            if self.parent is not None:
                found += [
                    replace(one, path=self._by_index(one.path))
                    for one in refinement_faults(self.parent, self.typed)
                ]
        return [self._placed(one) for one in found]

    def _placed(self, fault: Fault) -> Placed:
        names = fault.path.split(".")
        section = _SECTION_OF.get(names[0], "basics")
        query = ""
        if section == "sectors" and len(names) > 1 and names[1].isdecimal() and int(names[1]) != self.sector:
            query = f"?sector={names[1]}"
        return Placed(fault, section, f"{query}#{self._shown(fault.path, section)}")

    def _shown(self, path: str, section: str) -> str:
        """The id of what is drawn for a path: its field, its row, else its section."""
        names = path.split(".")
        if len(names) > 1 and names[-1] in _NOT_DRAWN:
            names = names[:-1]
        if len(names) == 1 or (section == "sectors" and len(names) < 4):
            return f"part-{section}"
        return anchor(".".join(names))

    def _by_index(self, path: str) -> str:
        """A path that names items by key, as one that counts them; where nothing is drawn any more, as it is."""
        here: Any = self.draft
        found = []
        for name in path.split("."):
            if isinstance(here, list):
                place = next((index for index, row in enumerate(here) if ident(row) == name), None)
                if place is None:
                    break
                here, name = here[place], str(place)
            else:
                here = here.get(name) if isinstance(here, dict) else None
            found.append(name)
        return ".".join(found)

    # --- what is drawn

    def page(self, *, reading: bool = False) -> Row:
        """All rows and cells of the scheme; ``reading``: nothing can be changed."""
        rules = self.typed or self.stored
        wrong = frozenset(one.fault.path for one in self.faults()) if not reading else frozenset()
        locked: Locked = (lambda path: True) if reading else self.locked
        drawn = Drawer(rules, names_of(rules), self.unread, wrong, locked).row(SchemeRules, self.draft, "")
        for row, quota in zip(drawn["quotas"], rules.quotas, strict=False):
            row.parts["rounding"] = self.rounding(quota) if self.typed else ""
        return drawn

    def rounding(self, quota: Any) -> str:
        """How a quota rounds, shown on the largest set there is today: 「进位取整，15 个支部至少 1 个」."""
        n = max(self.sizes.get(quota.scope, ()), default=0)
        up = "进位取整" if quota.bound.value == "at_least" else "舍去取整"
        if quota.share is None or quota.of_band or quota.star or not n:
            return up
        line = quota_line(quota, n)
        return up if line is None else f"{up}，{n} 个支部{quota.bound.label} {line} 个"

    def locked(self, path: str) -> bool:
        """Whether the level above fixed what stands at a path. Values it left open may be filled in."""
        if self.parent is None or not path:
            return False
        keyed, own = self._keyed(path)
        part = RulePart.OWN_INDICATORS if own else part_of(keyed, self.typed or self.stored)
        if part is None or self.parent.is_open_to(part):
            return False
        if own and self.parent.is_open_to(RulePart.INDICATORS):
            return False
        if (
            path.startswith("sectors.")
            and path.endswith(".indicators")
            and self.parent.is_open_to(RulePart.OWN_INDICATORS)
        ):
            return False
        return not _left_open(self.parent, keyed)

    def _keyed(self, path: str) -> tuple[str, bool]:
        """The path with items named by key, and whether it lies in an own indicator."""
        here: Any = self.draft
        names, own = [], False
        for name in path.split("."):
            if isinstance(here, list):
                here = here[int(name)] if int(name) < len(here) else {}
                own = own or bool(here.get("own"))
                name = ident(here) or "?"
            else:
                here = here.get(name) if isinstance(here, dict) else None
            names.append(name)
        return ".".join(names), own


# What has a path but no field of its own on the page.
_NOT_DRAWN = {"key"}
_MAY_BE_OPEN = {"points", "weight", "lower", "share", "working_days", "reserved"}


def _left_open(parent: SchemeRules, keyed: str) -> bool:
    here: Any = parent
    if keyed.rsplit(".", 1)[-1] not in _MAY_BE_OPEN:
        return False
    for name in keyed.split("."):
        if isinstance(here, tuple):
            here = next(
                (one for one in here if str(getattr(one, "key", getattr(one, "band", ""))) == name), parent
            )
            if here is parent:
                return False
        else:
            here = getattr(here, name, parent)
    return here is None


class SchemeFileForm(forms.Form):
    """A scheme's file to be looked at before it is taken in."""

    file = forms.FileField(label="方案文件", help_text="从本系统导出的 .json 文件。")


MOST_BYTES = 2_000_000


def text_of(file: Any) -> str:
    """The text of an uploaded scheme's file. Raises :class:`Refused` through the reading of the text."""
    if file.size > MOST_BYTES:
        return ""
    return bytes(file.read()).decode("utf-8-sig", errors="replace")
