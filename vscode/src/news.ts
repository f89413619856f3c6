import type { WireIntegration } from '@benchkey/sdk'
import { canSignIn, needsSignIn, oneLine } from './rows.ts'

/** What was told before, by Integration ID; kept by the caller, over windows and days. No secret is in it. */
export type Told = Readonly<Record<string, string>>

/** A change that its user wants to know of: one notification each. */
export interface News {
  readonly uid: string
  readonly sentence: string
  readonly offers: 'sign-in' | 'message'
}

/** A state that came without the user's doing, and goes only when somebody acts. */
const WORTH_TELLING: ReadonlySet<string> = new Set(['reauthentication_required', 'configuration_error', 'scope_missing'])

/**
 * The changes since what was told, and what is told then. Each is told once, also when it is seen again in another window or
 * on another day; a state that went and comes back is news.
 */
export function newsOf(integrations: readonly WireIntegration[], told: Told): { news: readonly News[]; told: Told } {
  const now: Record<string, string> = {}
  const news: News[] = []
  for (const integration of integrations) {
    const mark = [integration.state, ...(integration.reason === undefined ? [] : [integration.reason])].join(' ')
    now[integration.uid] = mark
    if (told[integration.uid] === mark || !WORTH_TELLING.has(integration.state)) continue
    const offers = canSignIn(integration) ? 'sign-in' : 'message'
    news.push({ uid: integration.uid, sentence: oneLine(integration.explanation), offers })
  }
  return { news, told: now }
}

/** The words of the status bar, and the names behind them; undefined when no sign-in is needed. */
export function statusOf(integrations: readonly WireIntegration[]): { text: string; tooltip: string } | undefined {
  const needed = integrations.filter(needsSignIn)
  if (needed.length === 0) return undefined
  const text = needed.length === 1 ? '1 sign-in needed' : `${needed.length} sign-ins needed`
  const lines = needed.map(({ display_name, label }) => oneLine(`${display_name}: ${label}`))
  return { text, tooltip: lines.join('\n') }
}
