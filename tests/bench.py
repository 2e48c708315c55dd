"""Measures the figures of the performance page, each as a ratio to its raw limit in the same run.

``python3 dev.py bench [--branches 20000]`` makes a database of its own where DATABASE_URL points
(SQLite in a temporary folder by default) and removes it afterwards.
"""

import argparse
import datetime as dt
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

# Django must be set up before models can be imported.
from django.db import connection, models, transaction  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from assessments.models import Assessment, Round, Scheme, Score, Sheet, Track  # noqa: E402
from assessments.rules import preset  # noqa: E402
from assessments.services.computing import compute_round  # noqa: E402
from assessments.services.rounds import create_round, open_round  # noqa: E402
from assessments.services.schemes import load_scheme, rules_of  # noqa: E402
from orgs.categories import Form, Tier  # noqa: E402
from orgs.models import Organisation, Sector  # noqa: E402
from orgs.reach import at_or_below  # noqa: E402
from orgs.services.people import system_actor  # noqa: E402
from orgs.services.tree import Newcomer, insert  # noqa: E402

NOW = dt.datetime(2026, 4, 9, 1, 30, tzinfo=dt.UTC)
TOWNSHIP_SIZE = 100
COUNTY_SIZE = 20
RUNS = 9


class RawRow(models.Model):
    """What the limits are measured on: a row with a path column and an index, written without any rule."""

    code = models.CharField(max_length=32, unique=True)
    full_name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=100)
    path = models.CharField(max_length=200, db_index=True)
    total = models.IntegerField(null=True)

    class Meta:
        app_label = "assessments"
        managed = False  # made here, by hand


@dataclass(frozen=True)
class Figure:
    """One line of the result: seconds of the work and of its limit, and the ratio it should stay under."""

    work: str
    seconds: float
    limit: float
    target: float

    def line(self) -> str:
        """As printed."""
        ratio = self.seconds / self.limit
        verdict = "ok" if ratio <= self.target else "over"
        return (
            f"{self.work:<46} {self.seconds * 1000:>10.2f} {self.limit * 1000:>10.2f} "
            f"{ratio:>8.2f} {self.target:>7.1f}  {verdict}"
        )


def seconds(work: Callable[[], object], runs: int = 1) -> float:
    """The median time of ``runs`` runs of ``work``."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def newcomer(code: str, name: str, parent: Newcomer | int | None, tier: Tier, form: Form) -> Newcomer:
    """An organisation to be written; what the measures do not look at is made up."""
    category = {Tier.BRANCH: "党支部", Tier.TOWNSHIP: "乡镇党委", Tier.COUNTY: "县级党委"}.get(
        tier, "省级党委"
    )
    return Newcomer(
        code=code,
        full_name=f"中共{name}",
        short_name=name,
        pinyin="zgcs",
        category=category,
        tier=tier,
        form=form,
        secretary_name="某某",
        member_count=20 if tier is Tier.BRANCH else None,
        people_count=300 if tier is Tier.BRANCH else None,
        sector_id=Sector.objects.get(name="农村").pk if tier is Tier.BRANCH else None,
        parent=parent,
    )


def province(branches: int) -> list[Newcomer]:
    """A province of ``branches`` branches, 100 to a township, 20 townships to a county."""
    rural = Sector.objects.get_or_create(name="农村")[0]
    root = newcomer("52", "省", None, Tier.PROVINCE, Form.COMMITTEE)
    found, county, township = [root], root, root
    for number in range(branches):
        if number % (TOWNSHIP_SIZE * COUNTY_SIZE) == 0:
            county = newcomer(f"52C{number:07}", f"县{number}", root, Tier.COUNTY, Form.COMMITTEE)
            found.append(county)
        if number % TOWNSHIP_SIZE == 0:
            township = newcomer(f"52T{number:07}", f"镇{number}", county, Tier.TOWNSHIP, Form.COMMITTEE)
            found.append(township)
        branch = newcomer_branch(f"52B{number:07}", number, township, rural.pk)
        found.append(branch)
    return found


def newcomer_branch(code: str, number: int, parent: Newcomer | int, sector_id: int) -> Newcomer:
    """One more branch."""
    return Newcomer(
        code=code,
        full_name=f"中共绥山县旺草镇第{number}村支部委员会",
        short_name=f"第{number}村",
        pinyin="dc",
        category="党支部",
        tier=Tier.BRANCH,
        form=Form.BRANCH,
        sector_id=sector_id,
        member_count=20,
        people_count=300,
        parent=parent,
    )


def raw_rows(count: int, start: int = 0) -> list[RawRow]:
    """Rows of the same width as organisations, for the limits."""
    return [
        RawRow(
            code=f"R{n:09}",
            full_name="中共绥山县旺草镇村支部委员会",
            short_name="村",
            path=f"/1/{n // 100}/{n}/",
        )
        for n in range(start, start + count)
    ]


def measure_tree(branches: int) -> list[Figure]:
    """Load a province, add single branches to it, ask for one county."""
    newcomers = province(branches)
    raw = raw_rows(len(newcomers))
    load_limit = seconds(lambda: RawRow.objects.bulk_create(raw, batch_size=2000))
    load = seconds(lambda: insert(newcomers))
    township = Organisation.objects.filter(tier=Tier.TOWNSHIP).in_order()[branches // TOWNSHIP_SIZE // 2]
    sector = Sector.objects.get(name="农村").pk
    numbers = iter(range(RUNS * 2))

    def add() -> None:
        number = next(numbers)
        insert([newcomer_branch(f"52N{number:07}", number, township.pk, sector)])

    def add_raw() -> None:
        with transaction.atomic():
            raw_rows(1, start=len(raw) + next(numbers))[0].save(force_insert=True)

    add_limit = seconds(add_raw, RUNS)
    added = seconds(add, RUNS)
    county = Organisation.objects.filter(tier=Tier.COUNTY).in_order()[0]
    scoped = seconds(lambda: Organisation.objects.filter(at_or_below(county.path)).count(), RUNS)
    return [
        Figure(f"load {len(newcomers)} organisations into the tree", load, load_limit, 6),
        Figure("add one branch in the middle", added, add_limit, 2),
        Figure("count a county's organisations", scoped, seconds(lambda: raw_scan(county), RUNS), 2),
    ]


def raw_scan(county: Organisation) -> None:
    """The same rows by a plain range of the tree's numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {Organisation._meta.db_table} WHERE tree_id = %s AND lft BETWEEN %s AND %s",
            [county.tree_id, county.lft, county.rght],
        )
        cursor.fetchall()


