import type { Check } from './check.ts'
import { projectFiles, type TextFile } from './files.ts'

const LOCKFILE = /(^|\/)package-lock\.json$/
/** Homes of people and of root: a path that holds on one machine only. */
const MACHINE_PATH = /(?<![\w.-])\/(?:home\/(?!USER\b|alice\b|bob\b|\$|<|\{)[a-z][\w-]*|Users\/\w+|root)\//
const UNFINISHED = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/

interface Line {
  readonly file: TextFile
  readonly number: number
  readonly text: string
}

const paths: Check = {
  name: 'paths',
  run: async (root) =>
    linesOf(root, (file) => !LOCKFILE.test(file.path))
      .filter(({ text }) => MACHINE_PATH.test(text) || (root.split('/').length > 2 && text.includes(`${root}/`)))
      .map((line) => say(line, 'a path of one machine')),
}

const unfinished: Check = {
  name: 'unfinished',
  run: async (root) =>
    linesOf(root, (file) => /\.(tsx?|mjs|cjs|css|sh)$/.test(file.path))
      .filter(({ text }) => UNFINISHED.test(text))
      .map((line) => say(line, 'finish it, or write an issue')),
}

const lockfile: Check = {
  name: 'lockfile',
  run: async (root) =>
    linesOf(root, (file) => LOCKFILE.test(file.path))
      .filter(({ text }) => /"resolved": *"(?:https?|git)/.test(text))
      .map((line) => say(line, 'the lockfile carries no download addresses: omit-lockfile-registry-resolved=true in .npmrc')),
}

const barrels: Check = {
  name: 'barrels',
  run: async (root) =>
    projectFiles(root)
      .filter(({ path }) => /^server\/.*\/index\.tsx?$/.test(path))
      .map(({ path }) => `${path}: no barrels inside server/`),
}

/** posit-sdk refers to its client weakly: `Client().oauth.…` is a ReferenceError, however it reads. */
const positClients: Check = {
  name: 'posit-clients',
  run: async (root) =>
    linesOf(root, (file) => /\.(md|py)$/.test(file.path))
      .filter(({ text }) => /(?<![\w`])Client\(\)\./.test(text))
      .map((line) => say(line, 'posit-sdk needs its client in a variable: client = Client()')),
}

/** The rules over plain text, each a check of its own. */
export const textRules: readonly Check[] = [paths, unfinished, lockfile, barrels, positClients]

function linesOf(root: string, wanted: (file: TextFile) => boolean): readonly Line[] {
  return projectFiles(root)
    .filter(wanted)
    .flatMap((file) => file.text.split('\n').map((text, index) => ({ file, number: index + 1, text })))
}

function say(line: Line, words: string): string {
  return `${line.file.path}:${line.number}: ${words}: ${line.text.trim().slice(0, 100)}`
}
