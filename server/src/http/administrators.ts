import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import { registerAuditApi } from './audit-api.ts'
import { registerConfiguration } from './configuration-api.ts'
import { registerConfirmLogin } from './confirm-login-api.ts'
import { registerOverviewApi } from './overview-api.ts'
import { registerPeopleApi } from './people-api.ts'
import { registerPresetApi } from './preset-api.ts'
import { registerVerifyApi } from './verify-api.ts'
import { getAdministrator } from './web-requests.ts'

/** What the API of the pages for administrators needs. */
interface AdministratorsParts {
  readonly broker: Broker
  readonly redirectUri: string
  readonly basePath: string
  readonly addressOf: (request: FastifyRequest) => string
}

/** The API behind `/admin` (sdk/typescript/src/admin-pages.ts). Every call of it is an administrator's. */
export function registerAdministrators(app: FastifyInstance, parts: AdministratorsParts): void {
  app.addHook('onRequest', async (request) => {
    await getAdministrator(parts.broker, request)
  })
  registerConfirmLogin(app, parts)
  registerPresetApi(app, parts)
  registerVerifyApi(app, parts)
  registerOverviewApi(app, parts)
  registerPeopleApi(app, parts)
  registerAuditApi(app, parts)
  registerConfiguration(app, parts)
}
