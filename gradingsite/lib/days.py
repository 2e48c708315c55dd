"""Days as an office writes and counts them.

A deadline ends at 23:59:59 of its day in Asia/Shanghai; n working days start the day after posting
(domain page, section 4). Working days are Monday to Friday, less `holidays`, plus `workdays` (the
weekends the State Council makes working days). Today is always an argument.
"""

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gradingsite.lib.refusal import Refused

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"
_ONE_DAY = timedelta(days=1)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．－／", "0123456789.-/")
_WRITTEN = re.compile(
    r"([0-9]{4})(?:年|[-./])([0-9]{1,2})(?:月|[-./])([0-9]{1,2})日?(?:\s+0?0:00(?::00)?)?\Z"
)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})\Z")


def format_date(day: date | None) -> str:
    """2012年6月20日: no leading zeros; '—' for none. A moment counts by its day in Shanghai."""
    if day is None:
        return "—"
    day = local_day(day)
    return f"{day.year}年{day.month}月{day.day}日"


def short_date(day: date | None, *, today: date | None = None) -> str:
    """6月20日, with the year when it is not today's."""
    if day is None:
        return "—"
    day = local_day(day)
    same = today is None or day.year == today.year
    return f"{day.month}月{day.day}日" if same else format_date(day)


def format_moment(moment: datetime | None) -> str:
    """2026年4月23日 09:21, as the clock in Shanghai shows it."""
    if moment is None:
        return "—"
    local = moment.astimezone(ZONE) if moment.tzinfo else moment
    return f"{format_date(local)} {local:%H:%M}"


def short_moment(moment: datetime | None, *, today: date | None = None) -> str:
    """4月23日 09:21, with the year when it is not today's."""
    if moment is None:
        return "—"
    local = moment.astimezone(ZONE) if moment.tzinfo else moment
    return f"{short_date(local, today=today)} {local:%H:%M}"


def weekday(day: date) -> str:
    """星期一 … 星期日."""
    return f"星期{WEEKDAYS[day.weekday()]}"


def local_day(day: date) -> date:
    """The calendar day in Shanghai of a day or a moment."""
    if not isinstance(day, datetime):
        return day
    return (day.astimezone(ZONE) if day.tzinfo else day).date()


def deadline_end(day: date) -> datetime:
    """The last second of a deadline's day, 23:59:59 in Shanghai."""
    return datetime.combine(day, time(23, 59, 59), ZONE)


def is_late(moment: datetime, due: date) -> bool:
    """Whether something done at `moment` came after the deadline's day."""
    return local_day(moment) > due


def is_working_day(day: date, holidays: Collection[date] = (), workdays: Collection[date] = ()) -> bool:
    """Monday to Friday less holidays, plus weekends made working days."""
    return day in workdays or (day.weekday() < 5 and day not in holidays)


def working_days_between(
    today: date, due: date, holidays: Collection[date] = (), workdays: Collection[date] = ()
) -> int:
    """Working days after `today` up to and with `due`; negative when `due` has passed."""
    first, last = sorted((today, due))
    count = sum(
        is_working_day(first + _ONE_DAY * step, holidays, workdays)
        for step in range(1, (last - first).days + 1)
    )
    return count if today <= due else -count


def add_working_days(
    start: date, count: int, holidays: Collection[date] = (), workdays: Collection[date] = ()
) -> date:
    """The day on which the `count`-th working day falls; the day after `start` is the first to count."""
    if count < 0:
        raise ValueError("count must not be negative")
    day = start
    while count:
        day += _ONE_DAY
        count -= is_working_day(day, holidays, workdays)
    return day


def due_words(
    today: date, due: date | None, holidays: Collection[date] = (), workdays: Collection[date] = ()
) -> str:
    """逾期 2 个工作日 / 今日 / 还剩 1 个工作日; '' without a date."""
    if due is None:
        return ""
    if today == due:
        return "今日"
    left = working_days_between(today, due, holidays, workdays)
    if today < due:
        return f"还剩 {left} 个工作日" if left else f"还剩 {(due - today).days} 天"
    return f"逾期 {-left} 个工作日" if left else f"逾期 {(today - due).days} 天"


def parse_day(value: date | str | None, *, name: str = "日期") -> date:
    """Read a day from a cell or a field: a date, 2023年6月15日, 2023-06-15, 2023/6/15, 2023.6.15, 20230615.

    Raises `Refused` for anything else; a bare serial number of Excel is not guessed at.
    """
    if isinstance(value, date):
        return local_day(value)
    text = str(value or "").translate(_FULL_WIDTH).strip().replace(" 年", "年").replace("T", " ")
    if not text:
        raise Refused(f"{name}未填写。")
    found = _WRITTEN.match(text) or _DIGITS.match(text)
    if not found:
        raise Refused(f"{name}须写成 2023年6月15日 或 2023-06-15，这里是“{text[:30]}”。")
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise Refused(f"{name}没有这一天：“{text[:30]}”。") from None
