import type { PageDevice } from '@benchkey/sdk/pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { DeviceRequest } from '../broker/broker-of-devices.ts'
import { Refusal } from './failures.ts'
import { getLogin, textMembers } from './web-requests.ts'

/** Longer texts are no code. */
const CODE_LIMIT = 64

/** What the page `/device` asks: which terminal waits with a code, and to approve or deny it. All POST: each is an attempt at a code. */
export function registerDeviceApi(
  app: FastifyInstance,
  { broker, addressOf }: { broker: Broker; addressOf: (request: FastifyRequest) => string },
): void {
  app.post('/device', async (request): Promise<PageDevice> => {
    const { session } = await getLogin(broker, request)
    return pageDeviceOf(await broker.deviceLogins.find(session, codeIn(request), addressOf(request)))
  })
  for (const decision of ['approve', 'deny'] as const) {
    app.post(`/device/${decision}`, async (request): Promise<PageDevice> => {
      const { session } = await getLogin(broker, request)
      return pageDeviceOf(await broker.deviceLogins.decide(session, codeIn(request), decision, addressOf(request)))
    })
  }
}

function codeIn(request: FastifyRequest): string {
  const { code } = textMembers(request.body, ['code'])
  if (code.length > CODE_LIMIT) throw new Refusal(400, 'bad_request', 'This is no code of a terminal; it has eight letters.')
  return code
}

function pageDeviceOf({ code, host, address, isSameAddress, startedAt, lifeSeconds }: DeviceRequest): PageDevice {
  return { code, host, address, isSameAddress, startedAt: startedAt.toISOString(), lifeSeconds }
}
