"""`/v1/fine_tuning/jobs`: tuning jobs on this machine, in OpenAI's shape."""

import asyncio
from typing import Final

import msgspec

from hanbok.app import App
from hanbok.http.admin.route import RequestUnfit
from hanbok.http.files import allowed, note
from hanbok.http.inbound import JSON, Inbound
from hanbok.http.listing import field_of, page_of
from hanbok.http.statuses import MethodNotAllowed, RouteUnknown
from hanbok.policy.identity import Identified
from hanbok.studio.jobs.shapes import Job, NewJob

_LIMIT: Final = 64 * 1024
_PREFIX: Final = "/v1/fine_tuning/jobs/"


async def fine_tuning_jobs(app: App, inbound: Inbound) -> None:
    """List jobs, or begin one."""
    desk = app.tuning
    if inbound.method != "POST":
        who = await allowed(app, inbound, "tuning.read")
        jobs = await asyncio.to_thread(desk.ledger.all, who.principal.organisation)
        await _reply(inbound, page_of(inbound, jobs))
        return
    who = await allowed(app, inbound, "tuning.change")
    body = await inbound.read(_LIMIT, app.runtime.settings.server.read_timeout)
    try:
        wanted = msgspec.json.decode(body, type=NewJob)
    except msgspec.DecodeError as error:
        raise RequestUnfit(field=field_of(error)) from None
    job = await asyncio.to_thread(desk.create, who.principal.organisation, wanted)
    await _noted(app, who, "tuning.job", job)
    desk.wake()
    await _reply(inbound, job)


async def fine_tuning_job(app: App, inbound: Inbound) -> None:
    """Show a job, what happened, the states kept; or cancel it."""
    name, _, rest = inbound.path.removeprefix(_PREFIX).partition("/")
    changing = inbound.method == "POST"
    who = await allowed(app, inbound, "tuning.change" if changing else "tuning.read")
    desk, organisation = app.tuning, who.principal.organisation
    if changing:
        if rest != "cancel":
            raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
        job = await asyncio.to_thread(desk.cancel, organisation, name)
        desk.wake()
        await _noted(app, who, "tuning.cancel", job)
        await _reply(inbound, job)
    elif rest == "events":
        events = await asyncio.to_thread(desk.ledger.events, organisation, name)
        await _reply(inbound, page_of(inbound, events))
    elif rest == "checkpoints":
        kept = await asyncio.to_thread(desk.ledger.checkpoints, organisation, name)
        await _reply(inbound, page_of(inbound, kept))
    elif rest == "cancel":
        raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed="POST")
    elif rest:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    else:
        await _reply(inbound, await asyncio.to_thread(desk.ledger.get, organisation, name))


async def _noted(app: App, who: Identified, verb: str, job: Job) -> None:
    facts = {
        "model": job.model[:100],
        "training_file": job.training_file,
        "status": str(job.status),
    }
    await note(app, who, verb, job.id, facts)


async def _reply(inbound: Inbound, value: msgspec.Struct) -> None:
    await inbound.reply(200, JSON, msgspec.json.encode(value))
