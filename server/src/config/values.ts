import { resolve } from 'node:path'
import { SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
import type { ParseContext, Parsed } from './option-table.ts'

/** Any text without control characters. */
export function plainText(text: string): Parsed<string> {
  return text.includes('\t') ? { problem: 'holds a tab; write a blank instead.' } : { value: text }
}

/** A choice between words; `choices` maps each to its value. */
export function choice<T>(what: string, choices: Readonly<Record<string, T>>): (text: string) => Parsed<T> {
  return (text) => {
    const value = Object.hasOwn(choices, text) ? choices[text] : undefined
    return value === undefined ? { problem: `is not a known ${what}; write ${inWords(Object.keys(choices))}.` } : { value }
  }
}

/** `1` or `0`. */
export function flag(text: string): Parsed<boolean> {
  if (text === '1') return { value: true }
  return text === '0' ? { value: false } : { problem: 'is neither 0 nor 1; write 1 for yes, 0 for no.' }
}

/** Whole number between two bounds, both included. */
export function wholeNumber(what: string, least: number, most: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return { value }
    return { problem: `is not a ${what} from ${least} to ${most}.` }
  }
}

/** Words between commas and white space, in the order written, without duplicates. */
export function wordList(what: string): (text: string) => Parsed<readonly string[]> {
  return (text) => {
    const words = text.split(/[,\s]+/).filter((word) => word !== '')
    return words.length === 0
      ? { problem: `names no ${what}; write at least one or remove the line.` }
      : { value: [...new Set(words)] }
  }
}

/** A path; a relative one starts at the configuration directory. */
export function path(text: string, context: ParseContext): Parsed<string> {
  const plain = plainText(text)
  return 'problem' in plain ? plain : { value: resolve(context.configDir, plain.value) }
}

/** The name of a Unix account, as useradd(8) takes them. */
export function accountName(text: string): Parsed<string> {
  if (/^[a-z_][a-z0-9_-]{0,31}$/i.test(text)) return { value: text }
  return { problem: 'is not the name of a Unix account; write one such as benchkey-proxy.' }
}

/** A path that a Unix socket may have, or `none`. */
export function socketPath(text: string, context: ParseContext): Parsed<{ readonly path: string } | 'none'> {
  if (text === 'none') return { value: 'none' }
  const parsed = path(text, context)
  if ('problem' in parsed) return parsed
  const size = Buffer.byteLength(parsed.value)
  if (size > SOCKET_PATH_LIMIT_BYTES) {
    return {
      problem: `is a path of ${size} bytes, and that of a socket may have ${SOCKET_PATH_LIMIT_BYTES}; write a shorter one.`,
    }
  }
  return { value: { path: parsed.value } }
}

/** `a`, `a or b`, `a, b or c`. */
export function inWords(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
