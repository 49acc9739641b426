"""Hashes beside the unpacking are the very hashes, in whatever pieces the bytes come and however many there are."""

import hashlib
import io
import random

import pytest

from tests import packages
from uploads.package import read_package
from uploads.package.hashing import DEPTH, SMALL, Beside


@pytest.mark.parametrize("lengths", [[], [0], [1], [SMALL], [SMALL + 1], [SMALL + 1, 1], [1, 50_000, 3]])
def test_the_hash_is_the_hash(lengths: list[int]) -> None:
    draw = random.Random(len(lengths))
    pieces = [draw.randbytes(length) for length in lengths]
    digest = Beside().sha256()
    for piece in pieces:
        digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_hashes_side_by_side_do_not_mix() -> None:
    beside = Beside()
    first, second = beside.sha256(), beside.sha256()
    for _ in range(4 * DEPTH):
        first.update(b"a" * 10_000)
        second.update(b"b" * 10_000)
    assert first.hexdigest() == hashlib.sha256(b"a" * 40_000 * DEPTH).hexdigest()
    assert second.hexdigest() == hashlib.sha256(b"b" * 40_000 * DEPTH).hexdigest()


def test_the_reader_tells_the_same_with_either() -> None:
    data = {f"Content/{n}.txt": b"x" * (n * 7000) for n in range(20)}
    raw = packages.zip_of(packages.good_parts(packages.manifest(), data))
    plain = read_package(io.BytesIO(raw), len(raw))
    assert read_package(io.BytesIO(raw), len(raw), sha256=Beside().sha256) == plain
    assert plain.sha256 == hashlib.sha256(raw).hexdigest()
