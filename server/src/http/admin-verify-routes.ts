import type { Broker } from '../broker/broker.ts'
import { groupsOf, type Verification } from '../domain/verification.ts'
import type { AdminVerification, AdminVerificationTargets } from '../domain/verification-api.ts'
import { type AdminRoute, memberOf } from './admin-route.ts'
import { textMembers } from './web-requests.ts'

/** `benchkey verify` on the admin socket: what there is to look at, then one after the other. */
export function verifyRoutes({ verification }: Broker): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/verify',
      answer: async (_body, _parameter, query): Promise<AdminVerificationTargets> => ({
        targets: verification.targets(query.getAll('name')),
      }),
    },
    {
      method: 'POST',
      path: '/verify',
      answer: async (body, _parameter, _query, left): Promise<AdminVerification> => {
        if (memberOf(body, 'section') === undefined) return adminVerificationOf(await verification.server({ left }))
        return adminVerificationOf(await verification.integration(textMembers(body, ['section']).section, { left }))
      },
    },
  ]
}

function adminVerificationOf({ section, name, isWell, at, checks }: Verification): AdminVerification {
  return { ...(section === undefined ? {} : { section }), name, isWell, at: at.toISOString(), groups: groupsOf(checks) }
}
