import { createClient, type Session, type WireIntegration } from '@benchkey/sdk'
import { EXIT, print, type Run, say } from './command.ts'
import { namedIntegration } from './named-integration.ts'
import { oneLine } from './printing.ts'

/** `status [NAME…]`: who this session belongs to, and how the sign-ins are, in one line each. */
export const runStatus: Run = async ({ options, positionals }, context) => {
  const client = createClient({ environment: context.environment })
  const [session, all] = await Promise.all([client.session(), client.integrations()])
  const shown = positionals.length === 0 ? all : await Promise.all(positionals.map((name) => namedIntegration(client, all, name)))
  if (options.json) {
    print(context, JSON.stringify({ ...session.wire, integrations: shown }, undefined, 2))
  } else {
    print(context, [headOf(session), ...linesOf(shown), ...nextOf(shown)].join('\n'))
    if (all.length === 0)
      say(context, 'There are no integrations yet.', 'Your administrator adds them; they appear here by themselves.')
  }
  return options.check && shown.some(needsSignIn) ? EXIT.signInNeeded : EXIT.ok
}

function headOf({ user, session, server }: Session): string {
  return `${oneLine(user)} at ${oneLine(server.url)}, in session "${oneLine(session.name)}"`
}

function linesOf(integrations: readonly WireIntegration[]): readonly string[] {
  const names = integrations.map((each) => oneLine(each.display_name))
  const width = Math.max(...names.map((name) => [...name].length))
  return integrations.map((each, index) => {
    const name = names[index] ?? ''
    return `  ${markOf(each)} ${name}${' '.repeat(width - [...name].length)}  ${wordsOf(each)}`
  })
}

function markOf({ state }: WireIntegration): string {
  if (state === 'signed_in') return '✓'
  return state === 'not_signed_in' ? '-' : '!'
}

/** The account and how it goes on while all is well, else the label and the fact behind it. */
function wordsOf({ state, label, brief, account }: WireIntegration): string {
  if (state === 'signed_in') {
    const as = account === undefined ? [] : [`as ${account}`]
    return [...as, brief]
      .filter((part) => part !== '')
      .map(oneLine)
      .join(' · ')
  }
  const words = oneLine(label)
  return [words.charAt(0).toLowerCase() + words.slice(1), brief].filter(Boolean).map(oneLine).join(': ')
}

/** What mends the first sign-in that has ended; else the first that was never made. */
function nextOf(integrations: readonly WireIntegration[]): readonly string[] {
  const next = ['reauthentication_required', 'not_signed_in']
    .map((state) => integrations.find((each) => each.state === state))
    .find((each) => each !== undefined)
  return next ? [`Next: benchkey sign-in ${typedNameOf(next)}`] : []
}

/** How a person types an integration without quotes: its section, or its ID when a shell would read the section otherwise. */
function typedNameOf({ name, uid }: WireIntegration): string {
  return /^\w[\w.-]*$/.test(name) ? name : uid
}

function needsSignIn({ state }: WireIntegration): boolean {
  return state === 'not_signed_in' || state === 'reauthentication_required'
}
