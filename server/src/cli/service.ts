import type {
  AdminAddService,
  AdminRotateService,
  AdminService,
  AdminServiceRemoved,
  AdminServices,
  AdminServiceToken,
} from '../domain/service-api.ts'
import { adminClient, requireServer } from './admin-client.ts'
import { type Call, CliError, EXIT, print, type Run, say, table } from './command.ts'
import { durationOf, instantIn } from './durations.ts'
import { counted, instantOf, oneLine } from './printing.ts'
import { confirm } from './terminal.ts'

/** `service add NAME`: prints the token, which nobody can be shown again. */
export const runServiceAdd: Run = async ({ options, repeated = {}, positionals: [name = ''] }, context) => {
  const expires = options.expires
  if (typeof expires !== 'string') {
    throw new CliError('"service add" needs --expires.', {
      action: 'Write such as --expires 90d; a year at the most.',
      exitCode: EXIT.usage,
    })
  }
  const wanted: AdminAddService = {
    name,
    actsFor: repeated['act-for'] ?? [],
    allUsers: options['all-users'] === true,
    from: repeated.from ?? [],
    integrations: repeated.integration ?? [],
    expiresAt: instantIn('expires', expires, new Date()).toISOString(),
    ...capsIn(options),
  }
  const { token, expiresAt } = await adminClient(context.dataDir).call<AdminServiceToken>('POST', '/services', wanted)
  print(context, token)
  say(context, `Added service ${name}; its token works until ${instantOf(expiresAt)}.`, 'Keep it now: it is not shown again.')
  return EXIT.ok
}

/** `service list`: what each may do, never a token. */
export const runServiceList: Run = async ({ options }, context) => {
  const { services } = await adminClient(context.dataDir).call<AdminServices>('GET', '/services')
  if (options.json) print(context, JSON.stringify(services, undefined, 2))
  else if (services.length === 0) say(context, 'There are no services yet.', 'Add one with: benchkey service add NAME')
  else print(context, serviceTable(services))
  return EXIT.ok
}

/** `service rotate NAME`: a new token on stdout; the one before works on for the overlap. */
export const runServiceRotate: Run = async ({ options, positionals: [name = ''] }, context) => {
  const { expires, overlap } = options
  const next: AdminRotateService = {
    ...(typeof expires === 'string' ? { expiresAt: instantIn('expires', expires, new Date()).toISOString() } : {}),
    ...(typeof overlap === 'string' ? { overlapSeconds: overlap === '0' ? 0 : durationOf('overlap', overlap) } : {}),
  }
  const path = `/services/${encodeURIComponent(name)}/rotate`
  const { token, expiresAt, previousUntil } = await adminClient(context.dataDir).call<AdminServiceToken>('POST', path, next)
  print(context, token)
  say(
    context,
    `Service ${name} has a new token, until ${instantOf(expiresAt)}; the one before works until ${instantOf(previousUntil)}.`,
    'Keep it now: it is not shown again.',
  )
  return EXIT.ok
}

/** `service remove NAME`: asks first, for its sessions end. */
export const runServiceRemove: Run = async ({ options, positionals: [name = ''] }, context) => {
  const client = adminClient(context.dataDir)
  await requireServer(client)
  if (!options.yes && !(await confirm(context, `Remove ${name}? Its tokens open nothing any more, and its sessions end.`))) {
    say(context, `Kept ${name}.`)
    return EXIT.failed
  }
  const { endedSessions } = await client.call<AdminServiceRemoved>('DELETE', `/services/${encodeURIComponent(name)}`)
  say(context, `Removed service ${name}; ${counted(endedSessions, 'session')} ended.`)
  return EXIT.ok
}

function capsIn(options: Call['options']): Pick<AdminAddService, 'maxSessions' | 'maxLifeSeconds'> {
  const { 'max-sessions': sessions, 'max-life': life } = options
  if (typeof sessions === 'string' && !/^[1-9]\d{0,5}$/.test(sessions)) {
    throw new CliError('--max-sessions is no whole number above 0.', { action: 'Write such as 100.', exitCode: EXIT.usage })
  }
  return {
    ...(typeof sessions === 'string' ? { maxSessions: Number(sessions) } : {}),
    ...(typeof life === 'string' ? { maxLifeSeconds: durationOf('max-life', life) } : {}),
  }
}

function serviceTable(services: readonly AdminService[]): string {
  const rows = services.map((service) => [
    service.name,
    service.allUsers ? 'everybody but administrators' : oneLine(service.actsFor.join(' ')),
    service.from?.join(' ') ?? 'anywhere',
    service.integrations === undefined ? 'all' : String(service.integrations.length),
    `${service.sessions} of ${service.maxSessions}`,
    service.tokens.map(({ expiresAt }) => instantOf(expiresAt)).join(' and '),
    instantOf(service.tokens.find(({ lastUsedAt }) => lastUsedAt !== undefined)?.lastUsedAt, 'never'),
  ])
  return table([['NAME', 'ACTS FOR', 'FROM', 'INTEGRATIONS', 'SESSIONS', 'EXPIRES', 'LAST USED'], ...rows])
}
