import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import { Refusal } from './failures.ts'
import { getLogin, type LoggedIn } from './web-requests.ts'

/** What the API of the pages for administrators needs. */
interface AdministratorsParts {
  readonly broker: Broker
}

/** The API behind `/admin` (sdk/typescript/src/admin-pages.ts). Every call of it is an administrator's. */
export function registerAdministrators(app: FastifyInstance, { broker }: AdministratorsParts): void {
  app.addHook('onRequest', async (request) => {
    await getAdministrator(broker, request)
  })
}

/** Who is logged in in the browser that asks; refuses with 403 whoever is no administrator. */
async function getAdministrator(broker: Broker, request: FastifyRequest): Promise<LoggedIn> {
  const login = await getLogin(broker, request)
  if (!login.session.user.isAdmin) {
    throw new Refusal(403, 'not_an_administrator', 'Only administrators may do this. Ask one: benchkey user list names them.')
  }
  return login
}
