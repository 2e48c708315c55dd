"""Marks of the demo: seeded, plausible, and brought in as the people of the county would have entered them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Collection, Sequence

from assessments import flow
from assessments.models import Assessment, Poll, Sheet, Tally, Track
from assessments.rules import Method, SchemeRules, Source, SourceKind
from gradingsite.demo.cast import Staff
from orgs.services.moves import move_many

REASONS = {
    "leader": ("书记一肩挑未满一年，2 次缺席例会", "班子缺配 1 名委员", "带富项目未见成效"),
    "thinking": ("年度计划未分解到人", "发展规划没有经党员大会讨论"),
    "system": ("“三会一课”缺 11 月记录", "民主评议党员未留会议记录", "党务公开栏未按季更新"),
    "venue": ("党群服务中心被占用 2 间", "活动阵地全年开放不足 200 天"),
    "support": ("村级运转经费公示缺第三季度", "委员误工补贴发放无签领表"),
    "results": ("集体收入未达年度目标", "上年承诺事项 3 件未办结", "产业项目验收推迟"),
    "response": ("信访 2 件越级", "满意度低于全镇均值"),
}
OFFICES = ("县纪委监委", "县委政法委", "县信访局", "生态环境局", "县卫生健康局")


def quality(dice: random.Random) -> int:
    """What a branch is worth, in whole points: most between 73 and 95."""
    return max(48, min(99, round(dice.gauss(84, 11))))


def pour(
    *,
    files: Sequence[Assessment],
    rules: SchemeRules,
    staff: dict[int, Staff],
    dice: random.Random,
    now: dt.datetime,
    kinds: Collection[SourceKind],
) -> None:
    """Bring the sources of these kinds in for the files, in force, a few statements per source."""
    for source in rules.sources:
        if source.kind not in kinds:
            continue
        tracks = {
            track.assessment_id: track
            for track in Track.objects.filter(assessment__in=files, source=source.key, status=flow.OPEN)
        }
        mine = [file for file in files if file.pk in tracks]
        for file in mine:
            tracks[file.pk].assessment = file
        if source.method is Method.BALLOT:
            _ballots(mine, tracks, source, staff, dice, now)
        else:
            _sheets(mine, tracks, rules, source, staff, dice, now)
        _settle(mine, tracks, source, staff, now)


def _level(file: Assessment, source: Source, dice: random.Random) -> int:
    """This source's view of the branch, in hundredths."""
    base = quality(random.Random(file.code))
    shift = {SourceKind.SELF: dice.uniform(1, 8), SourceKind.PUBLIC: dice.uniform(-4, 1)}.get(
        source.kind, dice.uniform(-3, 3)
    )
    return max(4000, min(10000, int((base + shift) * 100)))


def _sheets(
    files: Sequence[Assessment],
    tracks: dict[int, Track],
    rules: SchemeRules,
    source: Source,
    staff: dict[int, Staff],
    dice: random.Random,
    now: dt.datetime,
) -> None:
    Sheet.objects.filter(track__in=tracks.values(), status="draft").delete()
    fresh = []
    for file in files:
        clerk = staff[file.deciding_id].clerk.person
        labels = OFFICES if source.kind is SourceKind.RELATED else ("",)
        for number, label in enumerate(labels, start=1):
            lines = _lines(rules, file, source, dice, clerk.pk, clerk.name, now)
            fresh.append(
                Sheet(
                    track=tracks[file.pk],
                    assessment=file,
                    source=source.key,
                    rater_label=label,
                    rater_no=number,
                    status="in_force",
                    lines=lines,
                    total=sum(line["points"] for line in lines.values()),
                    on_behalf=bool(label),
                    saved_at=now,
                    handed_in_at=now,
                )
            )
    Sheet.objects.bulk_create(fresh, batch_size=500)


