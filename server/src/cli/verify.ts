import { FINE, type VerificationCheck, type VerificationGroup } from '../domain/verification.ts'
import type { AdminVerification, AdminVerificationTargets } from '../domain/verification-api.ts'
import { adminClient } from './admin-client.ts'
import { type Context, counted, EXIT, print, type Run, say } from './command.ts'
import { oneLine } from './printing.ts'

/** The server takes a minute for one at the most; reading its lines comes on top. */
const VERIFY_TIMEOUT_MS = 75_000

const MARKS = { failed: '✗', warning: '!', unknown: '?', ok: '✓' } as const

/** `verify`: the report on stdout, how far it is on stderr; 1 when something fails, 75 when no server answers. */
export const runVerify: Run = async ({ options, positionals }, context) => {
  const client = adminClient(context.dataDir, VERIFY_TIMEOUT_MS)
  const names = new URLSearchParams(positionals.map((name): [string, string] => ['name', name]))
  const { targets } = await client.call<AdminVerificationTargets>('GET', `/verify?${names}`)
  const all: AdminVerification[] = []
  for (const [index, { section, name }] of targets.entries()) {
    say(
      context,
      `Looking at ${oneLine(name)}${section === undefined ? '' : ` [${oneLine(section)}]`} (${index + 1} of ${targets.length}) …`,
    )
    const verification = await client.call<AdminVerification>('POST', '/verify', section === undefined ? {} : { section })
    all.push(verification)
    if (!options.json) print(context, `${index === 0 ? '' : '\n'}${inWords(verification)}`)
  }
  const isWell = all.every((each) => each.isWell)
  if (options.json) print(context, JSON.stringify({ isWell, verifications: all }, undefined, 2))
  else sayVerdict(all, context)
  return isWell ? EXIT.ok : EXIT.failed
}

function sayVerdict(all: readonly AdminVerification[], context: Context): void {
  const failing = all.filter(({ isWell }) => !isWell)
  if (failing.length === 0) say(context, 'Nothing failed.')
  else
    say(
      context,
      `${failing.map(({ name }) => oneLine(name)).join(', ')}: not well.`,
      'Do what stands below each ✗, then run this again.',
    )
}

function inWords({ section, name, isWell, groups }: AdminVerification): string {
  const failed = groups.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'failed').length
  const title = `${oneLine(name)}${section === undefined ? '' : ` [${oneLine(section)}]`}`
  const verdict = isWell ? 'nothing failed' : `${counted(failed, 'thing')} failed`
  return [`${title}: ${verdict}`, ...groups.flatMap(groupInWords)].join('\n')
}

function groupInWords({ title, checks }: VerificationGroup): readonly string[] {
  if (title === FINE) return [`  ${FINE}: ${checks.map(({ fine, fact }) => oneLine(fine ?? fact)).join(' · ')}`]
  return [`  ${title}`, ...checks.flatMap(checkInWords)]
}

function checkInWords({ outcome, fact, action, place, copy }: VerificationCheck): readonly string[] {
  return [
    `    ${MARKS[outcome]} ${oneLine(fact)}`,
    ...(action === undefined ? [] : [`      ${oneLine(action)}${place === undefined ? '' : ` (${oneLine(place)})`}`]),
    ...(copy === undefined ? [] : [`        ${oneLine(copy)}`]),
  ]
}
