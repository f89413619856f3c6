import { describe, expect, it } from 'vitest'
import { expiryOf } from './secret-expiry.ts'
import { groupsOf, isWellOf, type VerificationCheck } from './verification.ts'
import { clientSentences } from './verification-client.ts'
import { connectionSentences } from './verification-connection.ts'
import { ownAddressSentences } from './verification-server.ts'
import { metadataSentences, renewalSentences, timeSentences, withoutRefreshToken } from './verification-service.ts'
import { authorizationSentences } from './verification-sign-in.ts'

const HOST = 'box.example'
const URI = 'https://bench.example/oauth_redirect_callback'
const to = { option: 'token-url', host: HOST, way: 'directly' }
const toPage = { ...to, option: 'authorization-url' }
const good = { until: new Date('2027-02-12T00:00:00Z'), daysLeft: 78, issuer: '"Lab CA"' }
const short = { ...good, daysLeft: 1 }
const said = { host: HOST, section: 'box', words: 'answered invalid_client', text: 'who are you' }
const service = { host: HOST, section: 'box' }
const web = { option: 'public-url', url: 'https://bench.example' } as const
const sessions = { option: 'launcher-sessions-callback-address', url: 'https://bench.example' } as const

const { reached, nameNotFound, nameNotLookedUp, guarded, notConnected, ...certificates } = connectionSentences
const client = clientSentences
const page = authorizationSentences
const own = ownAddressSentences

/** Every sentence there is, with facts as they come. */
const ALL: Readonly<Record<string, readonly VerificationCheck[]>> = {
  connection: [
    ...[
      reached(to, good),
      reached(to, short),
      reached(to, undefined),
      nameNotFound(to),
      nameNotLookedUp(to, 'timed out after 5 s'),
    ],
    ...[guarded(to, 'its address is loopback, where Benchkey may not connect'), notConnected(to, 'refused the connection')],
    ...[notConnected(toPage, 'timed out after 5 s'), certificates.proxyAway(to, 'the proxy p:3128 refused the connection')],
    ...[certificates.certificateExpired(to, 'its certificate expired on 21 Nov 2025'), certificates.certificateOfAnother(to, [])],
    ...[certificates.certificateOfAnother(to, ['a.example']), certificates.unknownAuthority(to, '"Lab CA"')],
    ...[certificates.incompleteChain(to, '"Lab CA"'), certificates.certificateRefused(to, 'its certificate was revoked')],
    certificates.notTls(to, 'could not agree on a safe connection'),
  ],
  proxy: [
    ...[
      certificates.proxyAsks(to, 'the proxy p:3128 asked for a password'),
      certificates.proxyStuck(toPage, 'the proxy p:3128 answered 503'),
    ],
    certificates.proxyRefuses(to, 'the proxy p:3128 does not allow this host'),
  ],
  client: [
    ...[client.right(said), client.rightByComparison(said, 'secret', 'answered 401'), client.publicRight(said)],
    ...[
      client.rightByComparison(said, 'client ID', said.words),
      client.wrong(said, ['client-secret-post', 'client-secret-basic']),
    ],
    ...[client.publicWrong(said), client.otherMethod(said, 'client-secret-post', 'client-secret-basic'), client.nextSecret(said)],
    ...[client.notAllowed(said), client.unsaid(said), client.uncompared(said, 'answered 429'), client.closed(said)],
    ...[client.redirectUriRefused(said, URI), client.notThere(said), client.redirects(said, 'https://a.example/t')],
    ...[
      client.redirects(said, undefined),
      client.page(said),
      client.failing(said),
      client.wait(said, 30),
      client.wait(said, undefined),
    ],
    client.givesAnything(said),
  ],
  'sign-in': [
    ...[
      page.answers(said),
      page.redirectUriRefused(said, URI),
      page.redirectUriAccepted(said, URI),
      page.redirectUriUntold(said, URI),
    ],
    ...[page.clientUnknown(said), page.scopeRefused(said), page.clientNotAllowed(said), page.pkceRefused(said)],
    ...[page.errorSentBack(said), page.refusedUnread(said, URI), page.notThere(said), page.closed(said), page.failing(said)],
    page.silent(said),
  ],
  service: [
    ...[metadataSentences.found(service, 'https://box.example/m'), metadataSentences.issuerDiffers(service, 'https://a.example')],
    metadataSentences.endpointDiffers(service, 'token-url', 'https://box.example/t'),
    ...[metadataSentences.issuerNotSent(service), metadataSentences.issuerOffered(service, 'https://box.example')],
    ...[metadataSentences.issuerChecked(service), metadataSentences.pkceUsed(service), metadataSentences.pkceOffered(service)],
    ...[metadataSentences.pkceNotOffered(service, []), metadataSentences.pkceNotOffered(service, ['plain'])],
    metadataSentences.methodNotOffered(service, 'client-secret-post', ['client-secret-basic']),
    ...[renewalSentences.fine(service, 1), renewalSentences.fine(service, 34), renewalSentences.asked(service)],
    renewalSentences.notAsked(service, { kind: 'scope', scope: 'offline_access' }, withoutRefreshToken(31, 34)),
    ...['', withoutRefreshToken(2, 2)].map((counts) => renewalSentences.notAskedPerhaps(service, 'offline_access', counts)),
    renewalSentences.notAsked(service, { kind: 'parameter', parameter: 'access_type=offline' }, ''),
    ...[
      renewalSentences.none(service, withoutRefreshToken(1, 1)),
      timeSentences.clock(service, 3),
      timeSentences.clock(service, -45),
    ],
    ...[timeSentences.clock(service, 420), timeSentences.clock(service, 36_000), timeSentences.disabled(service)],
    ...[-1, 0, 7, 90].map((days) =>
      timeSentences.secretEnds(good.until, expiryOf(good.until, new Date(good.until.getTime() - days * 86_400_000)), days > 1),
    ),
    timeSentences.timeUp('box', 60),
  ],
  server: [web, sessions].flatMap((address) => [
    ...[own.answers(address, good), own.answers(address, short), own.answers(address, undefined), own.nameNotFound(address)],
    ...[own.notConnected(address, 'refused the connection'), own.certificate(address, 'its certificate expired on 21 Nov 2025')],
    ...[own.unknownAuthority(address, '"Lab CA"'), own.notOurs(address, 'answers 404'), own.anotherBenchkey(address)],
    ...[own.hostChanged(address, 'backend:8787'), own.pathChanged(address, '/'), own.forwardedUntrusted(address, '10.0.0.5')],
    ...[own.addressesUntrusted(address, '10.0.0.5'), own.bodyLost(address), own.doorReplaced(address, 'is answered with 200')],
    ...[own.wayIsWhole(address, address === web), own.redirectUri(URI), own.httpsOnly(address)],
  ]),
}

