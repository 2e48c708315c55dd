"""Grading: schemes, rounds, sheets, polls, computing, deciding, approving."""

from django.apps import AppConfig

from assessments.poll_pages import POLL_PAGES, types_ballots
from assessments.score_pages import SCORE_PAGES, enters_scores
from assessments.verdict_pages import APPROVING_PAGES, DECIDING_PAGES, approves, decides
from assessments.wording import ACTIONS
from gradingsite.trail.wording import name_actions
from orgs.hooks import show_on_card, when_closed, when_handed_over
from orgs.sections import Section, add_section, has_reach, is_official


class AssessmentsConfig(AppConfig):
    """Wires grading into the rooms below it."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "assessments"
    verbose_name = "分类定级"

    def ready(self) -> None:
        """Tell the rooms below what grading adds to them."""
        name_actions(ACTIONS)
        when_handed_over("assessments.services.upkeep.pass_on_sheets")
        when_closed("assessments.services.upkeep.terminate_files")
        show_on_card("assessments.cards.grades_cell")
        add_section(Section(10, "待办", "home", is_official, prefix="/", count="assessments.inbox.count_of"))
        add_section(Section(20, "进度", "assessments:progress", has_reach, prefix="/rounds/"))
        add_section(Section(22, "评分", "assessments:scores", enters_scores, views=frozenset(SCORE_PAGES)))
        add_section(Section(24, "测评", "assessments:polls_now", types_ballots, views=POLL_PAGES))
        add_section(Section(26, "评定", "assessments:decisions", decides, views=DECIDING_PAGES))
        add_section(Section(30, "核准", "assessments:approvals", approves, views=APPROVING_PAGES))
        add_section(Section(40, "方案", "assessments:schemes", has_reach, prefix="/schemes/"))
        add_section(Section(80, "台账", "assessments:ledgers", has_reach, prefix="/ledgers/"))
