"""The rooms of ``orgs``: the tree, people and posts, passages, stored files."""

from orgs.models.files import StoredFile
from orgs.models.organisations import Organisation, OrganisationChange, PathField, Sector
from orgs.models.passages import Passage
from orgs.models.people import OldPassword, Person, Post, PostListing

__all__ = [
    "OldPassword",
    "Organisation",
    "OrganisationChange",
    "Passage",
    "PathField",
    "Person",
    "Post",
    "PostListing",
    "Sector",
    "StoredFile",
]
