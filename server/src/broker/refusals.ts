import { BrokerError, type BrokerErrorCode } from '../domain/errors.ts'
import { type Phrasing, type State, type StateCode, sentenceOf } from '../domain/states.ts'

const CODES: { readonly [C in StateCode]: BrokerErrorCode } = {
  // A healthy state refuses nobody: it means that a row changed while it was looked at.
  signed_in: 'internal',
  scope_missing: 'internal',
  renewal_delayed: 'internal',
  not_signed_in: 'not_signed_in',
  reauthentication_required: 'reauthentication_required',
  provider_unavailable: 'provider_unavailable',
  configuration_error: 'configuration_error',
  unknown_integration: 'unknown_integration',
  bad_request: 'bad_request',
  session_ended: 'session_ended',
}

const REASONS = [
  'refused',
  'ended',
  'interrupted',
  'changed',
  'unreadable',
  'client',
  'connection',
  'disabled',
  'limited',
] as const

/** The error a state is to a caller who wanted a token, worded by the one table. */
export function refusalOf(state: State, phrasing: Phrasing): BrokerError {
  const sentence = sentenceOf(state, phrasing)
  const reason = REASONS.find((known) => known === state.reason)
  return new BrokerError(CODES[state.code], `${sentence.explanation} ${sentence.action}`, {
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(state.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: state.retryAfterSeconds }),
  })
}
