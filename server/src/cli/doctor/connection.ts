import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { Trust } from './certificates.ts'
import { type Check, codeOf, failed, ok, shown, warning } from './check.ts'

/** Name, connection and handshake: each is a matter of milliseconds. */
const STEP_TIMEOUT_MS = 5_000
/** A certificate that ends sooner is worth a word. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000

const ASK_ADMINISTRATOR = 'Tell your administrator: launcher-sessions-callback-address in benchkey.conf decides it.'
const TRY_LATER = 'Try again in a moment; if it stays so, tell your administrator.'

/** The address sessions ask, or what is wrong with it. */
export function parseAddress(text: string): URL | Check {
  if (!URL.canParse(text) || /\s/.test(text)) return failed('address', 'RS_SERVER_ADDRESS is not a URL.', ASK_ADMINISTRATOR)
  const url = new URL(text)
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    return failed('address', 'RS_SERVER_ADDRESS holds more than scheme, host, port and path.', ASK_ADMINISTRATOR)
  }
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) return url
  const explanation = `RS_SERVER_ADDRESS begins with ${shown(url.protocol)}//; the cookie goes by https only, or by http on this machine itself.`
  return failed('address', explanation, ASK_ADMINISTRATOR)
}

/** Name, connection and certificate, until one fails. */
export async function checkConnection(address: URL, trust: Trust, now: Date): Promise<readonly Check[]> {
  const name = await checkName(hostOf(address))
  if (name.outcome !== 'ok') return [name]
  const connection = await checkPort(address)
  if (connection.outcome !== 'ok' || address.protocol === 'http:') return [name, connection]
  return [name, connection, await checkCertificate(address, trust, now)]
}

async function checkName(host: string): Promise<Check> {
  if (isIP(host) !== 0) return ok('name', `${host} is an address; no name has to be found.`)
  const timeout = AbortSignal.timeout(STEP_TIMEOUT_MS)
  const late = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(Object.assign(new Error('late'), { code: 'no answer in 5 s' })))
  })
  try {
    const found = await Promise.race([lookup(host, { all: true }), late])
    return ok('name', `The name ${host} leads to ${found.map((each) => each.address).join(', ')}.`)
  } catch (error) {
    const explanation = `The name ${host} was not found (${shown(codeOf(error))}).`
    return { ...failed('name', explanation, TRY_LATER), mayPass: true }
  }
}

function checkPort(address: URL): Promise<Check> {
  const [host, port] = [hostOf(address), portOf(address)]
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const refuse = (words: string): void => {
      socket.destroy()
      resolve({ ...failed('connection', `${host} ${words} on port ${port}.`, TRY_LATER), mayPass: true })
    }
    socket.setTimeout(STEP_TIMEOUT_MS, () => refuse('did not answer within 5 s'))
    socket.on('error', (error) =>
      refuse(codeOf(error) === 'ECONNREFUSED' ? 'refuses connections' : `is out of reach (${codeOf(error)})`),
    )
    socket.on('connect', () => {
      socket.destroy()
      resolve(ok('connection', `${host} takes connections on port ${port}.`))
    })
  })
}

async function checkCertificate(address: URL, { ca, source }: Trust, now: Date): Promise<Check> {
  const host = hostOf(address)
  const options = { host, port: portOf(address), rejectUnauthorized: false, timeout: STEP_TIMEOUT_MS }
  const servername = isIP(host) === 0 ? { servername: host } : {}
  const socket = connectTls({ ...options, ...servername, ...(ca ? { ca: [...ca] } : {}) })
  try {
    await secured(socket)
    return verdictOf(host, socket, source, now)
  } catch (error) {
    const explanation = `${address.host} does not answer in TLS (${shown(codeOf(error))}).`
    return failed('certificate', explanation, ASK_ADMINISTRATOR)
  } finally {
    socket.destroy()
  }
}

function secured(socket: TLSSocket & Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('secureConnect', () => resolve())
    socket.on('error', reject)
    socket.on('timeout', () => reject(new Error('no answer within 5 s')))
    socket.on('close', () => reject(new Error('the connection was closed')))
  })
}

function verdictOf(host: string, socket: TLSSocket, source: string, now: Date): Check {
  const certificate = socket.getPeerCertificate()
  const end = new Date(certificate.valid_to)
  const what = `The certificate of ${host}`
  const tell = 'Tell your administrator: nobody gets tokens with it.'
  const reason = String(socket.authorizationError ?? '')
  if (/EXPIRED/.test(reason)) {
    return failed('certificate', `${what} ended on ${day(end)}.`, `${tell} Or the clock here is wrong.`)
  }
  if (/NOT_YET_VALID/.test(reason)) {
    const explanation = `${what} begins on ${day(new Date(certificate.valid_from))} only.`
    return failed('certificate', explanation, `${tell} Or the clock here is wrong.`)
  }
  if (checkServerIdentity(host, certificate)) {
    return failed('certificate', `${what} is for ${namesOf(certificate)}, not for ${host}.`, ASK_ADMINISTRATOR)
  }
  if (reason !== '') {
    const explanation = `${what} is of an authority that is not in ${source} (${shown(reason)}).`
    return failed(
      'certificate',
      explanation,
      'Open a new session, which names the authority in REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.',
    )
  }
  if (end.getTime() - now.getTime() < SOON_MS) {
    return warning('certificate', `${what} ends on ${day(end)}.`, 'Tell your administrator that it has to be renewed.')
  }
  return ok('certificate', `${what} is trusted by ${source}, until ${day(end)}.`)
}

function namesOf({ subjectaltname = 'nobody' }: PeerCertificate): string {
  return shown(subjectaltname.replace(/(DNS|IP Address):/g, ''))
}

const day = (date: Date): string => (Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10))

const hostOf = (address: URL): string => address.hostname.replace(/^\[|\]$/g, '')

const portOf = (address: URL): number => Number(address.port || (address.protocol === 'https:' ? 443 : 80))
