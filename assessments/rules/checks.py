"""Is a scheme fit for use? Each fault is named where it stands, with what to do (domain.md 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from assessments.rules.compare import Fault
from assessments.rules.document import Answer, Indicator, SchemeRules, SectorRules, Source, SubIndicator
from assessments.rules.fields import OPEN
from assessments.rules.quota_checks import quota_faults
from assessments.rules.step_checks import step_faults
from assessments.rules.words import Combine, Effect, Manner, Method, QuotaScope, RuleStep, StepName
from gradingsite.lib.points import FULL_POINTS, FULL_WEIGHT, format_weight, short_points


def check(
    rules: SchemeRules,
    *,
    sizes: Mapping[QuotaScope, Collection[int]] | None = None,
    to_be_refined: bool = False,
) -> list[Fault]:
    """Everything that keeps a scheme from being used, in the order of the document; empty: it is fit for use.

    ``sizes``: how many branches the sets of each scope hold today, so that quotas are tried with their rounding.
    ``to_be_refined``: the scheme only goes to the level below, which still splits the reserved points.
    """
    faults = [Fault(place.path, f"{place.words}：{OPEN}") for place in rules.open_values()]
    if not rules.name:
        faults.append(Fault("name", "方案没有名称", "请填写"))
    if not rules.graded_forms:
        faults.append(Fault("graded_forms", "没有写对哪种组织定级", "请至少选党支部"))
    if not 1 <= rules.precision <= 100 or 100 % rules.precision:
        faults.append(Fault("precision", "评分最小单位不对", "请在0.01、0.05、0.1、0.5、1中选"))
    for part in (
        _sector_faults(rules, to_be_refined),
        _source_faults(rules),
        _band_faults(rules),
        step_faults(rules),
        quota_faults(rules, sizes or {}),
        _star_faults(rules),
        _participation_faults(rules),
        _adjustment_faults(rules),
        _veto_faults(rules),
        _period_faults(rules),
    ):
        faults.extend(part)
    return faults


def _same(items: Sequence[Any], path: str, what: str) -> Iterator[Fault]:
    """Keys and labels are unique among siblings and not empty."""
    for name, title in (("key", "代号"), ("label", "名称"), ("short", "简称")):
        counts = Counter(str(getattr(one, name)) for one in items if hasattr(one, name))
        for index, one in enumerate(items):
            value = str(getattr(one, name, "-"))
            if not value:
                yield Fault(f"{path}.{index}.{name}", f"{what}第{index + 1}项没有{title}", "请填写")
            elif counts[value] > 1:
                counts[value] = 0
                yield Fault(f"{path}.{index}.{name}", f"{what}的{title}「{value}」重复", "请改成不同的名字")


def _sector_faults(rules: SchemeRules, to_be_refined: bool) -> Iterator[Fault]:
    if not rules.sectors:
        yield Fault("sectors", "没有领域", "请至少写一个领域和它的指标")
    yield from _same(rules.sectors, "sectors", "领域")
    for index, sector in enumerate(rules.sectors):
        path = f"sectors.{index}"
        yield from _same(sector.indicators, f"{path}.indicators", f"{sector.label}的指标")
        yield from _sum_faults(sector, path, to_be_refined)
        for place, one in enumerate(sector.indicators):
            yield from _indicator_faults(rules, one, f"{path}.indicators.{place}", sector.label)
        leaves = Counter(leaf.key for leaf in sector.leaves())
        for key, count in leaves.items():
            if count > 1:
                yield Fault(
                    path, f"{sector.label}的指标代号「{key}」重复", "二级指标的代号在同一领域内也不能相同"
                )


def _sum_faults(sector: SectorRules, path: str, to_be_refined: bool) -> Iterator[Fault]:
    """The top level adds up to 100: common + X = 100, and the lower level's own indicators to X."""
    if not sector.indicators:
        yield Fault(f"{path}.indicators", f"{sector.label}还没有指标", "请填写指标和满分")
        return
    points = [one.points for one in sector.indicators]
    if None in points or sector.reserved is None:
        return
    common = sum(one.points or 0 for one in sector.indicators if not one.own)
    own = sum(one.points or 0 for one in sector.indicators if one.own)
    wanted = FULL_POINTS - sector.reserved
    if common != wanted:
        more = (
            f"多{short_points(common - wanted)}" if common > wanted else f"少{short_points(wanted - common)}"
        )
        base = f"留给下级{short_points(sector.reserved)}分，共性指标要正好" if sector.reserved else "要正好"
        yield Fault(
            f"{path}.indicators",
            f"{sector.label}的指标加总{short_points(common)}，{more}",
            f"各项满分{base}{short_points(wanted)}",
        )
    unsplit = sector.reserved and not own
    if own != sector.reserved and not (unsplit and to_be_refined):
        yield Fault(
            f"{path}.indicators",
            f"{sector.label}的个性指标加总{short_points(own)}，应为{short_points(sector.reserved)}",
            "请把留给下级的分值正好分完",
        )


