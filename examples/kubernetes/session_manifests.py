# not run: by itself; scripts/other-starters.test.ts runs it with its arguments
"""Opens a session of Benchkey and prints what a pod needs of it, for `kubectl apply -f -`: a Secret with the cookie, a ConfigMap.

    session_manifests.py USER NAME

BENCHKEY_ADDRESS: Benchkey's callback address. BENCHKEY_SERVICE_TOKEN_FILE: the token of `benchkey service add ...`, closed to others.
BENCHKEY_CA_FILE: the authority of Benchkey's certificate, where that is private. Uses nothing but Python's own library.
"""

import json
import os
import ssl
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

# Where pod.yaml mounts the Secret.
DIRECTORY = "/run/benchkey"
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")

if len(sys.argv) != 3:
    sys.exit(__doc__)
user, name = sys.argv[1:]
address = os.environ["BENCHKEY_ADDRESS"].rstrip("/")
token = Path(os.environ["BENCHKEY_SERVICE_TOKEN_FILE"]).read_text().strip()
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
body = json.dumps({"user": user, "name": name, "host": "kubernetes"}).encode()
try:
    context = ssl.create_default_context(cafile=os.environ.get("BENCHKEY_CA_FILE"))
    with urlopen(Request(f"{address}/api/v1/sessions", body, headers), timeout=30, context=context) as reply:
        opened = json.load(reply)
except HTTPError as refusal:
    sys.exit(f"Benchkey answered {refusal.code}: {refusal.read().decode()}")

host = urlsplit(address).hostname
files = {"rpc_cookie": opened["cookie"] + "\n"}
variables = {
    **opened["environment"],
    "PWB_SESSION_RUNTIME_DIR": DIRECTORY,
    "BENCHKEY_SESSION_RUNTIME_DIR": DIRECTORY,
    "no_proxy": host,
    "NO_PROXY": host,
}
if "ca_certificate" in opened:
    # All authorities, or the pod's programs reach no other server.
    files["ca-bundle.pem"] = (SYSTEM_CAS.read_text() if SYSTEM_CAS.exists() else "") + opened["ca_certificate"]
    variables["REQUESTS_CA_BUNDLE"] = variables["CURL_CA_BUNDLE"] = f"{DIRECTORY}/ca-bundle.pem"
labels = {"app.kubernetes.io/managed-by": "benchkey", "benchkey/session": opened["session"]["id"]}
metadata = {"name": "benchkey-session", "labels": labels}
items = [
    {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": files},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": variables},
]
json.dump({"apiVersion": "v1", "kind": "List", "items": items}, sys.stdout, indent=2)
