"""Whatever bytes come, in whatever pieces: nothing raises, all is bounded, and the wall takes what is told."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uploads.scanners import yara
from uploads.signals.document import leaked_keys_from, programs_from, signals_from
from uploads.signals.examine import Examiner

KINDS = st.sampled_from(["text", "script", "utf16", "pe", "binary", "lua-bytecode", "png", "empty", ""])
PATHS = st.sampled_from(["a.lua", "b.txt", "Binaries/Win64/version.dll", "LICENSE"]) | st.text(max_size=50)
WORDS = st.sampled_from(
    b"os . execute ( ) [ ] { } \" ' \\ -- [[ ]] [=[ _G _ENV local function end do then repeat until for in = , ; load "
    b"loadstring require ffi io popen open getfenv rawget package loaded dofile .. return or and \n \r \0 # "
    b"https:// http://1.2.3.4/ a.example smm_ AKIA eyJ -----BEGIN MZ PE \x1bLua \xff\xfe \xe2\x80\xae \\z \\65".split(
        b" "
    )
)
DATA = st.lists(WORDS | st.binary(max_size=8), max_size=60).map(b" ".join) | st.binary(max_size=300)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(PATHS, DATA, KINDS), max_size=5), st.integers(1, 64))
def test_anything_is_examined(members: list[tuple[str, bytes, str]], size: int) -> None:
    told = []
    for step in (size, 10_000):
        examiner = Examiner(yara.load())
        for path, data, kind in members:
            examiner.begin(path, len(data))
            for at in range(0, len(data), step):
                examiner.feed(data[at : at + step])
            examiner.end(kind)
        examiner.finish()
        signals_from([signal.as_dict() for signal in examiner.signals])
        programs_from(examiner.programs)
        leaked_keys_from(examiner.leaked_keys)
        told.append((examiner.signals, examiner.programs, examiner.leaked_keys))
    assert told[0] == told[1]
