"""Which rules a result was found by, and the fingerprint of the tables that they are.

`VERSION` is stored with every result, and the publisher takes no other. It grows with every change of what is
refused or found; the test `tests/uploads/signals/test_rules_version.py` fails until both lines agree with the
tables (profile, kinds of files, checks, signals, YARA files), and says what to write.
"""

VERSION = "smz-1.1"
DIGEST = "f84a5bd2576b8d10"
