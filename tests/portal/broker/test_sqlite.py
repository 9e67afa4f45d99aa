"""The queue in a file: each message once, in order, back after a claim has run out, and never two after a shutdown."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from portal.broker import sqlite
from portal.broker.sqlite import Store

QUEUE = Queue("work", Exchange("work", type="direct"), routing_key="work")

sqlite.register()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "queue.sqlite3")


@pytest.fixture
def connect(path: str) -> Iterator[Any]:
    opened: list[Connection] = []

    def connection() -> Connection:
        made = Connection("sqlite-queue://", transport_options={"path": path})
        opened.append(made)
        return made

    yield connection
    for made in opened:
        made.release()


def publish(connection: Connection, *bodies: int) -> None:
    producer = connection.Producer(serializer="json")
    for body in bodies:
        producer.publish(body, exchange=QUEUE.exchange, routing_key="work", declare=[QUEUE])


def rows(path: str, table: str = "message") -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_messages_come_in_order_and_go_when_acknowledged(connect: Any, path: str) -> None:
    publish(connect(), 1, 2, 3)
    queue = QUEUE(connect().channel())
    got = [queue.get() for _ in range(3)]
    assert [message.payload for message in got] == [1, 2, 3]
    assert queue.get() is None
    for message in got:
        message.ack()
    assert rows(path) == 0


def test_a_rejected_message_is_the_next_one_again(connect: Any) -> None:
    publish(connect(), 1, 2)
    queue = QUEUE(connect().channel())
    queue.get().requeue()
    assert queue.get().payload == 1


def test_a_message_that_is_not_wanted_goes(connect: Any, path: str) -> None:
    publish(connect(), 1)
    QUEUE(connect().channel()).get().reject()
    assert rows(path) == 0


def test_a_shutdown_gives_back_what_was_claimed_without_a_copy(connect: Any, path: str) -> None:
    publish(connect(), 1)
    channel = connect().channel()
    message = QUEUE(channel).get()
    channel.close()
    assert rows(path) == 1
    again = QUEUE(connect().channel()).get()
    assert again.payload == message.payload
    assert again.delivery_info["redelivered"] is True


def test_what_a_killed_worker_had_claimed_comes_back(connect: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(connect(), 1)
    killed, other = Store(path), Store(path)
    now = 1_000_000.0
    monkeypatch.setattr(sqlite.time, "time", lambda: now)
    assert killed.claim("work") is not None
    assert other.claim("work") is None
    now += sqlite.VISIBILITY_SECONDS + 1
    assert other.claim("work") is not None


def test_an_empty_queue_is_not_asked_again_until_something_was_written(path: str) -> None:
    reader, writer = Store(path), Store(path)
    assert reader.claim("work") is None
    writer.put("work", "{}")
    assert reader.claim("work") is not None


def test_a_message_that_cannot_be_read_stops_nobody(connect: Any, path: str, caplog: Any) -> None:
    connection = connect()
    publish(connection, 1)
    store = Store(path)
    claimed = store.claim("work")
    assert claimed is not None
    store.delete(claimed[0])
    for payload in ("", "not json", "[]", json.dumps({"properties": {}})):
        store.put("work", payload)
    publish(connection, 2)
    assert QUEUE(connect().channel()).get().payload == 2
    assert rows(path, "set_aside") == 4


def test_size_and_purge(connect: Any) -> None:
    publish(connect(), 1, 2, 3)
    queue = QUEUE(connect().channel())
    assert queue.queue_declare().message_count == 3
    assert queue.purge() == 3


def test_none_is_lost_and_none_doubled_between_threads(path: str) -> None:
    """Two producers and two consumers with a connection each; the full 10,000 run in tests/benchmarks."""
    count, done, seen = 400, threading.Event(), [Counter[str](), Counter[str]()]

    def produce(first: int) -> None:
        store = Store(path)
        for number in range(first, first + count):
            store.put("work", str(number))
        store.close()

    def consume(mine: Counter[str]) -> None:
        store = Store(path)
        while True:
            # Asked before the claim: what was put until then is found by it.
            is_all_there = done.is_set()
            claimed = store.claim("work")
            if claimed is not None:
                mine[claimed[1]] += 1
                store.delete(claimed[0])
            elif is_all_there:
                break
        store.close()

    Store(path).size("work")
    producers = [threading.Thread(target=produce, args=(number * count,)) for number in range(2)]
    consumers = [threading.Thread(target=consume, args=(mine,)) for mine in seen]
    for thread in (*producers, *consumers):
        thread.start()
    for thread in producers:
        thread.join()
    done.set()
    for thread in consumers:
        thread.join()
    assert seen[0] + seen[1] == Counter(str(number) for number in range(2 * count))
