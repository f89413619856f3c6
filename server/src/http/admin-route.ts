import { Refusal } from './failures.ts'

/** One command of the admin socket. `parameter`: the variable segment of the path, decoded; `left` aborts when the asker goes. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly answer: (body: unknown, parameter: string, query: URLSearchParams, left: AbortSignal) => Promise<object>
}

/** A member of a body; undefined when there is none. */
export function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
}

/** A member that has to be true or false. */
export function flagOf(body: unknown, name: string): boolean {
  const value = memberOf(body, name)
  if (typeof value !== 'boolean')
    throw new Refusal(400, 'bad_request', `The member ${name} of this request is not true or false.`)
  return value
}