def _indicator_faults(rules: SchemeRules, one: Indicator, path: str, sector: str) -> Iterator[Fault]:
    yield from _scored_faults(rules, one, path, sector)
    if not one.children:
        return
    yield from _same(one.children, f"{path}.children", f"{sector}「{one.label}」的二级指标")
    if one.answers:
        yield Fault(
            f"{path}.answers", f"{sector}的「{one.label}」有二级指标，不能再分档", "请把档次写在二级指标里"
        )
    for place, child in enumerate(one.children):
        yield from _scored_faults(rules, child, f"{path}.children.{place}", sector)
    points = [child.points for child in one.children]
    if one.points is not None and None not in points and sum(p or 0 for p in points) != one.points:
        yield Fault(
            f"{path}.children",
            f"{sector}「{one.label}」的二级指标加总{short_points(sum(p or 0 for p in points))}，"
            f"应为{short_points(one.points)}",
            "请改二级指标的满分",
        )


def _scored_faults(
    rules: SchemeRules, one: Indicator | SubIndicator, path: str, sector: str
) -> Iterator[Fault]:
    if one.points is not None and not 0 < one.points <= FULL_POINTS:
        yield Fault(f"{path}.points", f"{sector}的「{one.label}」满分要大于0、不超过100", "请改满分")
    elif one.points is not None and rules.precision and one.points % rules.precision:
        yield Fault(f"{path}.points", f"{sector}的「{one.label}」满分不是评分最小单位的整数倍", "请改满分")
    graded = one.manner is Manner.GRADED
    if graded and len(one.answers) < 2:
        yield Fault(f"{path}.answers", f"{sector}的「{one.label}」按档给分，至少要两档", "请填写档次和分值")
    if one.answers and not graded:
        yield Fault(
            f"{path}.answers", f"{sector}的「{one.label}」有档次，评分方式却不是按档给分", "请改评分方式"
        )
    yield from _same(one.answers, f"{path}.answers", f"{sector}「{one.label}」的档次")
    yield from _answer_faults(one.answers, one.points, path, f"{sector}「{one.label}」")


def _answer_faults(answers: Sequence[Answer], full: int | None, path: str, what: str) -> Iterator[Fault]:
    for place, answer in enumerate(answers):
        if answer.points is not None and full is not None and answer.points > full:
            yield Fault(
                f"{path}.answers.{place}.points",
                f"{what}的档次「{answer.label}」{short_points(answer.points)}分，超过满分{short_points(full)}",
                "请改小",
            )


def _source_faults(rules: SchemeRules) -> Iterator[Fault]:
    if not rules.sources:
        yield Fault("sources", "没有评价主体", "请至少写一个")
        return
    yield from _same(rules.sources, "sources", "评价主体")
    weights = [source.weight for source in rules.sources]
    if None not in weights:
        total = sum(weight or 0 for weight in weights)
        if total != FULL_WEIGHT:
            gap = format_weight(abs(total - FULL_WEIGHT))
            yield Fault(
                "sources",
                f"评价主体：权重加总{format_weight(total)}，{'多' if total > FULL_WEIGHT else '少'}{gap}",
                f"{len(weights)}项加总要正好100%",
            )
    for index, source in enumerate(rules.sources):
        yield from _one_source(rules, source, f"sources.{index}")


