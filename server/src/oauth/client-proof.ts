import type { Effects } from '../domain/effects.ts'
import type { Client, ClientAuthenticationMethod } from '../domain/integration.ts'
import { type AskAs, otherMethods, type TokenAnswer, withWrongCredential } from './token-probe.ts'

/** What a token endpoint's answers to made-up codes say of the client. `answer`: the one to the client as configured. */
export type ClientProof =
  | { readonly kind: 'right'; readonly answer: TokenAnswer }
  /** `wrong`: the answer to a deliberately wrong secret, which is another one. */
  | { readonly kind: 'right_by_comparison'; readonly answer: TokenAnswer; readonly wrong: TokenAnswer }
  | { readonly kind: 'wrong'; readonly answer: TokenAnswer; readonly tried: readonly ClientAuthenticationMethod[] }
  | { readonly kind: 'other_method'; readonly answer: TokenAnswer; readonly works: ClientAuthenticationMethod }
  | { readonly kind: 'next_secret'; readonly answer: TokenAnswer }
  | { readonly kind: 'not_allowed'; readonly answer: TokenAnswer }
  | { readonly kind: 'redirect_uri'; readonly answer: TokenAnswer }
  /** The right and the wrong secret are answered alike. */
  | { readonly kind: 'unsaid'; readonly answer: TokenAnswer }
  | { readonly kind: 'uncompared'; readonly answer: TokenAnswer; readonly wrong: TokenAnswer }
  | { readonly kind: 'closed'; readonly answer: TokenAnswer }
  | { readonly kind: Final; readonly answer: TokenAnswer }

/** Answers that say nothing of a client, whatever else is asked. */
type Final = 'not_there' | 'redirects' | 'page' | 'failing' | 'wait' | 'gives_anything' | 'not_sent' | 'silent'

/** What one answer says by itself. */
type Reading =
  | 'accepted'
  /** The made-up code was refused, perhaps before the client was looked at. */
  | 'doubtful'
  | 'refused'
  /** `unauthorized_client`: not allowed this grant, at some servers a wrong secret. */
  | 'not_allowed'
  | 'redirect_uri'
  /** 403 without a word of OAuth. */
  | 'closed'
  | 'unclear'
  | Final

/** Everything a proof is made with. */
export interface ProofParts {
  readonly ask: AskAs
  readonly effects: Effects
  readonly client: Client
  /** Methods the service's metadata names; undefined when it names none. */
  readonly offered?: readonly ClientAuthenticationMethod[]
  /** The service has lately refused this client: what it says now is compared. */
  readonly isDoubted: boolean
}

/** Servers that read the code before they look at the client say so in words like these; Entra by its number. */
const CODE_READ_FIRST = /malformed|format|decod|pars(?:e|ing)|AADSTS9002313/i
const ABOUT_THE_CLIENT = /client|secret|credential/i
const ABOUT_THE_REDIRECT_URI = /redirect[ _-]?ur[il]/i

/**
 * Proves the client by a deliberately wrong code: `invalid_grant` means that the client is right, `invalid_client` that it is not.
 * What is neither is compared with the answer to a deliberately wrong secret. At most five requests, usually one; none after a
 * server has asked for fewer.
 */
export async function proveClient(parts: ProofParts): Promise<ClientProof> {
  const { ask, client, isDoubted } = parts
  const answer = await ask(client)
  const reading = readingOf(answer)
  switch (reading) {
    case 'accepted':
      return isDoubted ? await compare(parts, answer, reading) : { kind: 'right', answer }
    case 'refused':
      return await refused(parts, answer)
    case 'redirect_uri':
    case 'not_there':
    case 'redirects':
    case 'wait':
    case 'gives_anything':
    case 'not_sent':
    case 'silent':
      return { kind: reading, answer }
    default:
      return await compare(parts, answer, reading)
  }
}

