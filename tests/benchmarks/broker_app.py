"""The smallest Celery application, on the broker that BROKER names; used by ``broker.py`` beside it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import Celery

from portal.broker.sqlite import register

register()
FOLDER = Path(os.environ["BENCH_FOLDER"])
BROKER = os.environ["BROKER"]
app = Celery("bench")
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
if BROKER == "filesystem":
    app.conf.broker_url = "filesystem://"
    app.conf.broker_transport_options = {
        "data_folder_in": str(FOLDER / "in"),
        "data_folder_out": str(FOLDER / "in"),
        "control_folder": str(FOLDER / "control"),
        "polling_interval": 0.1,
    }
elif BROKER == "redis":
    app.conf.broker_url = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/9")
elif BROKER == "sqlalchemy":
    app.conf.broker_url = f"sqla+sqlite:///{FOLDER / 'sqla.sqlite3'}"
else:
    app.conf.broker_url = "sqlite-queue://"
    app.conf.broker_transport_options = {"path": str(FOLDER / "queue.sqlite3")}


@app.task(name="bench.mark")
def mark(number: int, sent: float, seconds: float) -> None:
    """Tell when the task began, then take ``seconds``; the last line says that it ended."""
    with (FOLDER / "marks").open("a") as file:
        file.write(f"begin {number} {time.time() - sent}\n")
    time.sleep(seconds)
    with (FOLDER / "marks").open("a") as file:
        file.write(f"end {number} 0\n")
