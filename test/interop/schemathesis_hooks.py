"""
What the requests of Schemathesis lack to be meant: who asks, and things that there are. A part is sent as it was made up; of the others
each names something that was listed a moment ago, and each asker has its turn. ASKERS holds the sign-in forms of the askers, none of
whom the requests may end.
"""
import itertools
import json
import os
import random
import urllib.error
import urllib.parse
import urllib.request

import schemathesis

url = os.environ["ISSUER"]
askers = json.loads(os.environ["ASKERS"])
kept = set(json.loads(os.environ["KEPT"]))
chance = random.Random(int(os.environ["SEED"]))
turns = itertools.count()
tokens = {}

# Each names what it is listed under in the lists of its noun.
listed = {"user_id", "name", "client_id", "api_key_id", "id", "kid"}


def token_of(name):
    if name not in tokens:
        form = urllib.parse.urlencode(askers[name]).encode()
        with urllib.request.urlopen(f"{url}/oauth/token", form) as answer:
            tokens[name] = json.load(answer)["access_token"]
    return tokens[name]


def some(noun, member):
    """One that there is, and that nobody here depends on."""
    request = urllib.request.Request(
        f"{url}/admin/{noun}?limit=1000",
        headers={"authorization": f"Bearer {token_of('administrator')}"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            rows = next(value for value in json.load(answer).values() if isinstance(value, list))
    except urllib.error.HTTPError:
        tokens.clear()
        return None
    free = [row for row in rows if not kept & {str(value) for value in row.values()}]
    return chance.choice(free)[member] if free else None


def fill_in(body, turn):
    """What somebody would type, where the form has such a field."""
    typed = {
        "username": f"user-{turn}",
        "password": f"correct horse battery staple {turn}",
        "name": f"name-{turn}",
        "permissions": [f"things:{turn}"],
        "roles": [],
        "grants": [],
        "scope": body.get("scope") and ("things:read" if "expires_in" in body or "audiences" in body else ["things:read"]),
    }
    for member, value in typed.items():
        if member in body and value is not None:
            body[member] = value


@schemathesis.hook
def before_call(context, case, kwargs):
    turn = next(turns)
    name = list(askers)[0 if turn % 3 else turn // 3 % len(askers)]
    case.headers = dict(case.headers or {})
    if turn % 50:
        case.headers["Authorization"] = f"Bearer {token_of(name)}"
    for parameter in case.path_parameters or {}:
        # Another one would end what the run lives on.
        if parameter in listed and (turn % 4 or str(case.path_parameters[parameter]) in kept):
            found = some(case.operation.path.split("/")[2], parameter)
            value = "nobody" if found is None else found
            case.path_parameters[parameter] = urllib.parse.quote(value, safe="")
    if case.headers.get("if-match") is not None and turn % 4:
        case.headers["if-match"] = "*"
    if isinstance(case.body, dict):
        if turn % 2:
            fill_in(case.body, turn)
        for member in ("user_id", "client_id"):
            if str(case.body.get(member)) in kept:
                case.body[member] = "nobody"


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code == 401:
        tokens.clear()
