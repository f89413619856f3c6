import { BrokerError } from '../domain/errors.ts'

/** A refusal in one complete sentence: what is wrong, what to do. */
export function badRequest(sentence: string, retryAfterSeconds?: number): BrokerError {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return new BrokerError('bad_request', sentence, { sentence, ...wait })
}
