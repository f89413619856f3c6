import { describe, expect, it } from 'vitest'
import { pageText, pageTitle, withoutTheVolatile } from './page-text.ts'

describe('what a person reads on a page', () => {
  it.each([
    ['<p>One &amp; two</p>', 'One & two'],
    ['<script>hidden</script>shown<style>hidden</style><!-- hidden -->', 'shown'],
    ['<input value="redirect_uri">', ''],
    ['plain text', 'plain text'],
    ['open <b', 'open'],
    ['<script>never closed', ''],
  ])('%s', (markup, text) => {
    expect(pageText(markup)).toBe(text)
  })

  it('is found in time that grows with the page alone, whatever a service sends', () => {
    for (const piece of ['<script', '<!--', '<', '&amp;', '<title']) {
      expect(pageText(piece.repeat(100_000)).length).toBeLessThan(100_000)
      expect(pageTitle(piece.repeat(100_000))).toBe('')
    }
  })

  it('has its title', () => {
    expect(pageTitle('<html><TITLE lang="en"> Log\n in </title>')).toBe('Log in')
  })
})

describe('a text without what differs each time', () => {
  it.each([
    ['Request 4711 failed', 'Request 9 failed'],
    ['trace 3f2b1c9a-5f6e-4a7b-8c9d-0e1f2a3b4c5d', 'trace 00000000-0000-4000-8000-000000000000'],
    ['at 2026-11-26 20:48', 'at 2025-01-02 03:04'],
  ])('%s', (one, other) => {
    expect(withoutTheVolatile(one)).toBe(withoutTheVolatile(other))
  })

  it('keeps what tells two causes apart', () => {
    expect(withoutTheVolatile('invalid code')).not.toBe(withoutTheVolatile('invalid client'))
  })
})
