import type { Parameters } from '../domain/integration.ts'
import type { Parsed } from './option-table.ts'
import { plainParameter, reservedParameter } from './urls.ts'

/** Extra parameters of the authorization request, as a query string; the scopes have an option of their own. */
export function authorizationParameters(text: string): Parsed<Parameters> {
  const parsed = parameters(text)
  if ('value' in parsed && parsed.value.some(([name]) => plainParameter(name) === 'scope'))
    return { problem: 'may not name scope; write the scopes in the option scopes.' }
  return parsed
}

/** Extra parameters of a token request, as a query string. `scope` is free here: RFC 6749 §6 knows it, Benchkey sends none. */
export function tokenParameters(text: string): Parsed<Parameters> {
  const parsed = parameters(text)
  const second = 'value' in parsed ? parsed.value.map(([name]) => plainParameter(name)).find(isSecondAuthentication) : undefined
  return second ? { problem: `may not name ${second}; token-endpoint-auth-method says how the client shows itself.` } : parsed
}

/** RFC 7521 §4.2: they would authenticate the client a second time. */
function isSecondAuthentication(name: string): boolean {
  return name === 'client_assertion' || name === 'client_assertion_type'
}

function parameters(text: string): Parsed<Parameters> {
  if (/[\s#?]/.test(text))
    return { problem: 'holds a blank, # or ?; write name=value&name=value and percent-encode what is special.' }
  const read: (readonly [string, string])[] = []
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    const name = decoded(part.slice(0, Math.max(0, equals)))
    const value = decoded(part.slice(equals + 1))
    if (name === undefined || value === undefined)
      return { problem: 'holds a % that encodes nothing; write %25 for the sign itself.' }
    if (name === '') return { problem: 'is not a query string; write name=value&name=value.' }
    if (/\p{Cc}/u.test(name + value)) return { problem: 'holds an encoded control character; remove it.' }
    const reserved = reservedParameter(name)
    if (reserved !== undefined) return { problem: `may not name ${reserved}, which Benchkey sets itself.` }
    if (read.some(([other]) => other === name)) return { problem: 'names a parameter twice; keep one of the two.' }
    read.push([name, value])
  }
  return { value: read }
}

/** A part of a form-urlencoded text; undefined when it is malformed. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
