import { SESSION_FACTS } from '../domain/application.ts'
import type { Parsed } from './option-table.ts'
import { inWords } from './values.ts'

/** What else `{…}` may stand for in `sessions.conf`: facts of this host, known when the file is read. */
const HOST_FACTS = ['install-dir', 'node', 'benchkey-dir'] as const

/** What the facts of a host are on this one. */
export type HostFacts = Readonly<Record<(typeof HOST_FACTS)[number], string>>

type Fact = (typeof SESSION_FACTS)[number] | keyof HostFacts | 'program'

/** A command line longer than this is some other text. */
const MOST_CHARACTERS = 8192

/** The facts named in a text. Only small letters and hyphens make one: `${HOME}` is the shell's. */
export function factsIn(text: string): readonly string[] {
  return [...text.matchAll(/\{([a-z]+(?:-[a-z]+)*)\}/g)].map(([, name = '']) => name)
}

/** Program and arguments: split at blanks as a shell does, without anything else that a shell does. */
export function commandWords(text: string): Parsed<readonly string[]> {
  const words = splitWords(text)
  if ('problem' in words) return words
  if (factsIn(text).includes('secret')) {
    return { problem: 'holds {secret}, and every account of the host can read a command line; hand it over in environment.' }
  }
  return unknownFact(text) ?? words
}

/** Names or paths of a program, the first one that is there counts. */
export function programNames(text: string): Parsed<readonly string[]> {
  const words = splitWords(text)
  return 'problem' in words ? words : (unknownFact(text, HOST_FACTS) ?? words)
}

/** Variables that Benchkey itself sets; a kind of session must not bend them. */
const RESERVED =
  /^(?:PWB_|RS_|BENCHKEY_|POSIT_PRODUCT$|RSTUDIO_VERSION$|(?:HOME|USER|LOGNAME|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$)/

/** `NAME=value` words; quotes keep blanks together. */
export function variables(text: string): Parsed<Readonly<Record<string, string>>> {
  const words = splitWords(text)
  if ('problem' in words) return words
  const found = new Map<string, string>()
  for (const word of words.value) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined) {
      return { problem: 'is not a list of NAME=value; blanks separate them, quotes keep blanks together: A=1 B="two words".' }
    }
    if (RESERVED.test(name)) return { problem: `names ${name}, which Benchkey sets itself; remove it.` }
    if (found.has(name)) return { problem: `names ${name} twice; keep one of the two.` }
    found.set(name, value)
  }
  return unknownFact(text) ?? { value: Object.fromEntries(found) }
}

/** Headers that say how a request travels, or whose it is. */
const NOT_FOR_SECRETS =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|cookie|origin|sec-.*)$/

/** `Name: value` with `{secret}` in the value. */
export function secretHeader(text: string): Parsed<{ readonly name: string; readonly value: string }> {
  const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([\x20-\x7e]+)$/.exec(text) ?? []
  if (name === '') return { problem: 'is not a header; write its name, a colon and its value, such as X-Secret: {secret}.' }
  if (NOT_FOR_SECRETS.test(name.toLowerCase())) return { problem: `names ${name}, which has another use; take one of your own.` }
  const facts = factsIn(value)
  if (!facts.includes('secret')) return { problem: 'has no {secret} in its value, so it would protect nothing.' }
  return unknownFact(value, ['secret']) ?? { value: { name, value } }
}

/** A path below the base path of a session. */
export function pathBelow(text: string): Parsed<string> {
  if (/^\/[!-~]*$/.test(text) && !text.includes('#') && !text.startsWith('//')) return { value: text }
  return { problem: 'is not a path; it starts with one slash and has no blanks and no #, as it stands in a request.' }
}

const ALL_FACTS: readonly Fact[] = [...SESSION_FACTS, ...HOST_FACTS, 'program']

function unknownFact(text: string, known: readonly Fact[] = ALL_FACTS): { readonly problem: string } | undefined {
  const unknown = factsIn(text).find((name) => !known.some((fact) => fact === name))
  if (unknown === undefined) return undefined
  return { problem: `holds {${unknown.slice(0, 40)}}, which stands for nothing here; known are ${braced(known)}.` }
}

function braced(facts: readonly Fact[]): string {
  return inWords(facts.map((fact) => `{${fact}}`)).replace(' or ', ' and ')
}

/** Blanks separate; '…' keeps all as it is, "…" all but \" and \\; outside of quotes a backslash keeps what follows. */
function splitWords(text: string): Parsed<readonly string[]> {
  if (text.length > MOST_CHARACTERS) return { problem: `is longer than ${MOST_CHARACTERS} characters; put it in a script.` }
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(text, at)
      if (!quoted) return { problem: `has a ${character} that is not closed; write it twice, or \\${character} for itself.` }
      word = (word ?? '') + quoted.inside
      at = quoted.end
    } else if (character === '\\' && at + 1 < text.length) {
      at += 1
      word = (word ?? '') + text[at]
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  return words[0] ? { value: words } : { problem: 'names nothing; write at least one word.' }
}

function readQuoted(text: string, start: number): { readonly inside: string; readonly end: number } | undefined {
  const quote = text[start]
  let inside = ''
  for (let at = start + 1; at < text.length; at += 1) {
    const [character, next] = [text[at], text[at + 1]]
    if (character === quote) return { inside, end: at }
    if (quote === '"' && character === '\\' && (next === '"' || next === '\\')) {
      inside += next
      at += 1
    } else inside += character
  }
  return undefined
}
