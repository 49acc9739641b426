"""The development broker's folder: whole messages, each to one reader, and tables that many may write."""

import json
import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import virtual

from smmods import broker


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers which queues it declared; here each test is a process of its own."""
    monkeypatch.setattr(broker.Transport, "global_state", virtual.BrokerState())


def options(folder: Path) -> dict[str, Any]:
    for name in ("messages", "claimed", "control"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "claimed"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.02,
    }


def connect(folder: Path) -> Connection:
    return Connection(transport=broker.Transport, transport_options=options(folder))


def put(folder: Path, queue: str, *bodies: Any) -> None:
    with connect(folder) as connection:
        for body in bodies:
            connection.SimpleQueue(queue).put(body)


def test_a_message_arrives_in_order_and_once(tmp_path: Path) -> None:
    put(tmp_path, "checks", 1, 2, 3)
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("checks")
        found = [queue.get(timeout=2) for _ in range(3)]
        assert [message.payload for message in found] == [1, 2, 3]
        for message in found:
            message.ack()
        with pytest.raises(Empty):
            queue.get(block=False)
    assert list((tmp_path / "messages").iterdir()) == []
    assert list((tmp_path / "claimed").iterdir()) == []


def test_a_queue_takes_its_own_messages_only(tmp_path: Path) -> None:
    put(tmp_path, "checks", "c")
    put(tmp_path, "mail", "m")
    with connect(tmp_path) as connection:
        message = connection.SimpleQueue("mail").get(timeout=2)
        assert message.payload == "m"
        message.ack()


def test_a_draft_is_not_a_message(tmp_path: Path) -> None:
    put(tmp_path, "mail")
    (tmp_path / "messages" / "1_x.draft").write_text("half a mess")
    with connect(tmp_path) as connection, pytest.raises(Empty):
        connection.SimpleQueue("mail").get(block=False)


def test_a_damaged_message_is_dropped_and_the_next_one_read(tmp_path: Path) -> None:
    options(tmp_path)
    (tmp_path / "messages" / "0_x.mail.msg").write_text('{"half')
    put(tmp_path, "mail", "whole")
    with connect(tmp_path) as connection:
        message = connection.SimpleQueue("mail").get(timeout=2)
        assert message.payload == "whole"
        message.ack()


def test_a_message_that_another_reader_claimed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "mail", "taken", "mine")
    rename = Path.rename

    def taken_first(self: Path, target: Path) -> Path:
        if "taken" in self.read_text():
            raise FileNotFoundError
        return rename(self, target)

    first = min((tmp_path / "messages").iterdir())
    first.write_text('"taken"')
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("mail")
        monkeypatch.setattr(Path, "rename", taken_first)
        assert queue.get(timeout=2).payload == "mine"
        monkeypatch.undo()


def test_many_processes_may_declare_queues_at_once(tmp_path: Path) -> None:
    options(tmp_path)
    failures: list[Exception] = []

    def declare(number: int) -> None:
        try:
            with connect(tmp_path) as connection:
                connection.default_channel._queue_bind("shared", f"q{number}", "", f"q{number}")
        except (OSError, ValueError, LookupError) as error:
            failures.append(error)

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rows = json.loads((tmp_path / "control" / "shared.exchange").read_text())
    assert {row[2] for row in rows} == {f"q{number}" for number in range(20)}
