"""Packages: the only code that opens an upload (see `rules` for the profile).

`read_package` gives verdict, inventory and hashes; `member_bytes` one member for viewers and differences;
`pack.pack` writes a package that keeps the profile; it is not among these names, since whoever only reads
packages (the child process) would load the schemas for nothing.
"""

from uploads.package.members import member_bytes
from uploads.package.reader import Member, PackageReport, read_package
from uploads.package.rules import PROFILE, RULES, Profile, Rule

__all__ = [
    "PROFILE",
    "RULES",
    "Member",
    "PackageReport",
    "Profile",
    "Rule",
    "member_bytes",
    "read_package",
]
