import { Readable } from 'node:stream'
import type { PageAudit, PageAuditEntry } from '@benchkey/sdk/admin-pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { AuditLine, AuditQuery } from '../broker/broker-of-oversight.ts'
import { Refusal } from './failures.ts'
import { getAdministrator, queryParameters } from './web-requests.ts'

/** What the API of the audit needs. */
export interface AuditApiParts {
  readonly broker: Broker
  readonly addressOf: (request: FastifyRequest) => string
}

/** Who did what, and when (sdk/typescript/src/admin-pages.ts). */
export function registerAuditApi(app: FastifyInstance, { broker, addressOf }: AuditApiParts): void {
  app.get('/audit', async (request): Promise<PageAudit> => {
    const parameters = queryParameters(request)
    const before = parameters.get('before')
    if (before !== null && !/^\d{1,15}$/.test(before)) throw misread('before', 'the number of a line')
    const { lines, next, actions } = await broker.audit.list(queryOf(parameters), before === null ? undefined : Number(before))
    return { entries: lines.map(pageEntryOf), actions, ...(next === undefined ? {} : { next: String(next) }) }
  })
  app.get('/audit/export', async (request, reply) => {
    const { session } = await getAdministrator(broker, request)
    const by = { name: session.user.name, address: addressOf(request) }
    const pages = broker.audit.export(by, queryOf(queryParameters(request)))
    reply.type('application/x-ndjson; charset=utf-8')
    reply.header('Content-Disposition', 'attachment; filename="benchkey-audit.jsonl"')
    return reply.send(Readable.from(linesOf(pages)))
  })
}

function queryOf(parameters: URLSearchParams): AuditQuery {
  const names = ['user', 'action', 'integration', 'reference']
  const [userName, action, integration, reference] = names.map((name) => parameters.get(name)?.trim() ?? '')
  const [from, until] = [instantOf(parameters, 'from'), instantOf(parameters, 'until')]
  return {
    withUse: parameters.get('all') === '1',
    ...(userName ? { userName } : {}),
    ...(action ? { action } : {}),
    ...(integration ? { integration } : {}),
    ...(reference ? { reference } : {}),
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
  }
}

function instantOf(parameters: URLSearchParams, name: string): Date | undefined {
  const text = parameters.get(name) ?? ''
  if (text === '') return undefined
  const at = new Date(text)
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(at.getTime())) throw misread(name, 'an instant like 2026-11-23T23:00:00Z')
  return at
}

function misread(name: string, wanted: string): Refusal {
  return new Refusal(400, 'bad_request', `The parameter ${name} of this address is not ${wanted}.`)
}

function pageEntryOf(line: AuditLine): PageAuditEntry {
  const { id, at, action, outcome, userName, byName, section, sessionName, address, reference, detail, count } = line
  return {
    ...{ id: String(id), at: at.toISOString(), action, outcome },
    ...(userName === undefined ? {} : { userName }),
    ...(byName === undefined ? {} : { byName }),
    ...(section === undefined ? {} : { integration: section }),
    ...(sessionName === undefined ? {} : { session: sessionName }),
    ...(address === undefined ? {} : { address }),
    ...(reference === undefined ? {} : { reference }),
    ...(detail === undefined ? {} : { detail }),
    ...(count === undefined ? {} : { count }),
  }
}

/** One line of JSON for each: everything the audit has of it. */
async function* linesOf(pages: AsyncIterable<readonly AuditLine[]>): AsyncIterable<string> {
  for await (const lines of pages) {
    if (lines.length > 0) yield lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  }
}
