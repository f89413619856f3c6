import type { WireIntegration } from '@benchkey/sdk'
import { expect, test } from 'vitest'
import { newsOf, statusOf } from './news.ts'

function integration(uid: string, state: string, reason?: string): WireIntegration {
  const explanation = `${uid} is ${state}.`
  const label = state === 'not_signed_in' ? 'Not signed in' : 'Sign in again'
  return { uid, state, explanation, label, display_name: uid.toUpperCase(), ...(reason ? { reason } : {}) } as WireIntegration
}

const REFUSED = integration('box', 'reauthentication_required', 'refused')

test('an integration that needs a sign-in again is told once, with the server’s sentence', () => {
  const first = newsOf([REFUSED, integration('dav', 'signed_in', 'renews')], {})
  expect(first.news).toEqual([{ uid: 'box', sentence: 'box is reauthentication_required.', offers: 'sign-in' }])
  expect(newsOf([REFUSED], first.told).news).toEqual([])
})

test('another reason, and the same state after it was mended, are news again', () => {
  const { told } = newsOf([REFUSED], {})
  expect(newsOf([integration('box', 'reauthentication_required', 'ended')], told).news).toHaveLength(1)
  const mended = newsOf([integration('box', 'signed_in', 'renews')], told)
  expect(mended.news).toEqual([])
  expect(newsOf([REFUSED], mended.told).news).toHaveLength(1)
})

test('a configuration error offers the message for an administrator', () => {
  expect(newsOf([integration('box', 'configuration_error', 'client')], {}).news).toMatchObject([{ offers: 'message' }])
})

test.each(['not_signed_in', 'signed_in', 'renewal_delayed', 'provider_unavailable'])('%s disturbs nobody', (state) => {
  expect(newsOf([integration('box', state)], {}).news).toEqual([])
})

test('the status bar counts the sign-ins that are needed and names them', () => {
  expect(statusOf([integration('box', 'signed_in')])).toBeUndefined()
  expect(statusOf([integration('box', 'signed_in'), integration('dav', 'not_signed_in')])).toEqual({
    text: '1 sign-in needed',
    tooltip: 'DAV: Not signed in',
  })
  expect(statusOf([REFUSED, integration('dav', 'not_signed_in')])?.text).toBe('2 sign-ins needed')
})
