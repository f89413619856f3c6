"""Lists a folder of Box with posit-sdk from PyPI (0.16). Usage: python3 list_folder_posit_sdk.py [FOLDER_ID]"""
# not run: needs the package posit-sdk, which the tests do not install; its request is run in list_folder.py

import os
import sys

import requests
from posit.workbench import Client

BOX = "4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1"  # from: benchkey integrations
API = os.environ.get("BOX_API", "https://api.box.com/2.0")

folder = sys.argv[1] if len(sys.argv) > 1 else "0"
client = Client()  # in a variable, which posit-sdk needs
token = client.oauth.get_credentials(BOX)["access_token"]
reply = requests.get(
    f"{API}/folders/{folder}/items",
    params={"fields": "type,name,size"},
    headers={"Authorization": f"Bearer {token}"},
    timeout=60,
)
reply.raise_for_status()
for item in reply.json()["entries"]:
    print(item["type"], item["name"], item["size"])
