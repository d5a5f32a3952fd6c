"""A hook that schemathesis runs before each request: it replaces made-up ids by ids of things that exist.

Without it, nearly all requests would be answered 404. Schemathesis loads this file as a module.
"""

import json
import os
import random
import re

import schemathesis

THINGS = json.loads(os.environ["DRAY_THINGS"])
ID = re.compile(r"[0-9a-fA-F]{24}")
NOTHING = "0" * 24
# These must not be removed. If the token of the requests were revoked, all later requests would be refused.
KEPT = {THINGS["token"], THINGS["links"][0]["linkId"], THINGS["requests"][0]["id"], *THINGS["folders"], *THINGS["files"]}
# The share of requests whose ids are replaced. The others test the answers about things that do not exist.
OF_SOMETHING = 0.75
chance = random.Random(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    # Later steps of a scenario take their ids from the answers to earlier steps.
    if case.meta.phase.name.value != "stateful" and chance.random() < OF_SOMETHING:
        take_something(case)
    spare(case)


def take_something(case):
    route = f"{case.operation.method.upper()} {case.operation.path}"
    for values, found in [
        (case.path_parameters, of_path(route)),
        (case.query, {"parentId": chance.choice(THINGS["folders"])}),
        (case.body, {name: chance.choice(THINGS["folders"]) for name in ("parentId", "folderId")}),
    ]:
        if isinstance(values, dict):
            values.update({name: it for name, it in found.items() if ID.fullmatch(str(values.get(name)))})
    if isinstance(case.path_parameters, dict) and "slug" in case.path_parameters:
        is_request = case.operation.path.startswith("/r/")
        known = THINGS["requests"][0] if is_request else THINGS["links"][chance.choice([0, 0, -1])]
        case.path_parameters["slug"] = known["slug"]
    if isinstance(case.body, dict) and isinstance(case.body.get("uploadId"), str):
        kind = {"finalize": "to_finalize", "abort": "to_abort"}.get(route.rsplit("/", 1)[1], "uploads")
        case.body.update(chance.choice(THINGS[kind]))


def of_path(route):
    """Ids that fit together, for the parameters of a route's path."""
    if "{linkId}" in route:
        # The first link stays, for requests that follow it.
        return chance.choice(THINGS["links"][1:])
    if "/requests/" in route:
        # The first request stays, for its page.
        return chance.choice(THINGS["requests"][1:] if route.startswith(("DELETE", "PATCH")) else THINGS["requests"][:1])
    if "/tokens/" in route:
        pool = THINGS["tokens"]
    elif "/folders/" in route:
        pool = THINGS["folders"]
    elif re.search("trash|restore|DELETE .*/files/{id}$", route):
        pool = THINGS["to_trash"]
    else:
        pool = THINGS["files"] + ([] if re.search("links|download", route) else THINGS["folders"])
    return {"id": chance.choice(pool), "userId": chance.choice(THINGS["users"])}


def spare(case):
    """Keeps what other requests need. Schemathesis would remove it, because it tries ids that it has read in answers."""
    parameters = case.path_parameters
    if case.operation.path.endswith("/tokens/rotate") and isinstance(case.body, dict) and "endOldNow" in case.body:
        # After a rotation, the token of all requests is valid for another day.
        case.body["endOldNow"] = False
    if case.operation.method.upper() == "DELETE" and isinstance(parameters, dict):
        name = "linkId" if "linkId" in parameters else "id"
        if "userId" not in parameters and str(parameters.get(name)).lower() in KEPT:
            parameters[name] = NOTHING
