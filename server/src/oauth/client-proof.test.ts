import { describe, expect, it } from 'vitest'
import type { Client } from '../domain/integration.ts'
import { realEffects } from '../effects.ts'
import { type ClientProof, proveClient } from './client-proof.ts'
import type { TokenAnswer } from './token-probe.ts'

const RIGHT: Client = { clientId: 'box', clientSecret: 'right', authenticationMethod: 'client-secret-post' }

type Service = (client: Client, count: number) => TokenAnswer

const answer = (
  outcome: TokenAnswer['outcome'],
  { status = 400, likeness = '' }: { status?: number; likeness?: string } = {},
): TokenAnswer => ({ outcome, status, likeness, receivedAt: new Date(0) })

const words = (error: string): string => `answered ${error}`
const grantRefused = (error = 'invalid_grant', providerText = ''): TokenAnswer =>
  answer({ kind: 'grant_refused', error, words: words(error), providerText }, { likeness: providerText })
const clientRefused = (error = 'invalid_client', status = 401): TokenAnswer =>
  answer({ kind: 'client_refused', error, words: words(error) }, { status })
const refusal = (error: string, text = ''): TokenAnswer =>
  answer({ kind: 'refused', error, words: words(error), providerText: text }, { likeness: text })
const page = (title: string): TokenAnswer =>
  answer({ kind: 'uncertain', words: 'answered with a page' }, { status: 200, likeness: title })
const wait = answer({ kind: 'unspent', words: 'answered 429' }, { status: 429 })
const failing = answer({ kind: 'uncertain', words: 'answered 500' }, { status: 500 })

const isRight = ({ clientSecret }: Client): boolean => clientSecret === 'right'
const isBasic = ({ authenticationMethod }: Client): boolean => authenticationMethod === 'client-secret-basic'

interface Row {
  readonly name: string
  readonly service: Service
  readonly client?: Client
  readonly offered?: readonly Client['authenticationMethod'][]
  readonly isDoubted?: boolean
  readonly proof: Partial<ClientProof> & { readonly kind: ClientProof['kind'] }
  readonly requests: number
}

