import type { Given, Left } from './run-as.ts'

/** What the session helper is asked, one line of JSON for a connection. */
export type HelperRequest =
  | ({ readonly do: 'run'; readonly account: string; readonly words: readonly string[] } & Given)
  | { readonly do: 'make'; readonly account: string; readonly sessionId: string }
  | { readonly do: 'remove'; readonly sessionId: string }

/** What it answers, one line of JSON. `refused`: a sentence. */
export type HelperReply = { readonly left?: Left } | { readonly refused: string }

/** Longer than any environment, certificate and command of a session together. */
export const HELPER_LINE_LIMIT_BYTES = 1024 * 1024

/** A request from whoever may open the socket; undefined when it is none. */
export function parseHelperRequest(line: string): HelperRequest | undefined {
  const value = parsed(line)
  const text = (name: string): string => {
    const member = value?.[name]
    return typeof member === 'string' ? member : ''
  }
  const [account, sessionId] = [text('account'), text('sessionId')]
  if (value?.do === 'remove' && sessionId !== '') return { do: 'remove', sessionId }
  if (value?.do === 'make' && sessionId !== '' && account !== '') return { do: 'make', account, sessionId }
  const { words, environment = {}, timeoutMs } = value ?? {}
  if (value?.do !== 'run' || account === '' || !isTexts(words) || !isVariables(environment)) return undefined
  const limit = typeof timeoutMs === 'number' && timeoutMs > 0 ? { timeoutMs } : {}
  return { do: 'run', account, words, environment, stdin: text('stdin'), ...limit }
}

/** A reply of the helper; undefined when it is none. */
export function parseHelperReply(line: string): HelperReply | undefined {
  const value = parsed(line)
  if (!value) return undefined
  if (typeof value.refused === 'string') return { refused: value.refused }
  const left = value.left
  if (typeof left !== 'object' || left === null) return {}
  const { code, stdout, stderr } = left as Record<string, unknown>
  if (typeof stdout !== 'string' || typeof stderr !== 'string' || !(code === null || typeof code === 'number')) return undefined
  return { left: { code, stdout, stderr } }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // Whoever writes to the socket may write anything.
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')
}

function isVariables(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string')
}