def measure_computing() -> list[Figure]:
    """Open a round over one county, fill it, compute all of it; against reading and writing the same rows."""
    by = system_actor()
    county = Organisation.objects.filter(tier=Tier.COUNTY).in_order()[0]
    scheme, _ = load_scheme(document=preset("guizhou-2012"), organisation=county, by=by, now=NOW)
    round_ = create_round(scheme=scheme, organisation=county, name="测算", year=2026, by=by, now=NOW)
    opening = seconds(lambda: open_round(round=round_, by=by, now=NOW))
    files = Assessment.objects.filter(round=round_).count()
    fill(round_, scheme)
    computing = seconds(lambda: compute_round(round=round_, by=by, now=NOW))
    scores = Score.objects.filter(assessment__round=round_).count()
    raw = raw_rows(scores + files, start=10_000_000)

    def scan_and_write() -> None:
        list(
            Sheet.objects.filter(assessment__round=round_).values_list(
                "assessment_id", "source", "total", "marks"
            )
        )
        RawRow.objects.bulk_create(raw, batch_size=2000)

    opened = raw_rows(files * 6, start=20_000_000)
    return [
        Figure(
            f"open a round over {files} branches",
            opening,
            seconds(lambda: RawRow.objects.bulk_create(opened, batch_size=2000)),
            6,
        ),
        Figure(f"compute {files} files ({scores} scores)", computing, seconds(scan_and_write), 3),
    ]


def fill(round_: Round, scheme: Scheme) -> None:
    """Put one sheet in force under every track of the round."""
    ballots = {source.key for source in rules_of(scheme).sources if source.method.value == "ballot"}
    Sheet.objects.filter(assessment__round=round_).delete()
    Track.objects.filter(assessment__round=round_).update(status="confirmed")
    Sheet.objects.bulk_create(
        (
            Sheet(
                track_id=track,
                assessment_id=file,
                source=source,
                status="in_force",
                total=7000 + (file * 37 + len(source)) % 3000,
                basis="mean" if source in ballots else "total",
                voters=20 if source in ballots else None,
                imported=True,
            )
            for track, file, source in Track.objects.filter(assessment__round=round_).values_list(
                "pk", "assessment_id", "source"
            )
        ),
        batch_size=2000,
    )


def main() -> None:
    """Measure everything and print a table in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--branches", type=int, default=20_000, help="size of the province, default 20000")
    options = parser.parse_args()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        with connection.schema_editor() as editor:
            editor.create_model(RawRow)
        print(f"{connection.vendor}, {options.branches} branches, median of {RUNS} for single acts")
        print(f"{'work':<46} {'ms':>10} {'limit ms':>10} {'ratio':>8} {'target':>7}")
        for figure in [*measure_tree(options.branches), *measure_computing()]:
            print(figure.line(), flush=True)
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
