"""Who acts: a person together with what the person reaches, carried as ``by=`` through every service."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orgs.models import Organisation, Person
from orgs.reach import Reach


@dataclass(frozen=True)
class Actor:
    """A person acting within a reach.

    :param via: ``web``, ``command`` or ``job``, for the trail.
    """

    person: Person
    reach: Reach
    via: str = "web"

    @property
    def is_system(self) -> bool:
        """The software itself or the command line: what it enters is nobody's own entry."""
        return self.reach.everything

    def as_software(self) -> Actor:
        """The same person's act carried out by the software: for consequences a rule draws, never a choice."""
        return replace(self, reach=Reach(person_id=self.person.pk, everything=True))

    def post_label(self, organisation_id: int | None = None) -> str:
        """「旺草镇党委 乡镇党务干部」, for the history: the post standing at the organisation, else the first."""
        if not self.reach.spans:
            return ""
        at = [span for span in self.reach.spans if span.organisation_id == organisation_id]
        span = (at or list(self.reach.spans))[0]
        unit = (
            Organisation.objects.filter(pk=span.organisation_id).values_list("short_name", flat=True).first()
        )
        return f"{unit or ''} {span.role.label}".strip()
