"""Background jobs of grading: computing a round, writing a ledger, taking in a file of scores."""

from __future__ import annotations

from django.utils import timezone

from assessments import ledgers
from assessments.imports import read_scores, take_in
from assessments.imports.uploads import belongs, discard, kept
from assessments.models import Round
from assessments.services.computing import compute_asked
from gradingsite.jobs.kinds import Progress, Result, job_kind
from gradingsite.jobs.models import Job
from gradingsite.jobs.results import new_path
from gradingsite.lib.refusal import Refused
from orgs.actor import Actor
from orgs.models import Organisation
from orgs.services.people import acting


def _actor(job: Job) -> Actor:
    """The owner with the reach of now, not of when the job was put on the list."""
    return acting(job.owner, on=timezone.localdate(), via="job")


def _round(job: Job, by: Actor) -> Round:
    rounds = Round.objects.within(by.reach).select_related("scheme", "organisation")
    found = rounds.filter(pk=job.params["round"]).first()
    if found is None:
        raise Refused("没有这个定级轮次，或已不在您的范围内。")
    return found


@job_kind("compute_round", label="计分")
def compute_round(job: Job, progress: Progress) -> Result:
    """``params``: ``round``. Staff compute the files they decide, the round's department all of them."""
    by = _actor(job)
    outcome = compute_asked(
        round=_round(job, by), by=by, now=timezone.now(), expect=progress.expect, progress=progress.tick
    )
    return Result(note=f"{outcome.computed} 个支部有总分，{len(outcome.incomplete)} 个支部缺数据。")


@job_kind("export_ledger", label="导出台账")
def export_ledger(job: Job, progress: Progress) -> Result:
    """``params``: ``name``, ``round``, ``organisation`` (id), ``ending`` (xlsx or csv)."""
    by = _actor(job)
    round = _round(job, by)
    organisation = Organisation.objects.within(by.reach).filter(pk=job.params["organisation"]).first()
    if organisation is None:
        raise Refused("没有这个组织，或已不在您的范围内。")
    name, ending = job.params["name"], job.params["ending"]
    path = new_path()
    try:
        with path.open("w+b") as out:
            lines = ledgers.export(
                name,
                round=round,
                organisation=organisation,
                ending=ending,
                out=out,
                by=by,
                today=timezone.localdate(),
                progress=progress.tick,
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Result(name=ledgers.file_name(name, round, organisation, ending), path=path, note=f"{lines} 行。")


@job_kind("import_scores", label="导入分数")
def import_scores(job: Job, progress: Progress) -> Result:
    """``params``: ``round``, ``upload`` (token of :mod:`assessments.imports.uploads`), ``filename``, ``accept_valid``.

    The uploaded file goes when its marks are in: single marks are not kept. Its hash stays in the trail.
    """
    by = _actor(job)
    round = _round(job, by)
    upload = job.params["upload"]
    content = kept(upload) if belongs(upload, owner_id=by.person.pk) else None
    if content is None:
        raise Refused("上传的文件已经不在了，请重新上传。")
    preview = read_scores(round=round, content=content, filename=job.params["filename"], by=by)
    progress.expect(len(preview.incoming))
    done = take_in(
        preview=preview,
        accept_valid=bool(job.params.get("accept_valid")),
        by=by,
        now=timezone.now(),
        progress=progress.tick,
    )
    discard(upload)
    return Result(note=f"新录入 {done.new} 项，改动 {done.changed} 项，不变 {done.unchanged} 项。")
