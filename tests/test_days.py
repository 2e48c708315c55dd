"""Chinese dates, deadlines and working days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradingsite.lib import days
from gradingsite.lib.refusal import Refused

# National Day 2025: off 1-8 October, worked on Sunday 28 September and Saturday 11 October.
HOLIDAYS = {date(2025, 10, day) for day in range(1, 9)}
WORKDAYS = {date(2025, 9, 28), date(2025, 10, 11)}

any_day = st.dates(date(2000, 1, 1), date(2060, 12, 31))
day_sets = st.sets(st.dates(date(2025, 1, 1), date(2025, 3, 31)), max_size=12)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2012, 6, 20), "2012年6月20日"),
        (date(2026, 4, 9), "2026年4月9日"),
        (date(2026, 12, 31), "2026年12月31日"),
        (None, "—"),
        (datetime(2026, 4, 8, 16, 30, tzinfo=UTC), "2026年4月9日"),
        (datetime(2026, 4, 8, 15, 30, tzinfo=UTC), "2026年4月8日"),
    ],
)
def test_a_day_has_no_leading_zeros_and_counts_in_shanghai(day: date | None, words: str) -> None:
    assert days.format_date(day) == words


def test_short_forms_leave_out_only_this_year() -> None:
    today = date(2026, 4, 23)
    assert days.short_date(date(2026, 6, 1), today=today) == "6月1日"
    assert days.short_date(date(2025, 6, 1), today=today) == "2025年6月1日"
    assert days.short_date(date(2025, 6, 1)) == "6月1日"
    assert days.short_date(None) == "—"


def test_moments_are_shown_in_shanghai() -> None:
    moment = datetime(2026, 4, 23, 1, 21, tzinfo=UTC)
    assert days.format_moment(moment) == "2026年4月23日 09:21"
    assert days.short_moment(moment, today=date(2026, 1, 1)) == "4月23日 09:21"
    assert days.short_moment(moment, today=date(2027, 1, 1)) == "2026年4月23日 09:21"
    assert days.format_moment(None) == "—"
    assert days.short_moment(None) == "—"


def test_weekday_words() -> None:
    assert days.weekday(date(2026, 4, 23)) == "星期四"
    assert [days.weekday(date(2026, 4, 20) + timedelta(days=n))[-1] for n in range(7)] == list(
        "一二三四五六日"
    )


def test_a_deadline_ends_with_its_day_in_shanghai() -> None:
    end = days.deadline_end(date(2026, 4, 23))
    assert end.isoformat() == "2026-04-23T23:59:59+08:00"
    assert not days.is_late(end, date(2026, 4, 23))
    assert days.is_late(end + timedelta(seconds=1), date(2026, 4, 23))
    assert days.is_late(datetime(2026, 4, 23, 16, 0, tzinfo=UTC), date(2026, 4, 23))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 4, 23), 0, date(2026, 4, 23)),
        (date(2026, 4, 23), 1, date(2026, 4, 24)),
        (date(2026, 4, 23), 2, date(2026, 4, 27)),
        (date(2026, 4, 25), 1, date(2026, 4, 27)),
        (date(2026, 4, 20), 5, date(2026, 4, 27)),
        # Over National Day: 30 September is the first, then 9, 10, 11 (a worked Saturday), 13 October.
        (date(2025, 9, 29), 1, date(2025, 9, 30)),
        (date(2025, 9, 29), 4, date(2025, 10, 11)),
        (date(2025, 9, 29), 5, date(2025, 10, 13)),
        (date(2025, 9, 26), 1, date(2025, 9, 28)),
    ],
)
def test_working_days_start_the_day_after_posting(start: date, count: int, end: date) -> None:
    assert days.add_working_days(start, count, HOLIDAYS, WORKDAYS) == end


def test_counting_back_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        days.add_working_days(date(2026, 1, 1), -1)


@given(any_day, st.integers(0, 40))
def test_adding_and_counting_agree(start: date, count: int) -> None:
    end = days.add_working_days(start, count)
    assert days.working_days_between(start, end) == count
    assert count == 0 or days.is_working_day(end)


@given(day_sets, day_sets, st.integers(0, 25), st.integers(0, 89))
def test_adding_and_counting_agree_with_holidays(
    off: set[date], on: set[date], count: int, shift: int
) -> None:
    start = date(2025, 1, 1) + timedelta(days=shift)
    end = days.add_working_days(start, count, off, on)
    assert days.working_days_between(start, end, off, on) == count


@given(any_day, st.integers(0, 60))
def test_counting_is_symmetrical(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    assert days.working_days_between(end, start) == -days.working_days_between(start, end)


@pytest.mark.parametrize(
    ("today", "due", "words"),
    [
        (date(2026, 4, 23), date(2026, 4, 23), "今日"),
        (date(2026, 4, 23), date(2026, 4, 24), "还剩 1 个工作日"),
        (date(2026, 4, 23), date(2026, 4, 27), "还剩 2 个工作日"),
        (date(2026, 4, 23), date(2026, 4, 21), "逾期 2 个工作日"),
        (date(2026, 4, 24), date(2026, 4, 25), "还剩 1 天"),
        (date(2026, 4, 26), date(2026, 4, 25), "逾期 1 天"),
        (date(2026, 4, 23), None, ""),
    ],
)
def test_due_words(today: date, due: date | None, words: str) -> None:
    assert days.due_words(today, due) == words


def test_due_words_know_holidays() -> None:
    assert days.due_words(date(2025, 9, 30), date(2025, 10, 9), HOLIDAYS, WORKDAYS) == "还剩 1 个工作日"
    assert days.due_words(date(2025, 9, 30), date(2025, 10, 9)) == "还剩 7 个工作日"


@pytest.mark.parametrize(
    "text",
    [
        "2023年6月15日",
        "2023-06-15",
        "2023/6/15",
        "2023.6.15",
        "20230615",
        "２０２３－０６－１５",
        " 2023-06-15 ",
        "2023-06-15T00:00:00",
        date(2023, 6, 15),
        datetime(2023, 6, 14, 20, 0, tzinfo=UTC),
    ],
)
def test_days_are_read(text: str | date) -> None:
    assert days.parse_day(text) == date(2023, 6, 15)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "未填写"),
        (None, "未填写"),
        ("2026-13-01", "没有这一天"),
        ("2023/6/31", "没有这一天"),
        ("20230631", "没有这一天"),
        ("0000-01-01", "没有这一天"),
        ("2023.6", "须写成"),
        ("２０２３－０６", "须写成"),
        ("长期", "须写成"),
        ("二〇二三年六月", "须写成"),
        ("45092", "须写成"),
        ("2023-06-15 09:30", "须写成"),
    ],
)
def test_other_words_are_no_days(text: str | None, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        days.parse_day(text, name="换届时间")


@given(any_day)
def test_days_round_trip(day: date) -> None:
    assert days.parse_day(days.format_date(day)) == day
    assert days.parse_day(day.isoformat()) == day
