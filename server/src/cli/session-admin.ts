import type { AdminSession, AdminSessionEnded, AdminSessions } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { CliError, EXIT, print, type Run, say, table } from './command.ts'
import { instantOf, oneLine } from './printing.ts'

/** `session list`: the running sessions. */
export const runSessionList: Run = async ({ options }, context) => {
  const { sessions } = await adminClient(context.dataDir).call<AdminSessions>('GET', '/sessions')
  if (options.json) {
    print(context, JSON.stringify(sessions, undefined, 2))
  } else if (sessions.length === 0) {
    say(context, 'No session is running.', 'Start one with: benchkey session run -- COMMAND')
  } else {
    print(context, sessionTable(sessions))
  }
  return EXIT.ok
}

/** Running sessions as a table. */
export function sessionTable(sessions: readonly AdminSession[]): string {
  const hasEnds = sessions.some(({ endsAt }) => endsAt !== undefined)
  const rows = sessions.map((session) => [
    session.id,
    oneLine(session.userName),
    oneLine(session.name),
    oneLine(whatItIs(session)),
    session.state,
    instantOf(session.startedAt),
    ...(hasEnds ? [instantOf(session.endsAt, 'with its process')] : []),
  ])
  return table([['ID', 'USER', 'NAME', 'KIND', 'STATE', 'SINCE', ...(hasEnds ? ['ENDS'] : [])], ...rows])
}

/** The application of a launched one; else how it lives, and where or by whom when that is known. */
function whatItIs({ kind, application, host, service }: AdminSession): string {
  if (application !== undefined) return application
  const [where, by] = [host && `on ${host}`, service && `by ${service}`]
  return [kind, by, where].filter((part) => part).join(' ')
}

/** `session end ID` */
export const runSessionEnd: Run = async ({ positionals: [id = ''] }, context) => {
  const path = `/sessions/${encodeURIComponent(id)}/end`
  const { ended } = await adminClient(context.dataDir).call<AdminSessionEnded>('POST', path)
  if (!ended) {
    throw new CliError(`There is no running session "${id.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 80)}".`, {
      action: 'See them with: benchkey session list',
    })
  }
  say(context, `Session ${id} is ended: it gets no more tokens.`)
  return EXIT.ok
}
