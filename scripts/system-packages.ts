import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { step, Trouble } from './trouble.ts'

/** Something outside npm that the tests or the benchmarks need. */
export interface Need {
  /** Its packages at Debian. */
  readonly packages: readonly string[]
  /** Where it is missing when this is false. */
  readonly isThere: () => boolean
}

const runs = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

type Name = 'browser' | 'r' | 'python' | 'jupyter' | 'jupyterhub' | 'curl' | 'proxies' | 'wrk' | 'shells' | 'units' | 'compiler'

/** A browser, R, Python, Jupyter and its hub, two HTTP proxies, wrk, the shells that completion is for, what checks units of systemd and what builds the VS Code server, as the tests use them. */
export const needs: Readonly<Record<Name, Need>> = {
  browser: { packages: ['chromium'], isThere: () => isProgram('chromium') },
  r: {
    packages: ['r-base-core', 'r-cran-jsonlite', 'r-cran-curl'],
    isThere: () => runs('Rscript', '-e', 'stopifnot(requireNamespace("jsonlite"), requireNamespace("curl"))'),
  },
  // Debian's own python3 by its path: another one earlier in PATH does not see the packages of apt.
  python: { packages: ['python3', 'python3-requests'], isThere: () => runs('/usr/bin/python3', '-c', 'import requests') },
  // The notebook with a kernel for each language.
  jupyter: {
    packages: ['jupyter-notebook', 'r-cran-irkernel'],
    isThere: () => ['/usr/bin/jupyter-notebook', '/usr/share/jupyter/kernels/ir/kernel.json'].every((path) => existsSync(path)),
  },
  // With the proxy in front of it, and what reads YAML.
  jupyterhub: {
    packages: ['jupyterhub', 'node-configurable-http-proxy', 'python3-yaml'],
    isThere: () =>
      ['/usr/bin/jupyterhub', '/usr/bin/configurable-http-proxy'].every((path) => existsSync(path)) &&
      runs('/usr/bin/python3', '-c', 'import yaml'),
  },
  curl: { packages: ['curl', 'ca-certificates'], isThere: () => isProgram('curl') },
  proxies: {
    packages: ['squid', 'tinyproxy-bin'],
    // Squid lies where only root looks for programs.
    isThere: () => existsSync('/usr/sbin/squid') && isProgram('tinyproxy'),
  },
  wrk: { packages: ['wrk'], isThere: () => isProgram('wrk') },
  shells: { packages: ['bash', 'zsh', 'fish'], isThere: () => ['bash', 'zsh', 'fish'].every(isProgram) },
  units: { packages: ['systemd'], isThere: () => isProgram('systemd-analyze') },
  compiler: {
    packages: ['build-essential', 'libkrb5-dev'],
    isThere: () => ['make', 'g++'].every(isProgram) && existsSync('/usr/include/gssapi/gssapi.h'),
  },
}

/** Installs what is missing with apt, as root; otherwise throws Trouble that names it in one sentence. */
export function installMissing(wanted: readonly Need[]): void {
  const missing = wanted.filter((need) => !need.isThere()).flatMap((need) => need.packages)
  if (missing.length === 0) return
  const names = missing.join(' ')
  if (process.getuid?.() !== 0)
    throw new Trouble(`Missing on this machine: ${names}; install them as root: apt-get install ${names}`)
  if (!isProgram('apt-get'))
    throw new Trouble(`Missing on this machine: ${names} (the names are Debian's); install them and try again.`)
  step(`Installing ${names} …`)
  apt('update')
  apt('install', '--yes', '--no-install-recommends', ...missing)
  const still = wanted.filter((need) => !need.isThere()).flatMap((need) => need.packages)
  if (still.length > 0) throw new Trouble(`apt installed ${still.join(' ')}, yet the programs do not run; try them by hand.`)
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    execFileSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) process.stderr.write(String(error.stderr))
    throw new Trouble(`"apt-get ${args.join(' ')}" failed; its own words are above.`)
  }
}

function isProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK)
      return true
    } catch {
      return false // Not in this directory: the next one may have it.
    }
  })
}
