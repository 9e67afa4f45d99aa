"""A list of a hundred thousand recipients judged by a worker, while a person looks at its page again and again.

The worker is a process of its own, as it is when the desk runs; DNS answers from a file, so that what is measured is
ours. ``BENCH_LIST`` sets the number of lines; every fiftieth has a fault of some kind.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINES, DOMAINS = int(os.environ.get("BENCH_LIST", "100000")), 2_500
WORKER = """
import json, resource, sys, time
import django
django.setup()
from portal.planning.runner import perform
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
perform(int(sys.argv[1]))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": round(time.monotonic() - began, 1), "mib": [before // 1024, after // 1024]}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        zone = Path(folder) / "zone.json"
        domains: dict[str, object] = {f"d{at}.example": {"MX": [[10, f"mx.d{at}.example"]]} for at in range(DOMAINS)}
        zone.write_text(json.dumps(domains | {"com": {"NS": ["a.gtld-servers.net"]}}))
        os.environ |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        os.environ |= {"SECRET_KEY": "only for this measurement", "DIAGNOSTICS_ZONE": str(zone)}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django
        from django.conf import settings
        from django.test.utils import override_settings

        django.setup()
        # What the browser would load is not there in a folder made for a measurement.
        static = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
        with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=settings.STORAGES | static):
            print(json.dumps(measure()), flush=True)


def measure() -> dict[str, object]:
    """How long and how much memory the worker took, and how long the page took meanwhile, in milliseconds."""
    from django.core.files.base import ContentFile
    from django.test import Client
    from django.urls import reverse

    from portal.planning.models import Mailing
    from tests import make

    branch = make.branch("north")
    nora = make.person("nora@north.example", "Nora", "staff", branch)
    mailing = Mailing(branch=branch, name="Spring term", by=nora)
    mailing.list.save("list.csv", ContentFile(recipients()), save=False)
    mailing.save()
    client = Client()
    client.force_login(nora)
    page = reverse("mailing", args=[mailing.code])
    client.get(page)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(mailing.pk)], stdout=subprocess.PIPE, text=True)
    took: list[float] = []
    while worker.poll() is None:
        began = time.perf_counter()
        status = client.get(page).status_code
        took.append((time.perf_counter() - began) * 1000)
        assert status == 200, status
        time.sleep(0.1)
    told = worker.communicate()[0]
    mailing.refresh_from_db()
    took.sort()
    return {
        "lines": mailing.results["lines"],
        "counts": {name: count for name, count in mailing.results["counts"].items() if count},
        **json.loads(told),
        "page_ms": {"views": len(took), "median": round(took[len(took) // 2], 1), "slowest": round(took[-1], 1)},
    }


def recipients() -> bytes:
    """The list: most lines fine, some malformed, doubled, mistyped, a role, or at a domain that does not exist."""
    chance = random.Random(1)
    lines = ["name,email"]
    for at in range(LINES):
        address = f"person{at}@d{min(int(chance.expovariate(0.005)), DOMAINS - 1)}.example"
        if at % 50 == 0:
            address = chance.choice(
                (
                    "no address",
                    "person1@d1.example",
                    f"p{at}@gmial.com",
                    f"info@d{at % DOMAINS}.example",
                    f"p@g{at}.example",
                )
            )
        lines.append(f"Person {at},{address}")
    return "\r\n".join(lines).encode()


if __name__ == "__main__":
    main()
