"""Signals: what deserves a person's eye in a package. None of them refuses anything.

`found` says what a signal is, `table` which ones there are, what each weighs and why; `examine` looks at a
member's bytes as the reader unpacks them. Nothing here needs Django: it runs in the child process that opens
packages.
"""
