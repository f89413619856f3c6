import type { PageVerification } from '@benchkey/sdk/configuration-pages'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import { groupsOf, type Verification } from '../domain/verification.ts'
import { getLogin } from './web-requests.ts'

/** What the API of *Test* needs. */
interface VerifyApiParts {
  readonly broker: Broker
  readonly addressOf: (request: FastifyRequest) => string
}

type Section = { Params: { section: string } }

/** **Test** of an integration with what its administrator has not deployed, and of the server itself. Closing the page ends it. */
export function registerVerifyApi(app: FastifyInstance, { broker, addressOf }: VerifyApiParts): void {
  const callOf = async (request: FastifyRequest, reply: FastifyReply) => {
    const { user } = (await getLogin(broker, request)).session
    return { userName: user.name, address: addressOf(request), left: leftOf(reply) }
  }
  app.post<Section>('/configuration/sections/:section/test', async (request, reply): Promise<PageVerification> => {
    return pageVerificationOf(await broker.verification.draft(request.params.section, await callOf(request, reply)))
  })
  app.post('/verify-server', async (request, reply): Promise<PageVerification> => {
    return pageVerificationOf(await broker.verification.server(await callOf(request, reply)))
  })
}

function leftOf(reply: FastifyReply): AbortSignal {
  const left = new AbortController()
  reply.raw.once('close', () => left.abort())
  return left.signal
}

function pageVerificationOf({ section, name, isWell, at, checks }: Verification): PageVerification {
  const groups = groupsOf(checks).map(({ title, checks: inGroup }) => ({
    title,
    checks: inGroup.map(({ id, outcome, fact, action, place, copy }) => ({
      ...{ id, outcome, fact },
      ...(action === undefined ? {} : { action }),
      ...(place === undefined ? {} : { place }),
      ...(copy === undefined ? {} : { copy }),
    })),
  }))
  return { ...(section === undefined ? {} : { section }), name, isWell, at: at.toISOString(), groups }
}
