"""Files whose name alone says that somebody should look."""

import pytest

from uploads.signals import names


@pytest.mark.parametrize("path", ["Binaries/Win64/version.dll", "DXGI.DLL", "a/xinput1_3.dll"])
def test_a_library_that_games_load_is_told(path: str) -> None:
    (signal,) = names.look(path)
    assert (signal.code, signal.path) == ("dll_like_the_games", path)
    assert signal.subject == path.rpartition("/")[2].lower()


@pytest.mark.parametrize("path", ["Binaries/Win64/drills.dll", "version.dll.txt", "version.dll/readme.txt"])
def test_other_names_are_not(path: str) -> None:
    assert list(names.look(path)) == []
