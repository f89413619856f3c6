import { hostOf, type Integration } from '../domain/integration.ts'
import { expiryOf, expirySentence } from '../domain/secret-expiry.ts'
import { printable } from '../domain/states.ts'
import type { HealthFinding } from './broker-of-health.ts'
import type { ClientSecrets } from './client-secrets.ts'

/** What is to be said of an integration's client secrets: which one works, and that one ends. `signIns`: how many stand on it. */
export function findingsOfSecrets(
  integration: Integration,
  secrets: Pick<ClientSecrets, 'isNextAccepted'>,
  now: Date,
  signIns: number,
): readonly HealthFinding[] {
  const { client, clientSecretExpires, secretLines, section } = integration
  const name = printable(integration.displayName)
  const findings: HealthFinding[] = []
  if (secrets.isNextAccepted(integration)) {
    const fact = `${name}: ${hostOf(integration.tokenUrl)} refuses the client secret and accepts the next one, so nobody notices.`
    const action = `An administrator writes the next client secret as client-secret now, in [${section}] (${placeOf(secretLines?.next)}), then: benchkey reload`
    findings.push({ level: 'remark', about: 'integrations', section, acts: ['open'], fact, action })
  }
  const expiry = clientSecretExpires && expiryOf(clientSecretExpires, now)
  if (expiry) {
    const hasNext = client.nextClientSecret !== undefined
    const { fact, action } = expirySentence(expiry, hasNext)
    findings.push({
      level: expiry.isUrgent && !hasNext ? 'problem' : 'remark',
      about: 'integrations',
      section,
      acts: ['open'],
      fact: `${name}: ${fact}; ${signInsThatStand(signIns)}.`,
      action: `For an administrator, in [${section}] (${placeOf(secretLines?.expires)}): ${action}.`,
    })
  }
  return findings
}

/** "118 sign-ins stand on it". */
export function signInsThatStand(count: number): string {
  return `${count} ${count === 1 ? 'sign-in stands' : 'sign-ins stand'} on it`
}

function placeOf(line: number | undefined): string {
  return line === undefined ? 'oauth-clients.conf' : `oauth-clients.conf:${line}`
}
