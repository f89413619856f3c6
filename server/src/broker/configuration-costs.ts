import type { Integration } from '../domain/integration.ts'
import { printable } from '../domain/states.ts'
import type { Store } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import type { Plan } from './configuration-plan.ts'
import { clientFingerprint } from './integration-hashes.ts'

interface CostParts {
  readonly store: Store
  readonly catalogue: Catalogue
}

/** What a plan costs people, in sentences: who has to sign in again, who loses an integration, what else is to be done first. */
export async function costsOf(parts: CostParts, { current, next, origins }: Plan): Promise<readonly string[]> {
  const people = await peopleByIntegration(parts)
  const targets = new Map([...origins].map(([section, origin]) => [origin, section]))
  const costs: string[] = []
  for (const before of current.integrations) {
    const after = next.integrations.find(({ section, uid }) => uid === before.uid || section === targets.get(before.section))
    const { signedIn, sessions } = people(before)
    costs.push(...costsOfOne(parts, { before, after, signedIn, sessions }))
  }
  return costs
}

interface Cost {
  readonly before: Integration
  readonly after: Integration | undefined
  /** People with a sign-in that works, and their sessions. */
  readonly signedIn: number
  readonly sessions: number
}

function costsOfOne({ catalogue }: CostParts, { before, after, signedIn, sessions }: Cost): readonly string[] {
  const name = printable(before.displayName)
  const stops = sessions === 0 ? '' : ` Running code in ${counted(sessions, 'session')} stops getting its tokens.`
  if (!after) {
    if (signedIn === 0) return []
    return [
      `${people(signedIn, 'loses', 'lose')} ${name}: it is removed.${stops} Their sign-ins are kept, and work again when it comes back.`,
    ]
  }
  if (after.uid !== before.uid && signedIn > 0) {
    return [
      `${people(signedIn, 'has', 'have')} to sign in again: the Integration ID of ${name} changed, also in their code.${stops}`,
    ]
  }
  const costs: string[] = []
  if (after.isDisabled && !before.isDisabled && signedIn > 0) {
    costs.push(`${people(signedIn, 'loses', 'lose')} ${name}: it is switched off.${stops} Their sign-ins are kept.`)
  }
  if (clientFingerprint(before) !== clientFingerprint(after) && signedIn > 0) {
    costs.push(`${people(signedIn, 'has', 'have')} to sign in again: ${whatChanged(before, after)} of ${name} changed.${stops}`)
  }
  const [old, fresh] = [catalogue.redirectUriOf(before), catalogue.redirectUriOf(after)]
  if (old !== fresh) costs.push(`The redirect URI of ${name} changes: register ${fresh} at the service before you deploy.`)
  const asked = after.scopes.filter((scope) => !before.scopes.includes(scope))
  if (asked.length > 0 && signedIn > 0) {
    costs.push(
      `${people(signedIn, 'has', 'have')} ${name} without ${asked.join(' ')} until they sign in again; their tokens work on.`,
    )
  }
  return costs
}

const OF_FINGERPRINT = [
  ['the client ID', (each: Integration) => each.client.clientId],
  ['the token URL', (each: Integration) => each.tokenUrl],
  ['the refresh URL', (each: Integration) => each.refreshUrl],
  ['the revocation URL', (each: Integration) => each.revocationUrl],
  ['the validation URL', (each: Integration) => each.validateUrl],
] as const

function whatChanged(before: Integration, after: Integration): string {
  return OF_FINGERPRINT.find(([, of]) => of(before) !== of(after))?.[0] ?? 'an address'
}

async function peopleByIntegration({
  store,
  catalogue,
}: CostParts): Promise<(integration: Integration) => Pick<Cost, 'signedIn' | 'sessions'>> {
  const [rows, sessions] = await Promise.all([store.tokens.list(), store.sessions.list()])
  return ({ uid }) => {
    const internalId = catalogue.internalId(uid)
    const users = new Set(
      rows.flatMap(({ token }) => (token.integrationId === internalId && !token.reauthentication ? [token.userId] : [])),
    )
    return { signedIn: users.size, sessions: sessions.filter(({ userId }) => users.has(userId)).length }
  }
}

function people(count: number, one: string, many: string): string {
  return count === 1 ? `1 person ${one}` : `${count} people ${many}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
