"""Lists integrations and asks for the tokens of the GUIDs given, with the bytes of posit-sdk and reading replies as it does.

Prints one JSON object: {"integrations": [...] or "error", "tokens": [{"token", "expiry"} or {"error"}, ...]}.
"""

import json
import os
import sys
from datetime import datetime

import requests

session = requests.Session()
session.auth = lambda request: request.headers.update(
    {"X-RS-Session-Server-RPC-Cookie": os.environ["RS_SESSION_RPC_COOKIE"]}
) or request


def call(path, body):
    reply = session.get(os.environ["RS_SERVER_ADDRESS"] + path, json={"method": path, **body})
    reply.raise_for_status()
    answer = reply.json()
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer


def integrations():
    found = []
    for provider in call("/oauth_integrations", {"kwparams": {}}).get("providers", []):
        for each in provider.get("integrations", []):
            found.append({**{k: v for k, v in each.items() if k != "uid"}, "guid": each["uid"]})
    return found


def token(guid):
    answer = call("/oauth_token", {"kwparams": {"uuid": guid}})
    # Python 3.10 does not read a Z.
    expiry = datetime.fromisoformat(answer["expiry"].replace("Z", "+00:00"))
    return {"token": answer["access_token"], "expiry": expiry.isoformat()}


def told(ask):
    try:
        return ask()
    except (RuntimeError, requests.HTTPError) as error:
        return {"error": str(error)}


json.dump({"integrations": told(integrations), "tokens": [told(lambda: token(guid)) for guid in sys.argv[1:]]}, sys.stdout)