/** The next secret, then the other methods, until one is accepted. */
async function refused({ ask, client, offered }: ProofParts, answer: TokenAnswer): Promise<ClientProof> {
  if (client.nextClientSecret !== undefined) {
    const next = readingOf(await ask({ ...client, clientSecret: client.nextClientSecret }))
    if (next === 'accepted') return { kind: 'next_secret', answer }
    if (next === 'wait') return { kind: 'wrong', answer, tried: [client.authenticationMethod] }
  }
  const tried = [client.authenticationMethod]
  for (const method of otherMethods(client)) {
    if (offered && !offered.includes(method)) continue
    const reading = readingOf(await ask({ ...client, authenticationMethod: method }))
    if (reading === 'accepted') return { kind: 'other_method', answer, works: method }
    if (reading === 'wait') break
    tried.push(method)
  }
  return { kind: 'wrong', answer, tried }
}

async function compare(parts: ProofParts, answer: TokenAnswer, reading: Reading): Promise<ClientProof> {
  const { ask, client, effects } = parts
  const wrong = await ask(withWrongCredential(client, effects))
  const wrongReading = readingOf(wrong)
  if (['wait', 'not_sent', 'silent', 'failing'].includes(wrongReading) && wrongReading !== reading)
    return { kind: 'uncompared', answer, wrong }
  if (isSameAnswer(answer, wrong)) {
    if (answer.likeness === wrong.likeness) return await alike(parts, answer, reading)
    // Only the words differ: they might do so every time.
    const again = await ask(withWrongCredential(client, effects))
    if (!isSameAnswer(wrong, again) || wrong.likeness !== again.likeness) return await alike(parts, answer, reading)
  }
  if (reading === 'not_allowed') return { kind: 'not_allowed', answer }
  if (reading === 'closed' && wrongReading !== 'refused') return { kind: 'closed', answer }
  return { kind: 'right_by_comparison', answer, wrong }
}

/** The right and the wrong secret are answered alike. */
async function alike(parts: ProofParts, answer: TokenAnswer, reading: Reading): Promise<ClientProof> {
  if (reading === 'closed' || reading === 'page' || reading === 'failing') return { kind: reading, answer }
  if (reading === 'accepted' || reading === 'doubtful') return { kind: 'unsaid', answer }
  // A server that looks for the secret elsewhere finds none, right or wrong.
  const proof = await refused(parts, answer)
  const namesTheClient = reading === 'not_allowed' || ABOUT_THE_CLIENT.test(errorOf(answer))
  return proof.kind !== 'wrong' || namesTheClient ? proof : { kind: 'unsaid', answer }
}

function isSameAnswer(a: TokenAnswer, b: TokenAnswer): boolean {
  return a.outcome.kind === b.outcome.kind && a.status === b.status && errorOf(a) === errorOf(b)
}

function errorOf({ outcome }: TokenAnswer): string {
  return 'error' in outcome ? outcome.error : ''
}

function readingOf(answer: TokenAnswer): Reading {
  const { outcome, status } = answer
  switch (outcome.kind) {
    case 'success':
      return 'gives_anything'
    case 'not_sent':
      return 'not_sent'
    case 'unspent':
      return 'wait'
    case 'uncertain':
      return readingOfUncertain(status)
    case 'grant_refused':
      return CODE_READ_FIRST.test(outcome.providerText ?? '') ? 'doubtful' : 'accepted'
    case 'client_refused':
      if (outcome.error === 'http_403') return 'closed'
      return outcome.error === 'unauthorized_client' ? 'not_allowed' : 'refused'
    case 'refused':
      return readingOfRefusal(outcome, status)
  }
}

function readingOfUncertain(status: number | undefined): Reading {
  if (status === undefined) return 'silent'
  if (status >= 300 && status <= 399) return 'redirects'
  return status >= 200 && status <= 299 ? 'page' : 'failing'
}

function readingOfRefusal(
  { error, providerText = '' }: { error: string; providerText?: string },
  status: number | undefined,
): Reading {
  if (error.startsWith('http_') && [404, 405, 410].includes(status ?? 0)) return 'not_there'
  if (error === 'redirect_uri_mismatch') return 'redirect_uri'
  return error !== '' && !error.startsWith('http_') && ABOUT_THE_REDIRECT_URI.test(providerText) ? 'redirect_uri' : 'unclear'
}