def _one_source(rules: SchemeRules, source: Source, path: str) -> Iterator[Fault]:
    label = f"评价主体「{source.label}」"
    if source.method is not Method.BALLOT:
        if source.options:
            yield Fault(f"{path}.options", f"{label}不用投票，却有投票选项", "请删去选项，或把方式改为投票")
    else:
        yield from _ballot_faults(source, path, label)
    if source.raters and source.is_anonymous():
        yield Fault(f"{path}.raters", f"{label}是匿名测评，不能指定评分人", "请删去评分人")
    yield from _same(source.raters, f"{path}.raters", f"{label}的评分人")
    yield from _rater_faults(rules, source, path, label)


def _ballot_faults(source: Source, path: str, label: str) -> Iterator[Fault]:
    if sum(option.valid for option in source.options) < 2:
        yield Fault(f"{path}.options", f"{label}的投票选项少于两个", "请填写选项和分值")
    yield from _same(source.options, f"{path}.options", f"{label}的投票选项")
    for index, option in enumerate(source.options):
        if option.points is not None and option.points > FULL_POINTS:
            yield Fault(
                f"{path}.options.{index}.points",
                f"{label}的选项「{option.label}」{short_points(option.points)}分，超出0到100",
                "请改在0到100之间",
            )
    groups = source.voter_groups()
    if not groups:
        yield Fault(f"{path}.groups", f"{label}没有写由谁投票", "请填写投票人员")
    yield from _same(source.groups, f"{path}.groups", f"{label}的投票人员")
    if not source.pooled and len(groups) > 1 and sum(group.weight or 0 for group in groups) != FULL_WEIGHT:
        total = format_weight(sum(group.weight or 0 for group in groups))
        yield Fault(
            f"{path}.groups", f"{label}各组分开计票，组内权重加总{total}", "加总要正好100%，或改为合并计票"
        )


def _rater_faults(rules: SchemeRules, source: Source, path: str, label: str) -> Iterator[Fault]:
    """Every named indicator exists, and split raters leave none without anybody."""
    if not any(role.indicators for role in source.raters):
        return
    known = {leaf.key for sector in rules.sectors for leaf in sector.leaves()}
    for index, role in enumerate(source.raters):
        strange = [key for key in role.indicators if key not in known]
        if strange:
            yield Fault(
                f"{path}.raters.{index}.indicators",
                f"{label}的「{role.label}」要评的指标「{'、'.join(strange)}」不存在",
                "请改成已有指标的代号",
            )
    if any(not role.indicators for role in source.raters):
        return
    covered = {key for role in source.raters for key in role.indicators}
    for sector in rules.sectors:
        bare = [leaf.label for leaf in sector.leaves() if leaf.key not in covered]
        if bare:
            yield Fault(
                f"{path}.raters",
                f"{label}：{sector.label}的「{'、'.join(bare)}」没有安排人评",
                "请分给一个评分人",
            )


def _band_faults(rules: SchemeRules) -> Iterator[Fault]:
    if len(rules.bands) < 2:
        yield Fault("bands", "等次少于两个", "请填写等次和下限")
    yield from _same(rules.bands, "bands", "等次")
    glyphs = Counter(band.glyph for band in rules.bands)
    for index, band in enumerate(rules.bands):
        path = f"bands.{index}"
        if glyphs[band.glyph] > 1:
            glyphs[band.glyph] = 0
            yield Fault(f"{path}.glyph", f"等次「{band.label}」的图形与别的等次相同", "请选不同的图形")
        if band.lower is None:
            continue
        above = rules.bands[index - 1].lower if index else None
        if band.lower > FULL_POINTS and not rules.total_may_pass_100:
            yield Fault(f"{path}.lower", f"等次「{band.label}」的下限超过100", "请改在100以内")
        if above is not None and band.lower >= above:
            better = rules.bands[index - 1].label
            yield Fault(
                f"{path}.lower",
                f"等次「{band.label}」的下限{short_points(band.lower)}不低于「{better}」的{short_points(above)}",
                "等次从好到差排列，下限要一个比一个低",
            )
    if rules.bands and rules.bands[-1].lower:
        last = rules.bands[-1]
        yield Fault(
            f"bands.{len(rules.bands) - 1}.lower",
            f"最低等次「{last.label}」的下限是{short_points(last.lower)}，比它低的总分找不到等次",
            "最低等次的下限要填0",
        )