const each = Object.entries(ALL).flatMap(([about, checks]) => checks.map((check) => [about, check.fact, check] as const))

describe('a sentence of verify', () => {
  it.each(each)('%s: %s', (_about, fact, check) => {
    const { action, fine, outcome } = check
    expect(fact).toMatch(/^["[A-Z\w].*[.")\w]$/s)
    expect(fact.length).toBeLessThanOrEqual(400)
    expect(action === undefined).toBe(outcome === 'ok')
    expect(fine === undefined).toBe(outcome !== 'ok')
    if (action !== undefined) {
      expect(action).toMatch(/^[A-Z"].*[.)]$/s)
      expect(action.length).toBeLessThanOrEqual(340)
    }
    expect(`${fact} ${action ?? ''}`).not.toMatch(/please|oops|successful|an error occurred|undefined|\[object| {2}/i)
  })

  it('tells counts as they are', () => {
    expect(withoutRefreshToken(31, 34)).toBe('31 of 34 sign-ins have no refresh token. ')
    expect(withoutRefreshToken(1, 1)).toBe('1 of 1 sign-in has no refresh token. ')
    expect(withoutRefreshToken(0, 4)).toBe('')
  })

  it.each([
    [30, 'ok'],
    [31, 'warning'],
    [-300, 'warning'],
    [-301, 'failed'],
  ])('a clock that is %i seconds off: %s', (seconds, outcome) => {
    expect(timeSentences.clock(service, seconds).outcome).toBe(outcome)
  })
})

describe('the groups of a verification', () => {
  const check = (id: string, outcome: VerificationCheck['outcome'], side: VerificationCheck['side']): VerificationCheck => ({
    ...{ id, outcome, side, fact: 'F.' },
  })

  it('stand by who has to act, the worst first, and what is fine last; empty ones are left out', () => {
    const checks = [
      check('a', 'ok', 'network'),
      check('b', 'unknown', 'here'),
      check('c', 'failed', 'service'),
      check('d', 'failed', 'here'),
      check('e', 'warning', 'here'),
    ]
    expect(groupsOf(checks).map(({ title, checks: inside }) => [title, inside.map(({ id }) => id).join('')])).toEqual([
      ['You, here', 'deb'],
      ['At the service', 'c'],
      ['Fine', 'a'],
    ])
  })

  it.each([
    ['failed', false],
    ['warning', true],
    ['unknown', true],
    ['ok', true],
  ] as const)('with one that is %s: well is %s', (outcome, isWell) => {
    expect(isWellOf([check('a', outcome, 'here')])).toBe(isWell)
  })
})
