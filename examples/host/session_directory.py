# not run: by itself; scripts/other-starters.test.ts runs it with its arguments
"""Opens a session of Benchkey for a user of this host, in a directory that is theirs, and ends it. Run by root, or for oneself.

    session_directory.py open USER NAME DIRECTORY
    session_directory.py end DIRECTORY

BENCHKEY_ADDRESS: Benchkey's callback address. BENCHKEY_SERVICE_TOKEN_FILE: the token of `benchkey service add ...`, closed to others.
BENCHKEY_CA_FILE: the authority of Benchkey's certificate, where that is private. Uses nothing but Python's own library.
"""

import json
import os
import pwd
import shutil
import socket
import ssl
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")


def call(method, path, body=None):
    """One call of Benchkey; ends the program with its sentence when it refuses."""
    token = Path(os.environ["BENCHKEY_SERVICE_TOKEN_FILE"]).read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    context = ssl.create_default_context(cafile=os.environ.get("BENCHKEY_CA_FILE"))
    request = Request(os.environ["BENCHKEY_ADDRESS"].rstrip("/") + path, data, headers, method=method)
    try:
        with urlopen(request, timeout=30, context=context) as reply:
            return json.load(reply)
    except HTTPError as refusal:
        sys.exit(f"Benchkey answered {refusal.code}: {refusal.read().decode()}")


def variables_of(opened, directory):
    """What every program of the session needs in its environment."""
    host = urlsplit(os.environ["BENCHKEY_ADDRESS"]).hostname
    variables = {**opened["environment"], "PWB_SESSION_RUNTIME_DIR": directory, "BENCHKEY_SESSION_RUNTIME_DIR": directory}
    for name in ("no_proxy", "NO_PROXY"):
        variables[name] = ",".join(filter(None, [os.environ.get(name), host]))
    if "ca_certificate" in opened:
        variables["REQUESTS_CA_BUNDLE"] = variables["CURL_CA_BUNDLE"] = f"{directory}/ca-bundle.pem"
    return variables


def open_session(user, name, directory):
    """The parent of the directory belongs to root alone, so that no user can put a link in the way."""
    account = pwd.getpwnam(user) if os.geteuid() == 0 else None
    directory = Path(directory)
    directory.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    opened = call("POST", "/api/v1/sessions", {"user": user, "name": name, "host": socket.gethostname()})
    session = opened["session"]["id"]
    variables = variables_of(opened, str(directory))
    files = {
        "rpc_cookie": opened["cookie"] + "\n",
        # For a shell: ". environment" after "set -a".
        "environment": "".join(f"{key}={quoted(value)}\n" for key, value in variables.items()),
    }
    if "ca_certificate" in opened:
        files["ca-bundle.pem"] = (SYSTEM_CAS.read_text() if SYSTEM_CAS.exists() else "") + opened["ca_certificate"]
    try:
        write_directory(directory, files, account)
    except OSError:
        call("DELETE", f"/api/v1/sessions/{session}")
        raise
    # Beside it, where the user cannot write.
    note_of(directory).write_text(session)


def write_directory(directory, files, account):
    """It is given to the user when all is in it."""
    directory.mkdir(mode=0o700)
    for file, text in files.items():
        with os.fdopen(os.open(directory / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        if account:
            os.chown(directory / file, account.pw_uid, account.pw_gid)
    if account:
        os.chown(directory, account.pw_uid, account.pw_gid)


def note_of(directory):
    """Remembers which session a directory is of."""
    return Path(f"{directory}.session")


def quoted(value):
    """Always in quotes, where a shell looks for nothing but the closing one."""
    return "'" + value.replace("'", "'\\''") + "'"


def end_session(directory):
    """The directory first: its user has no use for a cookie that is dead."""
    note = note_of(directory)
    session = note.read_text()
    # Follows no link that the user may have put there.
    shutil.rmtree(directory, ignore_errors=True)
    call("DELETE", f"/api/v1/sessions/{session}")
    note.unlink()


if sys.argv[1:2] == ["open"] and len(sys.argv) == 5:
    open_session(*sys.argv[2:])
elif sys.argv[1:2] == ["end"] and len(sys.argv) == 3:
    end_session(sys.argv[2])
else:
    sys.exit(__doc__)
