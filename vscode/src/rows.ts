import type { WireIntegration } from '@benchkey/sdk'

/** How an integration stands, in the view's three ways; the words of the state are the server's. */
export type Standing = 'authenticated' | 'not-signed-in' | 'configuration-error'

/** One line under an integration: a fact that can be copied. */
export interface Fact {
  readonly label: string
  readonly value: string
}

/** One integration as the view shows it. */
export interface Row {
  readonly uid: string
  readonly section: string
  readonly name: string
  readonly standing: Standing
  /** Beside the name. */
  readonly description: string
  /** Plain text. */
  readonly tooltip: string
  /** What a screen reader says. */
  readonly spoken: string
  /** Whether a sign-in mends or betters it, and whether there is one to sign out of. */
  readonly canSignIn: boolean
  readonly canSignOut: boolean
  /** What to send to an administrator, where only they can help. */
  readonly message: string | undefined
  readonly facts: readonly Fact[]
}

/** States that a sign-in mends or betters. */
const MENDED_BY_SIGN_IN: ReadonlySet<string> = new Set(['not_signed_in', 'reauthentication_required', 'scope_missing'])

/** States in which a token is served, warning or not: the view says *Authenticated* to all of them. */
const SERVED: ReadonlySet<string> = new Set(['signed_in', 'scope_missing', 'renewal_delayed'])

/** States without a token until somebody signs in; what `benchkey status --check` counts. */
const NEEDS_SIGN_IN: ReadonlySet<string> = new Set(['not_signed_in', 'reauthentication_required'])

/** True when there is no token until somebody signs in. */
export function needsSignIn({ state }: Pick<WireIntegration, 'state'>): boolean {
  return NEEDS_SIGN_IN.has(state)
}

/** True when a sign-in mends the state, or adds what is missing to it. */
export function canSignIn({ state }: Pick<WireIntegration, 'state'>): boolean {
  return MENDED_BY_SIGN_IN.has(state)
}

/** An integration as the view shows it. */
export function rowOf(integration: WireIntegration): Row {
  const { uid, name: section, authenticated } = integration
  const name = oneLine(integration.display_name)
  const standing = standingOf(integration)
  const word = wordOf(integration)
  return {
    ...{ uid, section, name, standing },
    description: authenticated ? `${word} · ${uid}` : word,
    tooltip: tooltipOf(integration),
    spoken: [name, word, ...(authenticated ? [`Integration ID ${uid}`] : [])].join(', '),
    canSignIn: canSignIn(integration),
    canSignOut: authenticated,
    message: standing === 'configuration-error' ? messageOf(integration) : undefined,
    facts: factsOf(integration),
  }
}

/** Whoever has no sign-in yet learns of a refused client from the attempt; the state itself stays *not signed in*. */
function isRefusedClient({ last_problem }: WireIntegration): boolean {
  return last_problem?.code === 'client_refused'
}

function standingOf(integration: WireIntegration): Standing {
  const { state, authenticated } = integration
  if (state === 'configuration_error' || (needsSignIn(integration) && isRefusedClient(integration))) return 'configuration-error'
  return authenticated ? 'authenticated' : 'not-signed-in'
}

function wordOf(integration: WireIntegration): string {
  if (SERVED.has(integration.state)) return 'Authenticated'
  return standingOf(integration) === 'configuration-error' ? 'Configuration error' : oneLine(integration.label)
}

function tooltipOf(integration: WireIntegration): string {
  const { display_name, label, account, explanation, action } = integration
  const as = account === undefined ? '' : ` as ${account}`
  return [display_name, ...problemOf(integration), `${label}${as}`, explanation, action]
    .map(oneLine)
    .filter((line) => line !== '')
    .join('\n')
}

/** How the last try to sign in ended, in the server's words. */
function problemOf({ last_problem: problem }: WireIntegration): readonly string[] {
  return problem ? [problem.title, `${problem.explanation} (Reference ${problem.reference}.)`] : []
}

function messageOf(integration: WireIntegration): string {
  const { name, uid, explanation, action } = integration
  const words = problemOf(integration)
  return oneLine(
    [...(words.length > 0 ? [`${words[0]}.`, words[1]] : [explanation, action]), `Integration ${name} (${uid}).`].join(' '),
  )
}

function factsOf(integration: WireIntegration): readonly Fact[] {
  return [
    { label: 'Integration ID', value: integration.uid },
    { label: 'Issuer', value: integration.issuer },
    { label: 'Client ID', value: integration.client_id },
    { label: 'Scopes', value: integration.scopes.join(' ') },
    { label: 'Auth URL', value: integration.auth_url },
    { label: 'Token URL', value: integration.token_url },
  ]
}

/** Words from elsewhere, without anything that ends a line or turns it round. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}
