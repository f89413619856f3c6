import type { PageProblem } from '@benchkey/sdk/pages'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Broker, CallbackResult } from '../broker/broker.ts'
import { type CallbackFacts, type CallbackProblem, callbackSentenceOf } from '../domain/callback-problems.ts'
import type { Effects } from '../domain/effects.ts'
import { hostOf, type Integration } from '../domain/integration.ts'
import { attemptCookieName, readCookie, setCookie } from './cookies.ts'
import { Refusal } from './failures.ts'
import type { IndexPage } from './index-page.ts'
import { findLogin } from './web-requests.ts'

/** What the callback needs. */
export interface CallbackParts {
  readonly broker: Broker
  readonly effects: Effects
  readonly page: IndexPage
  readonly basePath: string
  readonly addressOf: (request: FastifyRequest) => string
}

/** `GET /oauth_redirect_callback[/:section]`: the authorization response, RFC 6749 §4.1.2. */
export async function answerCallback(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: CallbackParts,
): Promise<string | undefined> {
  requireNavigation(request)
  const { broker, basePath } = parts
  const asked = new Set<string>()
  const result = await broker.signIns.finish({
    session: (await findLogin(broker, request))?.session,
    section: sectionOf(request),
    parameters: parametersOf(request.raw.url ?? ''),
    attemptCookie: (name) => {
      asked.add(name)
      return readCookie(request.headers.cookie, attemptCookieName(name))
    },
    address: parts.addressOf(request),
  })
  const isUsedUp = result.kind !== 'problem' || result.problem !== 'not_yet'
  if (isUsedUp) for (const name of asked) reply.header('Set-Cookie', setCookie(attemptCookieName(name), '', 0))
  if (result.kind !== 'signed_in') return answerProblem(result, reply, parts)
  const signedInPage = `/sign-in/${encodeURIComponent(result.integration.section)}/done`
  reply.code(303).header('Location', basePath + (result.returnTo === 'settings' ? '/settings/managed-credentials' : signedInPage))
  return ''
}

/** A prefetch or an embedded resource would use up the code behind the user's back. */
function requireNavigation(request: FastifyRequest): void {
  const destination = request.headers['sec-fetch-dest']
  const purpose = String(request.headers['sec-purpose'] ?? '')
  if ((destination !== undefined && destination !== 'document') || purpose.includes('prefetch')) {
    throw new Refusal(403, 'bad_request', 'This address ends a sign-in and is opened as a page of its own only.')
  }
}

/** In order, doubles kept: a doubled parameter is a refusal, not a choice. */
function parametersOf(url: string): (readonly [name: string, value: string])[] {
  const query = url.indexOf('?')
  return query < 0 ? [] : [...new URLSearchParams(url.slice(query + 1))]
}

function sectionOf(request: FastifyRequest): string | undefined {
  const { params } = request
  if (typeof params !== 'object' || params === null || !('section' in params)) return undefined
  return String(params.section)
}

function answerProblem(
  result: Exclude<CallbackResult, { kind: 'signed_in' }>,
  reply: FastifyReply,
  parts: CallbackParts,
): string {
  const problem: CallbackProblem = result.kind === 'too_many' ? 'too_many' : result.problem
  const facts = result.kind === 'too_many' ? { retryAfterSeconds: result.retryAfterSeconds } : factsOf(result.integration)
  const sentence = callbackSentenceOf(problem, facts)
  const at = result.kind === 'too_many' ? parts.effects.now() : result.at
  const page: PageProblem = {
    page: 'callback-problem',
    title: sentence.title,
    explanation: sentence.explanation,
    ...(result.kind === 'problem' && result.providerText !== undefined ? { providerText: result.providerText } : {}),
    reference: result.kind === 'problem' ? result.reference : Buffer.from(parts.effects.randomBytes(6)).toString('hex'),
    at: at.toISOString(),
    button: { label: sentence.button.label, path: parts.basePath + sentence.button.path },
    ...(sentence.isRepeatable ? { isRepeatable: true } : {}),
  }
  if (result.kind === 'too_many') reply.header('Retry-After', String(result.retryAfterSeconds))
  reply.code(sentence.status).type('text/html; charset=utf-8')
  return parts.page.render(page)
}

function factsOf(integration: Integration | undefined): CallbackFacts {
  if (!integration) return {}
  return { name: integration.displayName, section: integration.section, host: hostOf(integration.authorizationUrl) }
}
