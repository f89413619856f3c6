import type { Broker } from '../broker/broker.ts'
import type {
  AdminReloaded,
  AdminRollBackReview,
  AdminRolledBack,
  AdminVersion,
  AdminVersionDetails,
  AdminVersions,
} from '../domain/admin-configuration-api.ts'
import type { ConfigurationVersion } from '../domain/configuration-version.ts'
import type { AdminRoute } from './admin-route.ts'
import { Refusal } from './failures.ts'
import { textMembers } from './web-requests.ts'

/** The configuration's commands of the admin socket (domain/admin-configuration-api.ts). */
export function configurationRoutes({ configuration }: Broker): readonly AdminRoute[] {
  const path = '/configuration/versions'
  return [
    { method: 'POST', path: '/reload', answer: async (): Promise<AdminReloaded> => configuration.reloadEverywhere() },
    {
      method: 'GET',
      path,
      answer: async (): Promise<AdminVersions> => ({ versions: (await configuration.versions()).map(adminVersionOf) }),
    },
    {
      method: 'GET',
      path: `${path}/:number`,
      answer: async (_body, number): Promise<AdminVersionDetails> => {
        const { version, isCurrent, diff } = await configuration.version(numberOf(number))
        return { version: adminVersionOf({ ...version, isCurrent }), diff }
      },
    },
    {
      method: 'GET',
      path: `${path}/:number/review`,
      answer: async (_body, number): Promise<AdminRollBackReview> => {
        const { token, diff, costs, blocked } = await configuration.rollBackReview(numberOf(number))
        return { token, diff, costs, ...(blocked === undefined ? {} : { blocked }) }
      },
    },
    {
      method: 'POST',
      path: `${path}/:number/roll-back`,
      answer: async (body, number): Promise<AdminRolledBack> => {
        const { token } = textMembers(body, ['token'])
        const result = await configuration.rollBack(numberOf(number), token)
        if (result.kind === 'deployed') return { version: result.version }
        throw new Refusal(409, result.kind, result.sentence)
      },
    },
  ]
}

function adminVersionOf(version: ConfigurationVersion & { readonly isCurrent: boolean }): AdminVersion {
  const { number, at, by, rolledBackTo, summary, isCurrent } = version
  return {
    ...{ number, at: at.toISOString(), summary, isCurrent },
    ...(by === undefined ? {} : { by }),
    ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
  }
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Refusal(400, 'bad_request', 'The number of a version is a whole number. See them with: benchkey config history')
}
