"""Performing a try: look the server's name up, try it, note each step."""

from __future__ import annotations

import asyncio

from diagnostics.resolving import resolver_from_settings
from portal.ownserver.models import Progress, ServerTrial
from portal.ownserver.sealing import SealProblem, unseal
from portal.ownserver.trying import Settings, Step, attempt


def perform(trial_id: int) -> None:
    """Try the settings of one trial; a second bell finds it taken and goes home."""
    if not ServerTrial.objects.filter(pk=trial_id, state=Progress.WAITING).update(state=Progress.TRYING):
        return
    trial = ServerTrial.objects.select_related("server").get(pk=trial_id)
    trial.steps = [step.as_json() for step in _steps(trial)]
    trial.state = Progress.DONE
    trial.save(update_fields=["steps", "state"])


def _steps(trial: ServerTrial) -> list[Step]:
    server = trial.server
    try:
        password = unseal(server.sealed)
    except SealProblem as problem:
        return [Step("sign-in", False, "", str(problem))]
    given = Settings(server.host, server.port, server.encryption, server.username, password, server.sender)
    return attempt(given, asyncio.run(_addresses(server.host)), to=trial.to)


async def _addresses(host: str) -> list[str]:
    resolver = resolver_from_settings(fresh=True)
    found: list[str] = []
    for kind in ("A", "AAAA"):
        answer = await resolver.query(host, kind)
        found += answer.records if answer.is_ok else []
    return found
