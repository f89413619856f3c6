import type { AdminHealth } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { EXIT, print, type Run, table } from './command.ts'
import { counted, instantOf, oneLine } from './printing.ts'

/** `health`: 0 when all is well, 1 when something is not, 75 when no server answers. */
export const runHealth: Run = async ({ options }, context) => {
  const health = await adminClient(context.dataDir).call<AdminHealth>('GET', '/health')
  print(context, options.json ? JSON.stringify(health, undefined, 2) : inWords(health))
  return health.isWell ? EXIT.ok : EXIT.failed
}

/** The verdict first. */
function inWords({ isWell, findings, facts, nodes }: AdminHealth): string {
  const problems = findings.filter(({ level }) => level === 'problem')
  const remarks = findings.filter(({ level }) => level === 'remark')
  const lines = [
    isWell ? 'Everything is working.' : `${counted(problems.length, 'thing')} ${problems.length === 1 ? 'needs' : 'need'} you:`,
    ...problems.flatMap(({ fact, action }) => [`✗ ${oneLine(fact)}`, `  ${oneLine(action)}`]),
    ...remarks.flatMap(({ fact, action }) => [`! ${oneLine(fact)}`, `  ${oneLine(action)}`]),
  ]
  if (facts) lines.push(numbersOf(facts, nodes))
  if (nodes.length > 1) lines.push('', nodeTable(nodes))
  return lines.join('\n')
}

function numbersOf(facts: NonNullable<AdminHealth['facts']>, nodes: AdminHealth['nodes']): string {
  const { users, lockedUsers, sessions, integrations, signIns, signInsEnded, signInsLost, revocationsWaiting } = facts
  const numbers = [
    `${counted(users, 'user')}${lockedUsers > 0 ? ` (${lockedUsers} locked)` : ''}`,
    counted(sessions, 'session'),
    counted(integrations, 'integration'),
    `${counted(signIns, 'sign-in')}${signInsEnded > 0 ? ` (${signInsEnded} to be renewed by their users)` : ''}`,
    counted(nodes.filter(({ isLive }) => isLive).length, 'node'),
    `sign-ins lost by Benchkey: ${signInsLost} (30 days)`,
    ...(revocationsWaiting > 0 ? [`${counted(revocationsWaiting, 'revocation')} waiting`] : []),
  ]
  return numbers.join(' · ')
}

function nodeTable(nodes: AdminHealth['nodes']): string {
  const rows = nodes.map((node) => [
    oneLine(node.host),
    String(node.pid),
    oneLine(node.version),
    node.configuration,
    instantOf(node.startedAt),
    node.isLive ? 'live' : `silent since ${instantOf(node.heartbeatAt)}`,
  ])
  return table([['HOST', 'PROCESS', 'VERSION', 'CONFIGURATION', 'STARTED', 'STATE'], ...rows])
}
