import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import { SESSION_COOKIE, setCookie } from './cookies.ts'
import { Refusal } from './failures.ts'
import { getAdministrator, LOGIN_TEXT_LIMIT, textMembers, tooMany } from './web-requests.ts'

/** The password of an administrator once more, for acts that need a recent login. */
export function registerConfirmLogin(
  app: FastifyInstance,
  { broker, addressOf }: { readonly broker: Broker; readonly addressOf: (request: FastifyRequest) => string },
): void {
  app.post('/confirm-login', async (request, reply) => {
    const { session } = await getAdministrator(broker, request)
    const { password } = textMembers(request.body, ['password'])
    if (password.length > LOGIN_TEXT_LIMIT) throw wrongPassword()
    const result = await broker.logins.confirm(session, { password, address: addressOf(request) })
    if (result.kind === 'too_many') throw tooMany(result.retryAfterSeconds)
    if (result.kind === 'refused') throw wrongPassword()
    reply.header('Set-Cookie', setCookie(SESSION_COOKIE, result.cookie))
    return {}
  })
}

function wrongPassword(): Refusal {
  return new Refusal(403, 'refused', 'The password is not right.')
}