const ROWS: readonly Row[] = [
  {
    name: 'invalid_grant: the client is right',
    service: () => grantRefused(),
    ...{ proof: { kind: 'right' }, requests: 1 },
  },
  {
    name: 'invalid_grant from a service that refused this client lately, and says the same to a wrong secret: nothing is known',
    ...{ service: () => grantRefused(), isDoubted: true },
    ...{ proof: { kind: 'unsaid' }, requests: 2 },
  },
  {
    name: 'a malformed code is refused before the client is looked at: nothing is known',
    service: () => grantRefused('invalid_grant', 'Malformed auth code.'),
    ...{ proof: { kind: 'unsaid' }, requests: 2 },
  },
  {
    name: 'a malformed code, and a wrong secret is refused: the client is right',
    service: (client) => (isRight(client) ? grantRefused('invalid_grant', 'Malformed auth code.') : clientRefused()),
    ...{ proof: { kind: 'right_by_comparison' }, requests: 2 },
  },
  {
    name: 'invalid_client by either method: the client is wrong',
    service: () => clientRefused(),
    ...{ proof: { kind: 'wrong', tried: ['client-secret-post', 'client-secret-basic'] }, requests: 2 },
  },
  {
    name: 'invalid_client by post, invalid_grant by Basic: the method is named',
    service: (client) => (isBasic(client) ? grantRefused() : clientRefused()),
    ...{ proof: { kind: 'other_method', works: 'client-secret-basic' }, requests: 2 },
  },
  {
    name: 'a method that the metadata does not name is not tried',
    service: (client) => (isBasic(client) ? grantRefused() : clientRefused()),
    ...{ offered: ['client-secret-post'], proof: { kind: 'wrong', tried: ['client-secret-post'] }, requests: 1 },
  },
  {
    name: 'Basic without form encoding is told apart where the secret is spelt differently',
    service: ({ authenticationMethod }) =>
      authenticationMethod === 'client-secret-basic-raw' ? grantRefused() : clientRefused(),
    client: { clientId: 'box', clientSecret: 'a/b+c', authenticationMethod: 'client-secret-basic' },
    ...{ proof: { kind: 'other_method', works: 'client-secret-basic-raw' }, requests: 3 },
  },
  {
    name: 'the next secret is the right one',
    service: ({ clientSecret }) => (clientSecret === 'next' ? grantRefused() : clientRefused()),
    client: { ...RIGHT, clientSecret: 'old', nextClientSecret: 'next' },
    ...{ proof: { kind: 'next_secret' }, requests: 2 },
  },
  {
    name: 'invalid_request to all alike: nothing is known',
    service: () => refusal('invalid_request'),
    ...{ proof: { kind: 'unsaid' }, requests: 3 },
  },
  {
    name: 'invalid_request by post, invalid_grant by Basic: the method is named',
    service: (client) => (isBasic(client) ? grantRefused() : refusal('invalid_request')),
    ...{ proof: { kind: 'other_method', works: 'client-secret-basic' }, requests: 3 },
  },
  {
    name: 'invalid_request to the right secret, another code to a wrong one: the client is right',
    service: (client) => refusal(isRight(client) ? 'invalid_request' : 'bad_secret'),
    ...{ proof: { kind: 'right_by_comparison' }, requests: 2 },
  },
  {
    name: 'a code of its own that names the client, to all alike: the client is wrong',
    service: () => refusal('bad_client_secret'),
    ...{ proof: { kind: 'wrong' }, requests: 3 },
  },
  {
    name: '400 in other words to the right and to each wrong secret: the client is right',
    service: (client) => refusal('http_400', isRight(client) ? 'code unknown' : 'who are you'),
    ...{ proof: { kind: 'right_by_comparison' }, requests: 3 },
  },
  {
    name: '400 in words that are others each time: nothing is known',
    service: (_client, count) => refusal('http_400', `words ${'x'.repeat(count)}`),
    ...{ proof: { kind: 'unsaid' }, requests: 4 },
  },
  {
    name: 'unauthorized_client to the right secret alone: the client may not exchange codes',
    service: (client) => clientRefused(isRight(client) ? 'unauthorized_client' : 'invalid_client'),
    ...{ proof: { kind: 'not_allowed' }, requests: 2 },
  },
  {
    name: 'unauthorized_client to all alike, as Gitea says a wrong secret: the client is wrong',
    service: () => clientRefused('unauthorized_client', 400),
    ...{ proof: { kind: 'wrong' }, requests: 3 },
  },
  {
    name: '403 without a word of OAuth, whatever the secret: something keeps us out',
    service: () => clientRefused('http_403', 403),
    ...{ proof: { kind: 'closed' }, requests: 2 },
  },
  {
    name: 'a redirect URI mismatch is named and no more is asked',
    service: () => refusal('redirect_uri_mismatch'),
    ...{ proof: { kind: 'redirect_uri' }, requests: 1 },
  },
  {
    name: "invalid_grant with RFC 6749's words, which hold the redirection URI: the client is right",
    service: () => grantRefused('invalid_grant', 'The grant is invalid, or does not match the redirect URI used.'),
    ...{ proof: { kind: 'right' }, requests: 1 },
  },
  { name: '429: nothing more is sent', service: () => wait, ...{ proof: { kind: 'wait' }, requests: 1 } },
  {
    name: '429 to the comparison: nothing more is sent, nothing is claimed',
    service: (client) => (isRight(client) ? refusal('invalid_request') : wait),
    ...{ proof: { kind: 'uncompared' }, requests: 2 },
  },
  {
    name: '429 to the other method: nothing more is sent',
    service: (client) => (isBasic(client) ? wait : clientRefused()),
    ...{ proof: { kind: 'wrong', tried: ['client-secret-post'] }, requests: 2 },
  },
  {
    name: '500 to a made-up code, 401 to a wrong secret: the client is right',
    service: (client) => (isRight(client) ? failing : clientRefused()),
    ...{ proof: { kind: 'right_by_comparison' }, requests: 2 },
  },
  {
    name: 'no answer at all: nothing more is sent',
    service: () => ({ outcome: { kind: 'uncertain', words: 'timed out after 10 s' }, likeness: '', receivedAt: new Date(0) }),
    ...{ proof: { kind: 'silent' }, requests: 1 },
  },
  { name: '500 to everything: the service fails', service: () => failing, ...{ proof: { kind: 'failing' }, requests: 2 } },
  { name: 'a page to everything: no token endpoint', service: () => page('Log in'), ...{ proof: { kind: 'page' }, requests: 2 } },
  {
    name: 'a token for a made-up code: nothing is known',
    service: () => answer({ kind: 'success' }, { status: 200 }),
    ...{ proof: { kind: 'gives_anything' }, requests: 1 },
  },
  {
    name: 'a public client: invalid_client has no other method',
    service: () => clientRefused(),
    client: { clientId: 'box', clientSecret: '', authenticationMethod: 'none' },
    ...{ proof: { kind: 'wrong', tried: ['none'] }, requests: 1 },
  },
  {
    name: 'a public client is compared with another client ID',
    service: ({ clientId }) => (clientId === 'box' ? refusal('invalid_request') : clientRefused()),
    client: { clientId: 'box', clientSecret: '', authenticationMethod: 'none' },
    ...{ proof: { kind: 'right_by_comparison' }, requests: 2 },
  },
]

describe('what answers to made-up codes say of a client', () => {
  it.each(ROWS)('$name', async ({ service, client = RIGHT, offered, isDoubted = false, proof, requests }) => {
    let count = 0
    const ask = async (asked: Client): Promise<TokenAnswer> => {
      count += 1
      return service(asked, count)
    }
    const parts = { ask, effects: realEffects(), client, isDoubted, ...(offered ? { offered } : {}) }
    expect(await proveClient(parts)).toMatchObject(proof)
    expect(count).toBe(requests)
  })
})
