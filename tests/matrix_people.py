"""Who covers what in the village and who is which party: written down by hand, not asked of the code under test."""

from __future__ import annotations

# One of each kind of person; a second one at the same place is there for "other than", not for reach.
PEOPLE = (
    "secretary", "secretary2", "liaison", "clerk", "clerk_pu", "rater", "committee", "minister", "county", "city",
    "province", "supervisor", "leader", "cadre", "office", "other_county", "other_clerk", "system", "security",
    "audit", "nobody",
)  # fmt: skip

WANGCAO = frozenset({"旺草镇", "大村", "中村", "小村"})
PUCHANG = frozenset({"蒲场镇", "河村"})
OTHER = frozenset({"道山县", "玉溪镇", "东村"})
COUNTY = WANGCAO | PUCHANG | {"绥山县", "县直机关工委", "县委办总支", "县委办一支部"}
CITY = COUNTY | OTHER | {"遵山市"}
COVERS: dict[str, frozenset[str]] = {
    "secretary": frozenset({"大村"}),
    "secretary2": frozenset({"中村"}),
    "liaison": frozenset({"大村", "中村"}),
    "clerk": WANGCAO,
    "committee": WANGCAO,
    "clerk_pu": PUCHANG,
    "committee_pu": PUCHANG,
    "minister": COUNTY,
    "county": COUNTY,
    "city": CITY,
    "province": CITY | {"贵山省"},
    "supervisor": frozenset({"蒲场镇", "小村"}),
    "leader": frozenset({"大村"}),
    "cadre": frozenset({"旺草镇"}),
    "office": frozenset({"旺草镇"}),
    "other_county": OTHER,
    "other_clerk": frozenset({"玉溪镇", "东村"}),
    "other_secretary": frozenset({"东村"}),
}
BRANCHES = {"大村": "旺草镇", "中村": "旺草镇", "小村": "旺草镇", "河村": "蒲场镇", "东村": "玉溪镇"}
ABOVE = {"旺草镇": "绥山县", "蒲场镇": "绥山县", "绥山县": "遵山市", "玉溪镇": "道山县", "道山县": "遵山市"}
# Parties to the files of a committee; SEC and LIA go by the branch.
PARTIES: dict[str, dict[str, frozenset[str]]] = {
    "旺草镇": {"CLK": frozenset({"clerk"}), "COM": frozenset({"committee"}), "DEP": frozenset({"county"})},
    "蒲场镇": {
        "CLK": frozenset({"clerk_pu"}),
        "COM": frozenset({"committee_pu"}),
        "DEP": frozenset({"county"}),
    },
    "玉溪镇": {"CLK": frozenset({"other_clerk"}), "COM": frozenset(), "DEP": frozenset({"other_county"})},
}
SECRETARIES = {"大村": "secretary", "中村": "secretary2", "东村": "other_secretary"}
IN_THE_ROUND = frozenset(PEOPLE) - {
    "other_county", "other_clerk", "other_secretary", "system", "security", "audit", "nobody",
}  # fmt: skip
IN_THE_OTHER_ROUND = frozenset({"city", "province", "other_county", "other_clerk", "other_secretary"})
STAFF = "clerk clerk_pu other_clerk"
READERS = f"{STAFF} committee committee_pu minister"
DEPARTMENTS = "county city province other_county"


def covering(unit: str) -> frozenset[str]:
    """Who covers an organisation or the file of a branch."""
    return frozenset(name for name, units in COVERS.items() if unit in units)


def hidden_from(name: str) -> frozenset[str]:
    """Short names a person may not read: neither covered, nor above what is, nor of a file he rates."""
    seen = set(COVERS.get(name, ())) | ({"大村", "中村"} if name == "rater" else set())
    for unit in list(seen):
        while unit := BRANCHES.get(unit) or ABOVE.get(unit, ""):
            seen.add(unit)
    return (frozenset(BRANCHES) | set(BRANCHES.values()) | {"道山县"}) - seen


def parties(branch: str) -> dict[str, frozenset[str]]:
    """Who is which party to a branch's file."""
    found = dict(PARTIES[BRANCHES[branch]])
    found["SEC"] = frozenset({SECRETARIES[branch]}) if branch in SECRETARIES else frozenset()
    found["LIA"] = frozenset({"liaison"}) if branch in ("大村", "中村") else frozenset()
    found["UP"] = frozenset({"city", "province"})
    below = (
        frozenset() if branch == "大村" else found["CLK"] | found["COM"]
    )  # 大村 is reported, the rest held below
    found["RETURNING"] = found["DEP"] | found["UP"] | below
    found["RAT"] = frozenset({"rater"}) if branch in ("大村", "中村") else frozenset()
    return found


READ = {
    "旺草镇": frozenset({"clerk", "committee", "minister", "county", "city", "province"}),
    "蒲场镇": frozenset({"clerk_pu", "committee_pu", "minister", "county", "city", "province"}),
    "玉溪镇": frozenset({"other_clerk", "other_county", "city", "province"}),
}
