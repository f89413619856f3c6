import { delimiter, isAbsolute, join } from 'node:path'
import type { TerminalShell } from '@benchkey/sdk/pages'

/** A shell of the menu and how it is started. */
export interface Shell extends TerminalShell {
  readonly words: readonly [program: string, ...rest: string[]]
}

/** The programs of the menu besides the user's own shell, in its order. */
const PROGRAMS = [
  { id: 'bash', label: 'bash', names: ['bash'], words: [] },
  { id: 'r', label: 'R', names: ['R'], words: ['--quiet'] },
  { id: 'python', label: 'Python', names: ['python3', 'python'], words: [] },
] as const

/** What can be run here, the user's own shell first. No login shells: their profile would take the session's PATH away. */
export function findShells(
  environment: Readonly<Record<string, string | undefined>>,
  isProgram: (path: string) => boolean,
): readonly Shell[] {
  const places = (environment.PATH ?? '').split(delimiter).filter(isAbsolute)
  const find = (names: readonly string[]): string | undefined =>
    names.flatMap((name) => places.map((place) => join(place, name))).find(isProgram)
  const found = PROGRAMS.flatMap(({ id, label, names, words }): Shell[] => {
    const program = find(names)
    return program === undefined ? [] : [{ id, label, words: [program, ...words] }]
  })
  const own = environment.SHELL ?? ''
  const name = own.slice(own.lastIndexOf('/') + 1)
  // An account that may not log in has /usr/sbin/nologin or /bin/false there.
  if (!isAbsolute(own) || !isProgram(own) || /^(?:nologin|false|bash)$/.test(name)) {
    return found.length > 0 ? found : [{ id: 'sh', label: 'sh', words: ['/bin/sh'] }]
  }
  return [{ id: 'own', label: name, words: [own] }, ...found]
}
