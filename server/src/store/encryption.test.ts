import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cipher, type Place } from './encryption.ts'
import { StoreError } from './store.ts'

const keyOf = (fill: number): KeyObject => createSecretKey(Buffer.alloc(32, fill))
const ring = {
  primaryKid: 'k1',
  keys: new Map([
    ['k1', keyOf(1)],
    ['k2', keyOf(2)],
    // The same bytes under another name: only the authenticated kid tells them apart.
    ['k3', keyOf(1)],
  ]),
}
const cipher = new Cipher(ring, (size) => randomBytes(size))

const place: Place = {
  table: 'oauth2_token_secrets',
  column: 'refresh_token',
  userId: 'user-1',
  integrationId: 'integration-1',
  rowId: 'row-1',
  generation: 7,
}

const refuses = (sealed: string, at: Place = place): void => {
  let thrown: unknown
  try {
    cipher.open(sealed, at)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(StoreError)
  expect((thrown as StoreError).code).toBe('unreadable')
}

const anyPlace = fc.record({
  table: fc.string(),
  column: fc.string(),
  userId: fc.string(),
  integrationId: fc.string(),
  rowId: fc.string(),
  generation: fc.nat(),
})

describe('encryption', () => {
  it('opens what it sealed, any text at any place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), anyPlace, (text, at) => {
        expect(cipher.open(cipher.seal(text, at), at)).toBe(text)
      }),
    )
  })

  it('writes v1.<kid>.<salt>.<iv>.<ciphertext>.<tag> and never the same twice', () => {
    const sealed = cipher.seal('secret', place)
    expect(sealed).toMatch(/^v1\.k1\.[\w-]{22}\.[\w-]{16}\.[\w-]{8}\.[\w-]{22}$/)
    expect(cipher.seal('secret', place)).not.toBe(sealed)
    expect(cipher.seal('secret', place, 'k2')).toMatch(/^v1\.k2\./)
  })

  it('still opens what the first version wrote', () => {
    let counter = 0
    const counted = new Cipher(ring, (size) => {
      counter += 1
      return createHash('sha256').update(String(counter)).digest().subarray(0, size)
    })
    expect(counted.seal('a token', place)).toBe(VECTOR)
    expect(cipher.open(VECTOR, place)).toBe('a token')
  })

  it('opens at its own place only: another row, user, integration, column, table or generation is refused', () => {
    const sealed = cipher.seal('secret', place)
    const others: Partial<Place>[] = [
      { table: 'revocations' },
      { column: 'access_token' },
      { userId: 'user-2' },
      { integrationId: 'integration-2' },
      { rowId: 'row-2' },
      { generation: 6 },
      { generation: 8 },
    ]
    for (const other of others) refuses(sealed, { ...place, ...other })
  })

  it('refuses every place but its own, also where the parts only shift', () => {
    fc.assert(
      fc.property(anyPlace, anyPlace, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        refuses(cipher.seal('secret', one), other)
      }),
    )
    refuses(cipher.seal('secret', { ...place, userId: 'ab', integrationId: 'c' }), { ...place, userId: 'a', integrationId: 'bc' })
  })

  it('refuses every flipped bit', () => {
    const sealed = cipher.seal('secret', place)
    const parts = sealed.split('.')
    for (const index of [2, 3, 4, 5]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url')
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = Buffer.from(bytes)
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        refuses(parts.with(index, flipped.toString('base64url')).join('.'))
      }
    }
  })

  it('refuses every changed, added or missing character', () => {
    const sealed = cipher.seal('secret', place)
    for (let at = 0; at < sealed.length; at += 1) {
      refuses(sealed.slice(0, at) + sealed.slice(at + 1))
      refuses(`${sealed.slice(0, at)}A${sealed.slice(at)}`)
      const other = sealed[at] === 'x' ? 'y' : 'x'
      refuses(sealed.slice(0, at) + other + sealed.slice(at + 1))
    }
  })

  it('refuses another key’s name, known or not, and even one of equal bytes', () => {
    const sealed = cipher.seal('secret', place)
    for (const kid of ['k2', 'k3', 'unknown', '', '__proto__']) refuses(sealed.replace('.k1.', `.${kid}.`))
  })

  it('refuses a tag of any length but 16 bytes', () => {
    const parts = cipher.seal('secret', place).split('.')
    const tag = Buffer.from(parts[5] ?? '', 'base64url')
    for (let length = 0; length < 16; length += 1) refuses(parts.with(5, tag.subarray(0, length).toString('base64url')).join('.'))
    refuses(parts.with(5, Buffer.concat([tag, tag]).toString('base64url')).join('.'))
  })

  it('refuses what is no ciphertext at all, in words without its content', () => {
    fc.assert(fc.property(fc.string(), (text) => refuses(text)))
    for (const text of ['', 'secret-in-clear', 'v2.k1.a.b.c.d', 'v1.k1....', 'v1.k1.a.b.c.d.e']) refuses(text)
    try {
      cipher.open('secret-in-clear', place)
    } catch (error) {
      expect((error as Error).message).not.toContain('secret-in-clear')
    }
  })
})

const VECTOR = 'v1.k1.a4ayc_80_OGda4BO_1o_Vw.1HNeOiZeFu7gP1lx.xkU47nY9xA.cNBjeZPNL1sU2-ondCuXiA'
