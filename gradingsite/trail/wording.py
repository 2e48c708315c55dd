"""The Chinese words for acts and kinds of record; each app names its own when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps

_ACTIONS: dict[str, str] = {
    "trail.export": "导出审计记录",
    "job.start": "提交后台任务",
    "job.done": "后台任务完成",
    "job.failed": "后台任务失败",
    "job.cancel": "取消后台任务",
    "job.download": "下载文件",
}


def name_actions(labels: Mapping[str, str]) -> None:
    """Give acts their Chinese words: ``{"sheet.submit": "上报自评"}``."""
    _ACTIONS.update(labels)


def action_label(code: str) -> str:
    """The Chinese word for an act, or the code itself."""
    return _ACTIONS.get(code, code)


def action_choices(codes: list[str]) -> list[tuple[str, str]]:
    """The acts in ``codes`` with their words, for a filter."""
    return sorted(((code, action_label(code)) for code in codes), key=lambda choice: choice[1])


def kind_label(kind: str) -> str:
    """The Chinese name of a model given as ``app.model``; any other text comes back as it is."""
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return kind
