import { z } from 'zod'
import type { DevelopmentSession } from '../domain/people.ts'
import { wireTime } from './rpc-replies.ts'

/** Names and hosts are shown to people in one line. */
const LONGEST_NAME = 200
const MOST_INTEGRATIONS = 100
/** No service may give a longer one. */
const LONGEST_LIFE_SECONDS = 7 * 24 * 60 * 60

const line = (what: string) =>
  z
    .string({ error: 'is missing or not a text' })
    .min(1, 'is empty')
    .max(LONGEST_NAME, `is longer than ${LONGEST_NAME} characters`)
    .regex(/^\P{Cc}*$/u, 'holds a control character')
    .describe(what)

/** Body of `POST /api/v1/sessions`. */
export const newSession = z.strictObject({
  user: line('Name of the user the session is for.'),
  name: line('Shown to the user, beside the sessions of other kinds.'),
  host: line('Where it runs; shown to the user.').exactOptional(),
  integrations: z
    .array(line('Integration ID, section or display name.'), { error: 'is not a list of texts' })
    .max(MOST_INTEGRATIONS, `names more than ${MOST_INTEGRATIONS} integrations`)
    .describe('The only integrations it gets tokens of. Default: all that the service may give.')
    .exactOptional(),
  life_seconds: z
    .int('is not a whole number of seconds')
    .min(60, 'is less than 60 seconds')
    .max(LONGEST_LIFE_SECONDS, `is more than ${LONGEST_LIFE_SECONDS} seconds`)
    .describe('How long it lasts unless it is ended before. Default: as long as the service may give.')
    .exactOptional(),
})

/** Instants are UTC in whole seconds. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

/** A session of a service. */
export const serviceSession = z.object({
  id: z.string(),
  user: z.string(),
  name: z.string(),
  kind: z.literal('service'),
  state: z.enum(['running', 'ended']),
  host: z.string().exactOptional(),
  integrations: z.array(z.string()).describe('Integration IDs it is limited to; absent: all.').exactOptional(),
  started_at: instant,
  expires_at: instant.describe('When it ends by itself, and its cookie with it.'),
  ended_at: instant.exactOptional(),
})

/** Reply of `GET /api/v1/sessions/ID`. */
export const sessionShown = z.object({ session: serviceSession })

/** Reply of `POST /api/v1/sessions`. */
export const sessionOpened = z.object({
  session: serviceSession,
  environment: z.record(z.string(), z.string()).describe('Variables for all programs of the session.'),
  cookie: z.string().describe('The RPC cookie: for the file rpc_cookie in a directory of the user alone, mode 0600.'),
  expires_at: instant.describe('When the cookie is worth nothing any more, unless the session ends before.'),
  ca_certificate: z.string().describe('PEM of the authority of this server’s certificate, when that is private.').exactOptional(),
})

/** Reply of `DELETE /api/v1/sessions/ID`; false when it had ended. */
export const sessionEnded = z.object({ ended: z.boolean() })

/** What a refused service reads. */
export const serviceError = z.object({
  error: z.string().describe('The whole sentence, for a person.'),
  code: z.enum(['token_refused', 'not_allowed', 'not_found', 'bad_request', 'too_many', 'database_unavailable', 'internal']),
  retry_after: z.int().describe('Seconds until another try makes sense.').exactOptional(),
})

/** Body of `POST /api/v1/sessions`, understood; or the first thing that is wrong with it, in one sentence. */
export function parseNewSession(body: Readonly<Record<string, unknown>>): z.output<typeof newSession> | string {
  const parsed = newSession.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') return `The member ${issue.keys[0] ?? ''} of this request is not known; leave it out.`
  return `The member ${issue?.path.join('.') ?? ''} of this request ${issue?.message ?? 'is not understood'}.`
}

/** A session of a service on the wire. */
export function serviceSessionOf(session: DevelopmentSession): z.output<typeof serviceSession> {
  const { id, userName, name, host, limitedTo, startedAt, endsAt, endedAt } = session
  return {
    ...{ id, user: userName, name, kind: 'service', state: endedAt ? 'ended' : 'running' },
    ...(host === undefined ? {} : { host }),
    ...(limitedTo === undefined ? {} : { integrations: [...limitedTo] }),
    ...{ started_at: wireTime(startedAt), expires_at: wireTime(endsAt ?? startedAt) },
    ...(endedAt ? { ended_at: wireTime(endedAt) } : {}),
  }
}
