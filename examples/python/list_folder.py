"""Lists a folder of Box. Usage: python3 list_folder.py [FOLDER_ID]"""

import os
import pathlib
import sys

import requests

BOX = "4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1"  # from: benchkey integrations
API = os.environ.get("BOX_API", "https://api.box.com/2.0")


def access_token(integration):
    """A token that is valid now. The cookie is replaced every 30 minutes, so it is read at each call."""
    cookie = pathlib.Path(os.environ["PWB_SESSION_RUNTIME_DIR"], "rpc_cookie").read_text().strip()
    reply = requests.get(
        os.environ["RS_SERVER_ADDRESS"] + "/oauth_token",
        json={"method": "/oauth_token", "kwparams": {"uuid": integration}},
        headers={"X-RS-Session-Server-RPC-Cookie": cookie},
        timeout=90,
    )
    if not reply.ok:
        sys.exit(reply.text)
    answer = reply.json()
    if "error" in answer:
        sys.exit(answer["error"])
    return answer["access_token"]


def items_of(folder):
    """All items of a folder; each page with a token of its own, however long the reading takes."""
    marker = None
    while True:
        page = requests.get(
            f"{API}/folders/{folder}/items",
            params={"fields": "type,name,size", "usemarker": "true", "marker": marker},
            headers={"Authorization": f"Bearer {access_token(BOX)}"},
            timeout=60,
        )
        page.raise_for_status()
        yield from page.json()["entries"]
        marker = page.json().get("next_marker")
        if not marker:
            return


for item in items_of(sys.argv[1] if len(sys.argv) > 1 else "0"):
    print(item["type"], item["name"], item["size"])
