# not run: by itself; scripts/jupyterhub-example.test.ts runs it in Debian's JupyterHub
"""Part of a jupyterhub_config.py: every notebook server that JupyterHub starts gets a session of Benchkey for its user.

BENCHKEY_ADDRESS: Benchkey's callback address. BENCHKEY_SERVICE_TOKEN_FILE: the token of `benchkey service add jupyterhub ...`, closed to
others. BENCHKEY_CA_FILE: the authority of Benchkey's certificate, where that is private. BENCHKEY_SESSIONS_DIR: a folder of the hub alone.
"""

import asyncio
import os
import pwd
import shutil
import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests

ADDRESS = os.environ["BENCHKEY_ADDRESS"].rstrip("/")
TOKEN_FILE = Path(os.environ["BENCHKEY_SERVICE_TOKEN_FILE"])
CA_FILE = os.environ.get("BENCHKEY_CA_FILE")
BASE = Path(os.environ.get("BENCHKEY_SESSIONS_DIR", "/run/jupyterhub-benchkey"))
SYSTEM_CAS = Path("/etc/ssl/certs/ca-certificates.crt")


def call(method, path, body=None):
    """One call of Benchkey; raises requests.HTTPError with its sentence. The token is read each time, so that it may be rotated."""
    headers = {"Authorization": f"Bearer {TOKEN_FILE.read_text().strip()}"}
    reply = requests.request(method, ADDRESS + path, json=body, headers=headers, verify=CA_FILE or True, timeout=30)
    if not reply.ok:
        raise requests.HTTPError(f"Benchkey answered {reply.status_code}: {reply.text}")
    return reply.json()


def note_of(spawner):
    """Remembers which session a notebook server has; the hub may be restarted meanwhile."""
    return BASE / f"{quote(spawner.user.name, safe='')}@{quote(spawner.name, safe='')}.session"


def write_directory(directory, user, files):
    """A directory with closed files, given to the user when all is in it: as root in a folder that no user can write to."""
    account = pwd.getpwnam(user) if os.geteuid() == 0 else None
    directory.mkdir(mode=0o700)
    for name, text in files.items():
        with os.fdopen(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        if account:
            os.chown(directory / name, account.pw_uid, account.pw_gid)
    if account:
        os.chown(directory, account.pw_uid, account.pw_gid)


def open_session(user, name):
    """A session of the user: its id and the variables that its programs need."""
    opened = call("POST", "/api/v1/sessions", {"user": user, "name": f"JupyterHub {name}".strip(), "host": socket.gethostname()})
    session = opened["session"]["id"]
    directory = BASE / session
    files = {"rpc_cookie": opened["cookie"] + "\n"}
    variables = {**opened["environment"], "PWB_SESSION_RUNTIME_DIR": str(directory), "BENCHKEY_SESSION_RUNTIME_DIR": str(directory)}
    if "ca_certificate" in opened:
        # With the private authority alone the notebook could reach no other server.
        files["ca-bundle.pem"] = (SYSTEM_CAS.read_text() if SYSTEM_CAS.exists() else "") + opened["ca_certificate"]
        variables["REQUESTS_CA_BUNDLE"] = variables["CURL_CA_BUNDLE"] = str(directory / "ca-bundle.pem")
    for variable in ("no_proxy", "NO_PROXY"):
        given = os.environ.get(variable)
        variables[variable] = ",".join(filter(None, [given, urlsplit(ADDRESS).hostname]))
    try:
        write_directory(directory, user, files)
    except OSError:
        call("DELETE", f"/api/v1/sessions/{session}")
        raise
    return session, variables


async def before_spawn(spawner):
    """A notebook server without a session still starts; its user reads in the hub's log what to ask the administrator."""
    BASE.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        session, variables = await asyncio.to_thread(open_session, spawner.user.name, spawner.name)
    except (OSError, KeyError) as failure:  # requests' own are OSErrors.
        spawner.log.warning("%s starts without a session of Benchkey: %s", spawner.user.name, failure)
        return
    note_of(spawner).write_text(session)
    spawner.environment = {**spawner.environment, **variables}


async def after_stop(spawner):
    """The session ends with the notebook server. One that the hub forgot ends by itself, after the service's --max-life."""
    note = note_of(spawner)
    if not note.exists():
        return
    session = note.read_text()
    note.unlink()
    # By root and through no link: the directory lies in a folder of the hub, what is in it is the user's.
    shutil.rmtree(BASE / session, ignore_errors=True)
    try:
        await asyncio.to_thread(call, "DELETE", f"/api/v1/sessions/{session}")
    except OSError as failure:
        spawner.log.warning("The session of %s could not be ended: %s", spawner.user.name, failure)


c.Spawner.pre_spawn_hook = before_spawn  # noqa: F821 (JupyterHub gives the configuration this name)
c.Spawner.post_stop_hook = after_stop  # noqa: F821