def _star_faults(rules: SchemeRules) -> Iterator[Fault]:
    stars = rules.stars
    if stars is None:
        return
    yield from _same(stars.levels, "stars.levels", "星级")
    known = {star.key for star in stars.levels}
    ruled = Counter(rule.band for rule in stars.rules)
    for index, rule in enumerate(stars.rules):
        path = f"stars.rules.{index}"
        if rules.band(rule.band) is None:
            yield Fault(f"{path}.band", f"评星对应的等次「{rule.band}」不存在", "请改成已有等次的代号")
        elif ruled[rule.band] > 1:
            yield Fault(f"{path}.band", f"等次「{rule.band}」有两条评星规则", "请删去一条")
        named = [rule.star, *rule.others] + ([rule.selected] if rule.selected else [])
        for key in named:
            if key not in known:
                yield Fault(path, f"评星规则里的星级「{key}」不存在", "请改成已有星级的代号")
    for band in rules.bands:
        if band.key not in ruled:
            yield Fault("stars.rules", f"等次「{band.label}」没有对应的星级", "请补一条评星规则")
    if stars.valid_years < 1:
        yield Fault("stars.valid_years", "星级有效年数要至少1年", "请填写")


def _participation_faults(rules: SchemeRules) -> Iterator[Fault]:
    for index, rule in enumerate(rules.participation):
        path, label = f"participation.{index}", f"参与率第{index + 1}条"
        if rule.share is not None and not 0 < rule.share <= FULL_WEIGHT:
            yield Fault(f"{path}.share", f"{label}的最低比例要大于0、不超过100%", "请改比例")
        if rule.step is RuleStep.SURVEY and not rules.has_step(StepName.SURVEY):
            yield Fault(f"{path}.step", f"{label}管摸底，方案却没有摸底这一步", "请加上这一步，或删去这条")
        ballots = {source.key for source in rules.sources if source.method is Method.BALLOT}
        if rule.step is RuleStep.BALLOT and not ballots:
            yield Fault(f"{path}.step", f"{label}管测评，方案却没有投票的评价主体", "请删去这条")
        if rule.source and (rule.source not in ballots or rule.step is not RuleStep.BALLOT):
            yield Fault(
                f"{path}.source", f"{label}写的评价主体「{rule.source}」不投票", "请改成投票的评价主体"
            )


def _adjustment_faults(rules: SchemeRules) -> Iterator[Fault]:
    yield from _same(rules.adjustments, "adjustments", "加分扣分项")
    for index, item in enumerate(rules.adjustments):
        if item.cap == 0:
            yield Fault(
                f"adjustments.{index}.cap", f"「{item.label}」单项最多0分", "请填大于0的分数，不设上限就不填"
            )
        if item.source and rules.source(item.source) is None:
            yield Fault(
                f"adjustments.{index}.source", f"「{item.label}」计入的评价主体不存在", "请改成已有的代号"
            )


def _veto_faults(rules: SchemeRules) -> Iterator[Fault]:
    yield from _same(rules.vetoes, "vetoes", "一票否决")
    stars = {star.key for star in rules.stars.levels} if rules.stars else set()
    for index, veto in enumerate(rules.vetoes):
        path, label = f"vetoes.{index}", f"一票否决「{veto.label}」"
        if veto.effect is Effect.CAP_STAR:
            if veto.star not in stars:
                yield Fault(f"{path}.star", f"{label}限定的星级不存在", "请改成已有星级的代号")
        elif rules.band(veto.band) is None:
            yield Fault(f"{path}.band", f"{label}指定的等次不存在", "请改成已有等次的代号")
        if veto.source and rules.source(veto.source) is None:
            yield Fault(f"{path}.source", f"{label}看的评价主体不存在", "请改成已有的代号")
        if bool(veto.source) != (veto.below is not None):
            yield Fault(path, f"{label}的得分界线没有写全", "评价主体和低于多少分要一起填，或都不填")


def _period_faults(rules: SchemeRules) -> Iterator[Fault]:
    yield from _same(rules.periods, "periods", "考评期")
    if len(rules.periods) == 1:
        yield Fault("periods", "只有一个考评期", "请至少写两个，或删去")
    if rules.periods and rules.combine is Combine.WEIGHTED:
        total = sum(period.weight or 0 for period in rules.periods)
        if total != FULL_WEIGHT:
            yield Fault("periods", f"各期权重加总{format_weight(total)}", "加总要正好100%")
