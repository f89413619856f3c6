import type { PageActivity, PageEverywhere } from '@benchkey/sdk/pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { ActivityDay, SessionUse } from '../broker/broker-of-activity.ts'
import { placeWords } from '../domain/activity-words.ts'
import { Refusal } from './failures.ts'
import { getLogin } from './web-requests.ts'

/** What the API of somebody's own activity needs. */
export interface ActivityApiParts {
  readonly broker: Broker
  readonly addressOf: (request: FastifyRequest) => string
}

/** A week, asked for at once. */
const MOST_DAYS = 7

/** What happened in the name of whoever is logged in (sdk/typescript/src/pages.ts), and the end of all of it. */
export function registerActivityApi(app: FastifyInstance, { broker, addressOf }: ActivityApiParts): void {
  app.get('/activity', async (request): Promise<PageActivity> => {
    const { user } = (await getLogin(broker, request)).session
    const { days, live, everywhere } = await broker.activity.list(user, rangeOf(request))
    return { days: days.map(pageDayOf), live: live.map(pageUseOf), everywhere }
  })
  app.post('/sign-out-everywhere', async (request): Promise<PageEverywhere> => {
    const { session } = await getLogin(broker, request)
    return broker.activity.signOutEverywhere(session, addressOf(request))
  })
}

/** The days begin where the browser's clock has its midnights: the server knows no time zone of theirs. */
function rangeOf(request: FastifyRequest): { days: readonly Date[]; until?: Date } {
  const { searchParams } = new URL(request.url, 'https://benchkey')
  const days = searchParams.getAll('day').map(instantOf)
  if (days.length === 0 || days.length > MOST_DAYS) {
    throw new Refusal(400, 'bad_request', `This address wants one to ${MOST_DAYS} days, each as day=<the instant it begins at>.`)
  }
  const until = searchParams.get('until')
  return { days, ...(until === null ? {} : { until: instantOf(until) }) }
}

function instantOf(text: string): Date {
  const at = new Date(text)
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(at.getTime())) {
    throw new Refusal(400, 'bad_request', 'A day of this request is not an instant like 2026-11-23T23:00:00Z.')
  }
  return at
}

function pageDayOf({ startsAt, lines, isCut }: ActivityDay): PageActivity['days'][number] {
  return {
    startsAt: startsAt.toISOString(),
    lines: lines.map(({ at, until, text, tone, marks }) => ({
      ...{ at: at.toISOString(), text, tone, marks },
      ...(until ? { until: until.toISOString() } : {}),
    })),
    isCut,
  }
}

function pageUseOf({ sessionId, lastUsedAt, integrations, count, addresses }: SessionUse): PageActivity['live'][number] {
  return {
    ...{ sessionId, lastUsedAt: lastUsedAt.toISOString(), integrations, count },
    places: addresses.map(({ address, firstAt }) => ({ text: placeWords(address), firstAt: firstAt.toISOString() })),
  }
}