def _lines(
    rules: SchemeRules,
    file: Assessment,
    source: Source,
    dice: random.Random,
    by: int,
    name: str,
    now: dt.datetime,
) -> dict[str, dict[str, object]]:
    sector = rules.sector(file.sector)
    assert sector is not None
    level = _level(file, source, dice)
    author = file.secretary_name if source.kind is SourceKind.SELF else name
    lines = {}
    for leaf in sector.leaves():
        full = leaf.points or 0
        share = max(0, min(10000, level + dice.randint(-700, 700)))
        points = min(full, full * share // 10000 // 10 * 10)
        reason = dice.choice(REASONS.get(leaf.key, ("台账记录不全",))) if points < full else ""
        lines[leaf.key] = {
            "points": points,
            "reason": reason,
            "by": by,
            "by_name": author,
            "at": now.isoformat(timespec="seconds"),
        }
    return lines


def _ballots(
    files: Sequence[Assessment],
    tracks: dict[int, Track],
    source: Source,
    staff: dict[int, Staff],
    dice: random.Random,
    now: dt.datetime,
) -> None:
    polls, votes = [], []
    for file in files:
        expected = _expected(file, source)
        issued = expected - dice.randint(0, expected // 12)
        returned = issued - dice.randint(0, issued // 12)
        blank = min(returned, dice.randint(0, 1 + returned // 40))
        tally = _tally(source, _level(file, source, dice), returned - blank, dice)
        workers = staff[file.deciding_id]
        polls.append(
            Poll(
                track=tracks[file.pk],
                assessment=file,
                source=source.key,
                status="counted",
                held_on=now.date(),
                counting_staff=f"{workers.clerk.person.name}、{workers.second.person.name}",
                expected=expected,
                issued=issued,
                returned=returned,
                valid=returned - blank,
                blank=blank,
                invalid=0,
                entered_by=workers.clerk.person,
                entered_at=now,
                confirmed_by=workers.second.person,
                confirmed_at=now,
            )
        )
        votes.append(tally)
    Poll.objects.bulk_create(polls, batch_size=500)
    Tally.objects.bulk_create(
        [
            Tally(poll=poll, option=key, n=n)
            for poll, tally in zip(polls, votes, strict=True)
            for key, n in tally.items()
        ],
        batch_size=500,
    )


def _expected(file: Assessment, source: Source) -> int:
    """All members; of the people an eighth, everybody where there are few."""
    if source.kind is SourceKind.MEMBER:
        return file.member_count or 0
    people = file.people_count or 0
    return max(people // 8, min(people, 6))


def _tally(source: Source, level: int, valid: int, dice: random.Random) -> dict[str, int]:
    """Votes per option whose mean comes near the level: most on the two options around it, a few elsewhere."""
    options = sorted(source.options, key=lambda option: -(option.points or 0))
    votes = {option.key: 0 for option in source.options}
    for _ in range(valid):
        aim = level + dice.randint(-1500, 1500)
        nearest = min(options, key=lambda option: abs((option.points or 0) - aim))
        votes[nearest.key] += 1
    return votes


def _settle(
    files: Sequence[Assessment],
    tracks: dict[int, Track],
    source: Source,
    staff: dict[int, Staff],
    now: dt.datetime,
) -> None:
    """Put the tracks in force, in the name of who did it at each committee."""
    by_unit: dict[int, list[Track]] = {}
    for file in files:
        by_unit.setdefault(file.deciding_id, []).append(tracks[file.pk])
    counted = source.method is Method.BALLOT or source.kind is SourceKind.SELF
    for unit, mine in by_unit.items():
        workers = staff[unit]
        handed_in = {"submitted_by": workers.clerk.person, "submitted_at": now}
        if counted:
            move_many(flow=flow.TRACK, name="submit", objs=mine, by=workers.clerk, now=now, changes=handed_in)
            confirmed = {"confirmed_by": workers.second.person, "confirmed_at": now}
            move_many(
                flow=flow.TRACK, name="confirm", objs=mine, by=workers.second, now=now, changes=confirmed
            )
        else:
            changes = handed_in | {"confirmed_at": now}
            move_many(flow=flow.TRACK, name="settle", objs=mine, by=workers.clerk, now=now, changes=changes)
