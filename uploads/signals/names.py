"""Files whose name alone says that somebody should look.

A game loads libraries of these names from its own folder before it looks in Windows' folder, so that a file of
that name runs without being asked for. The list: the libraries that loaders of mods and malware use for that
(as kept by the HijackLibs project), as far as games load them.
"""

from collections.abc import Iterator

from uploads.signals.found import Signal

GAME_LIBRARIES = frozenset(
    f"{name}.dll"
    for name in (
        "bink2w64",
        "d3d10",
        "d3d11",
        "d3d12",
        "d3d8",
        "d3d9",
        "d3dcompiler_47",
        "dbgcore",
        "dbghelp",
        "ddraw",
        "dinput",
        "dinput8",
        "dsound",
        "dwmapi",
        "dxgi",
        "hid",
        "msacm32",
        "msvfw32",
        "opengl32",
        "steam_api64",
        "version",
        "wininet",
        "winhttp",
        "winmm",
        "wsock32",
        "xaudio2_9",
        "xinput1_1",
        "xinput1_2",
        "xinput1_3",
        "xinput1_4",
        "xinput9_1_0",
        "xinputuap",
    )
)


def is_game_library(path: str) -> bool:
    """Whether the file at `path` is named like a library that games load from their own folder."""
    return path.rpartition("/")[2].lower() in GAME_LIBRARIES


def look(path: str) -> Iterator[Signal]:
    """What the name of the file at `path` says."""
    if is_game_library(path):
        name = path.rpartition("/")[2].lower()
        yield Signal(
            "dll_like_the_games",
            f"{name} has the name of a library that games load from their own folder.",
            path,
            excerpt=path[-200:],
            rule=name,
            subject=name,
        )
