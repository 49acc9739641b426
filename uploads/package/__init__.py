"""Packages: the only code that opens an upload (see `rules` for the profile).

`read_package` gives verdict, inventory and hashes; `member_bytes` one member for viewers and differences;
`pack` writes a package that keeps the profile.
"""

from uploads.package.members import member_bytes
from uploads.package.pack import PackResult, pack
from uploads.package.reader import Member, PackageReport, read_package
from uploads.package.rules import PROFILE, RULES, Profile, Rule

__all__ = [
    "PROFILE",
    "RULES",
    "Member",
    "PackResult",
    "PackageReport",
    "Profile",
    "Rule",
    "member_bytes",
    "pack",
    "read_package",
]
