import { VSCODE_PROGRAM } from '../domain/install-folder.ts'

/** A kind of session that Benchkey brings, as it would stand in `sessions.conf`. */
export interface ShippedKind {
  readonly section: string
  /** Ways to run it; the first one whose program is on the host. */
  readonly variants: readonly Readonly<Record<string, string>>[]
}

const VSCODE = {
  name: 'VS Code',
  program: `{install-dir}/${VSCODE_PROGRAM}`,
  command:
    '{program} --socket {socket} --socket-mode 660 --auth none --disable-telemetry --disable-update-check --link-protection-trusted-domains {public-url} --session-socket {runtime-dir}/ipc --user-data-dir {home}/.local/share/benchkey/vscode {home}',
  'ready-path': '/healthz',
  'ready-seconds': '60',
  // Else it asks a login shell for its variables and takes the PATH of that, in which there is no benchkey.
  environment: 'VSCODE_CLI=1',
  icon: 'code',
}

/** Jupyter Server 1 and 2, under JupyterLab: the socket's directory is the guard, so there is no token, by the names of either. */
const JUPYTER_LAB = {
  name: 'JupyterLab',
  program: 'jupyter-lab',
  command:
    '/bin/sh {benchkey-dir}/applications/jupyter.sh {program} --no-browser --allow-root --ServerApp.sock={socket} --ServerApp.sock_mode=0660 --ServerApp.base_url={base-path} --ServerApp.root_dir={home} --ServerApp.allow_remote_access=True --ServerApp.token= --ServerApp.password= --IdentityProvider.token= --PasswordIdentityProvider.hashed_password=',
  'base-path': 'keep',
  'ready-path': '/api',
  'ready-seconds': '60',
  icon: 'notebook',
}

/** The classic notebook, as Debian 12 has it (6.4). */
const JUPYTER_NOTEBOOK = {
  ...JUPYTER_LAB,
  name: 'Jupyter',
  program: 'jupyter-notebook',
  command:
    '/bin/sh {benchkey-dir}/applications/jupyter.sh {program} --no-browser --allow-root --NotebookApp.sock={socket} --NotebookApp.sock_mode=0660 --NotebookApp.base_url={base-path} --NotebookApp.notebook_dir={home} --NotebookApp.allow_remote_access=True --NotebookApp.token= --NotebookApp.password=',
}

const TERMINAL = {
  name: 'Terminal',
  command: '{node} {benchkey-dir}/terminal/main.ts {socket}',
  environment: 'BROWSER_TITLE={name}',
  icon: 'terminal',
}

/** RStudio Server from 2024.12 on; before, it had no socket. */
const RSTUDIO = {
  name: 'RStudio',
  program: '/usr/lib/rstudio-server/bin/rserver rserver',
  command: '/bin/sh {benchkey-dir}/applications/rstudio.sh {program} {socket} {runtime-dir} {base-path}',
  'ready-seconds': '60',
  icon: 'r',
}

const POSITRON = {
  name: 'Positron',
  program: '/opt/positron-server/bin/positron-server positron-server',
  command:
    '{program} --socket-path {socket} --server-base-path {base-path} --without-connection-token --accept-server-license-terms --telemetry-level off --default-folder {home}',
  'base-path': 'keep',
  'ready-seconds': '60',
  icon: 'positron',
}

/** The kinds of session there are without a `sessions.conf`, in the order people are offered them. */
export const SHIPPED_KINDS: readonly ShippedKind[] = [
  { section: 'vscode', variants: [VSCODE] },
  { section: 'jupyter', variants: [JUPYTER_LAB, JUPYTER_NOTEBOOK] },
  { section: 'terminal', variants: [TERMINAL] },
  { section: 'rstudio', variants: [RSTUDIO] },
  { section: 'positron', variants: [POSITRON] },
]
