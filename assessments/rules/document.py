"""A grading scheme's rules as one frozen, typed document (domain.md 3, schemes.md).

Points are whole hundredths, weights and shares basis points. ``None`` in a field marked open means that the notice
leaves the value to be filled in. The document is the only home of a scheme's rules: the editor writes it, versions
compare as documents, a file carries it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, NoReturn

from assessments.rules.fields import (
    Choice,
    Flag,
    Key,
    MalformedScheme,
    Part,
    Parts,
    Place,
    Points,
    Several,
    Share,
    Text,
    Whole,
    open_places,
    read_part,
    write_part,
)
from assessments.rules.words import (
    AdjustmentKind,
    AwardLevel,
    Base,
    Bound,
    Combine,
    Denominator,
    Effect,
    Glyph,
    GradedForm,
    Manner,
    Method,
    Missing,
    NoticeTiming,
    People,
    QuotaScope,
    RulePart,
    RuleStep,
    SourceKind,
    StepName,
    Strictness,
)

FORMAT = "分类定级方案文件 第1版"
MOST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One rung of an indicator scored 「按档给分」."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    points: Annotated[int | None, Points("分值", open=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubIndicator:
    """An indicator of the second level 「二级指标」; ``points`` its full points."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    points: Annotated[int | None, Points("满分", open=True)]
    hints: Annotated[str, Text("评分要点")] = ""
    manner: Annotated[Manner, Choice("评分方式", among=Manner)] = Manner.ADD
    answers: Annotated[tuple[Answer, ...], Parts("档次", of=Answer)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A top-level indicator 「指标」; ``children`` are scored in its stead; ``own``: set by the lower level (X)."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    points: Annotated[int | None, Points("满分", open=True)]
    hints: Annotated[str, Text("评分要点")] = ""
    manner: Annotated[Manner, Choice("评分方式", among=Manner)] = Manner.ADD
    answers: Annotated[tuple[Answer, ...], Parts("档次", of=Answer)] = ()
    own: Annotated[bool, Flag("个性指标")] = False
    children: Annotated[tuple[SubIndicator, ...], Parts("二级指标", of=SubIndicator)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorRules:
    """What holds for one sector 「领域」; ``key`` is the sector's name in the organisation tree.

    ``reserved``: points kept for the lower level's own indicators (X of Zunyi's "5+2+X"); ``consult``: the line
    department's party organisation is heard before the decision (county notice 四.5).
    """

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    indicators: Annotated[tuple[Indicator, ...], Parts("指标", of=Indicator)]
    reserved: Annotated[int | None, Points("留给下级的分值", open=True)] = 0
    consult: Annotated[bool, Flag("须征求行业主管部门党组织意见")] = False
    questions: Annotated[tuple[str, ...], Several("摸底内容", of=Text("内容"))] = ()

    def leaves(self) -> tuple[Indicator | SubIndicator, ...]:
        """The indicators that are scored: the second level where there is one, in order."""
        return tuple(leaf for one in self.indicators for leaf in (one.children or (one,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotOption:
    """One choice on a ballot 「投票选项」, worth ``points``; ``valid``: counts among the valid votes."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    points: Annotated[int | None, Points("分值", open=True)]
    valid: Annotated[bool, Flag("计入有效票")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VoterGroup:
    """A group of voters; ``weight`` only where groups are counted apart."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    people: Annotated[People, Choice("人员", among=People)]
    weight: Annotated[int | None, Share("组内权重")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterRole:
    """One of several raters of a source; ``indicators`` the keys of what it scores (empty: everything)."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    indicators: Annotated[tuple[str, ...], Several("所评指标", of=Key("指标"))] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source 「评价主体」 with its weight in basis points; weight 0 only feeds a threshold (domain.md 3.2)."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    short: Annotated[str, Text("简称")]
    kind: Annotated[SourceKind, Choice("类别", among=SourceKind)]
    weight: Annotated[int | None, Share("权重", open=True)]
    method: Annotated[Method, Choice("方式", among=Method)]
    options: Annotated[tuple[BallotOption, ...], Parts("投票选项", of=BallotOption)] = ()
    denominator: Annotated[Denominator, Choice("得票率的分母", among=Denominator)] = Denominator.VALID
    groups: Annotated[tuple[VoterGroup, ...], Parts("投票人员", of=VoterGroup)] = ()
    pooled: Annotated[bool, Flag("各组合并计票")] = True
    raters: Annotated[tuple[RaterRole, ...], Parts("评分人", of=RaterRole)] = ()

    def option(self, key: str) -> BallotOption | None:
        """The option called ``key``."""
        return next((one for one in self.options if one.key == key), None)

    def voter_groups(self) -> tuple[VoterGroup, ...]:
        """The voter groups, for a members' or public ballot without any the one its kind implies."""
        implied = {SourceKind.MEMBER: People.MEMBERS, SourceKind.PUBLIC: People.PUBLIC}.get(self.kind)
        if self.groups or implied is None:
            return self.groups
        return (VoterGroup(key=implied.value, label=implied.label, people=implied),)

    def is_anonymous(self) -> bool:
        """Whether single marks are never kept per rater: ballots, and members and public by any method."""
        return self.method is Method.BALLOT or self.kind in (SourceKind.MEMBER, SourceKind.PUBLIC)

    def step(self) -> StepName:
        """The step of a file in which this source comes in."""
        if self.is_anonymous():
            return StepName.BALLOT
        return {SourceKind.SELF: StepName.SELF, SourceKind.SUPERIOR: StepName.SUPERIOR}.get(
            self.kind, StepName.RELATED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One of several periods whose scores are combined."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    weight: Annotated[int | None, Share("权重")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A band 「等次」 with its inclusive lower bound in hundredths; bands stand best to worst."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    lower: Annotated[int | None, Points("下限", open=True)]
    glyph: Annotated[Glyph, Choice("图形", among=Glyph)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota 「配额」 (domain.md 3.4). Names a ``band`` or a ``star``; ``of_band``: the share is of that band's count.

    ``sectors``: only these sectors, each a set of its own where the scope is the sector; ``from_n``: only in sets of
    at least so many branches.
    """

    key: Annotated[str, Key("代号")]
    scope: Annotated[QuotaScope, Choice("范围", among=QuotaScope)]
    bound: Annotated[Bound, Choice("界限", among=Bound)]
    share: Annotated[int | None, Share("比例", open=True)]
    band: Annotated[str, Key("等次")] = ""
    star: Annotated[str, Key("星级")] = ""
    of_band: Annotated[str, Key("占该等次支部的比例")] = ""
    sectors: Annotated[tuple[str, ...], Several("适用领域", of=Key("领域"))] = ()
    strictness: Annotated[Strictness, Choice("不满足时", among=Strictness)] = Strictness.BLOCK
    from_n: Annotated[int | None, Whole("支部数达到多少才适用", unit="个")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """A star 「星级」 and who awards it; stars stand best to worst."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    awarded_by: Annotated[AwardLevel, Choice("评定机关", among=AwardLevel)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StarRule:
    """The stars of one decided band: ``star`` proposed, ``others`` to choose from, ``selected`` by selection."""

    band: Annotated[str, Key("等次")]
    star: Annotated[str, Key("星级")]
    others: Annotated[tuple[str, ...], Several("也可评为", of=Key("星级"))] = ()
    selected: Annotated[str, Key("择优评为")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stars:
    """Stars 「评星晋位」 and how they follow the decided band (Kangbao 三)."""

    levels: Annotated[tuple[Star, ...], Parts("星级", of=Star)]
    rules: Annotated[tuple[StarRule, ...], Parts("对应关系", of=StarRule)]
    valid_years: Annotated[int, Whole("有效年数", unit="年")] = 1

    def star(self, key: str) -> Star | None:
        """The star called ``key``."""
        return next((one for one in self.levels if one.key == key), None)

    def rule(self, band: str) -> StarRule | None:
        """The rule for the band called ``band``."""
        return next((one for one in self.rules if one.band == band), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationRule:
    """A minimum of participation (domain.md 3.6); under ``all_below`` heads everyone must take part.

    ``source``: the ballot source meant, empty for all.
    """

    key: Annotated[str, Key("代号")]
    step: Annotated[RuleStep, Choice("环节", among=RuleStep)]
    people: Annotated[People, Choice("人员", among=People)]
    share: Annotated[int | None, Share("最低比例", open=True)]
    base: Annotated[Base, Choice("基数", among=Base)] = Base.ROSTER
    all_below: Annotated[int | None, Whole("少于多少人须全部参加", unit="人")] = None
    source: Annotated[str, Key("评价主体")] = ""
    strictness: Annotated[Strictness, Choice("不满足时", among=Strictness)] = Strictness.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A bonus or penalty item; ``cap`` ``None``: none. ``source``: counts inside that source before weighting."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    kind: Annotated[AdjustmentKind, Choice("类别", among=AdjustmentKind)]
    cap: Annotated[int | None, Points("单项最多")] = None
    source: Annotated[str, Key("计入的评价主体")] = ""
    evidence: Annotated[bool, Flag("须附材料")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A veto or direct rule. With a ``source``: when its score is under ``below``; without: when the case is ticked."""

    key: Annotated[str, Key("代号")]
    label: Annotated[str, Text("名称")]
    effect: Annotated[Effect, Choice("结果", among=Effect)]
    band: Annotated[str, Key("等次")] = ""
    star: Annotated[str, Key("星级")] = ""
    source: Annotated[str, Key("看哪个评价主体的得分")] = ""
    below: Annotated[int | None, Points("低于多少分")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step the scheme has, with the scheme's own name of the stage it belongs to."""

    key: Annotated[StepName, Choice("步骤", among=StepName)]
    stage: Annotated[str, Text("方案中的名称")] = ""
    dates: Annotated[str, Text("日期")] = ""
    days: Annotated[int | None, Whole("天数", unit="天")] = None
    scan: Annotated[bool, Flag("须上传签字盖章件")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The public notice 「公示」."""

    timing: Annotated[NoticeTiming, Choice("时间", among=NoticeTiming)]
    working_days: Annotated[int | None, Whole("工作日", open=True, unit="个工作日")]
    circle: Annotated[str, Text("范围")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeRules:
    """All rules of one grading scheme 「分类定级方案」."""

    code: Annotated[str, Key("代号")]
    name: Annotated[str, Text("名称")]
    issuer: Annotated[str, Text("印发单位")] = ""
    year: Annotated[int | None, Whole("年度", unit="年")] = None
    basis: Annotated[str, Text("依据")] = ""
    refines: Annotated[str, Text("细化自")] = ""
    notes: Annotated[tuple[str, ...], Several("说明", of=Text("说明"))] = ()
    graded_forms: Annotated[
        tuple[GradedForm, ...], Several("定级的组织", of=Choice("形式", among=GradedForm))
    ] = (GradedForm.BRANCH,)
    sectors: Annotated[tuple[SectorRules, ...], Parts("领域", of=SectorRules)]
    precision: Annotated[int, Points("评分最小单位")] = 1
    sources: Annotated[tuple[Source, ...], Parts("评价主体", of=Source)]
    missing: Annotated[Missing, Choice("缺少评价主体时", among=Missing)] = Missing.INCOMPLETE
    periods: Annotated[tuple[Period, ...], Parts("考评期", of=Period)] = ()
    combine: Annotated[Combine, Choice("各期合成", among=Combine)] = Combine.MEAN
    bands: Annotated[tuple[Band, ...], Parts("等次", of=Band)]
    quotas: Annotated[tuple[Quota, ...], Parts("配额", of=Quota)] = ()
    stars: Annotated[Stars | None, Part("评星", of=Stars)] = None
    participation: Annotated[tuple[ParticipationRule, ...], Parts("参与率", of=ParticipationRule)] = ()
    adjustments: Annotated[tuple[Adjustment, ...], Parts("加分扣分", of=Adjustment)] = ()
    bonus_cap: Annotated[int | None, Points("加分合计最多")] = None
    penalty_cap: Annotated[int | None, Points("扣分合计最多")] = None
    total_may_pass_100: Annotated[bool, Flag("总分可以超过100")] = False
    vetoes: Annotated[tuple[Veto, ...], Parts("一票否决和直接定级", of=Veto)] = ()
    steps: Annotated[tuple[Step, ...], Parts("步骤", of=Step)]
    survey_gates: Annotated[bool, Flag("摸底完成后才能计分")] = False
    notice: Annotated[Notice | None, Part("公示", of=Notice)] = None
    open_parts: Annotated[
        tuple[RulePart, ...], Several("允许下级调整", of=Choice("部分", among=RulePart))
    ] = ()

    @classmethod
    def read(cls, document: object) -> SchemeRules:
        """The rules of a document. Raises :class:`MalformedScheme` naming the first place that can't be read."""
        if not isinstance(document, Mapping):
            raise MalformedScheme("", "这不是分类定级方案文件")
        rest = {key: value for key, value in document.items() if key != "格式"}
        if document.get("格式") != FORMAT:
            raise MalformedScheme("format", f"这不是分类定级方案文件：开头的「格式」应为「{FORMAT}」")
        return read_part(cls, rest, Place())

    @classmethod
    def read_text(cls, text: str) -> SchemeRules:
        """The rules written in a file. Raises :class:`MalformedScheme`, also for text that is no JSON."""
        if len(text) > MOST_CHARACTERS:
            raise MalformedScheme("", "文件太大，不是分类定级方案文件")
        try:
            document = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise MalformedScheme("", "文件内容不完整或被改坏，请重新导出后再试") from None
        return cls.read(document)

    def write(self) -> dict[str, object]:
        """The document of these rules; reading it gives equal rules."""
        return {"格式": FORMAT, **write_part(self)}

    def write_text(self) -> str:
        """The document as a file an official can read."""
        return json.dumps(self.write(), ensure_ascii=False, indent=2) + "\n"

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical document: equal rules, equal digest."""
        canonical = json.dumps(self.write(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def open_values(self) -> tuple[Place, ...]:
        """Where the document still reads 「文件未定，请填写」, in its order."""
        return tuple(open_places(self, Place()))

    def sector(self, key: str) -> SectorRules | None:
        """The sector called ``key``."""
        return next((one for one in self.sectors if one.key == key), None)

    def source(self, key: str) -> Source | None:
        """The source called ``key``."""
        return next((one for one in self.sources if one.key == key), None)

    def band(self, key: str) -> Band | None:
        """The band called ``key``."""
        return next((one for one in self.bands if one.key == key), None)

    def rank(self, band: str) -> int:
        """The place of a band, 0 for the best. Raises ``KeyError`` for an unknown one."""
        for place, one in enumerate(self.bands):
            if one.key == band:
                return place
        raise KeyError(band)

    def lowest_band(self) -> Band:
        """The worst band."""
        return self.bands[-1]

    def has_step(self, key: StepName) -> bool:
        """Whether the scheme has this step."""
        return any(one.key is key for one in self.steps)

    def is_open_to(self, part: RulePart) -> bool:
        """Whether the level below may change this part."""
        return part in self.open_parts


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
