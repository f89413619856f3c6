import { describe, expect, it } from 'vitest'
import { agoWords, dayHeading, daysOfWeek, durationWords, localTime, piecesOf, plainTextOf } from './times.ts'

const now = new Date(2026, 10, 21, 14, 30)
const at = new Date(2026, 10, 21, 10, 2)

describe('localTime', () => {
  it('leaves out the day only today and only where the sentence has no room for it', () => {
    expect(localTime(at, now, 'short')).toBe('10:02')
    expect(localTime(at, now, 'dated')).toBe('21 Nov 10:02')
    expect(localTime(new Date(2026, 10, 20, 23, 59), now, 'short')).toBe('20 Nov 23:59')
    expect(localTime(new Date(2025, 1, 14, 9, 5), now, 'short')).toBe('14 Feb 2025 09:05')
    expect(localTime(new Date(2027, 1, 14, 9, 5), now, 'day')).toBe('14 Feb 2027')
  })
})

describe('piecesOf', () => {
  it('splits at marks and gives each the shape its sentence wants', () => {
    const iso = at.toISOString()
    const shapes = (text: string) => piecesOf(text).flatMap((piece) => ('at' in piece ? [piece.shape] : []))
    expect(shapes(`Stopped on {time:${iso}}. Ended at {time:${iso}}.`)).toEqual(['dated', 'short'])
    expect(shapes(`renew by {time:${iso}}`)).toEqual(['day'])
    expect(shapes(`It works until {time:${iso}}.`)).toEqual(['short'])
  })

  it('keeps every other character, broken marks too', () => {
    for (const text of ['', 'plain', '{time:soon} {time:', '{}', 'a {other:1} b']) {
      expect(
        piecesOf(text)
          .map((piece) => ('text' in piece ? piece.text : ''))
          .join(''),
      ).toBe(text)
    }
  })
})

describe('plainTextOf', () => {
  it('writes marks as local times', () => {
    expect(plainTextOf(`since {time:${at.toISOString()}}.`, now)).toBe('since 10:02.')
  })
})

describe('agoWords', () => {
  it('counts in the largest unit that is over', () => {
    const ago = (seconds: number) => agoWords(new Date(now.getTime() - seconds * 1000), now)
    expect([ago(-5), ago(59), ago(60), ago(3599), ago(3600), ago(86_399), ago(86_400), ago(2 * 86_400)]).toEqual([
      'just now',
      'just now',
      '1 min ago',
      '59 min ago',
      '1 h ago',
      '23 h ago',
      '1 day ago',
      '2 days ago',
    ])
    expect(ago(31 * 86_400)).toBe('on 21 Oct')
  })
})

describe('durationWords', () => {
  it('counts seconds, then minutes and seconds', () => {
    expect([durationWords(0), durationWords(59), durationWords(60), durationWords(125)]).toEqual([
      '0 s',
      '59 s',
      '1 min 0 s',
      '2 min 5 s',
    ])
  })
})

describe('the days of a week', () => {
  const now = new Date(2026, 10, 21, 14, 30)

  it('begin at local midnights, newest first, and weeks follow on each other', () => {
    const { days, until } = daysOfWeek(now, 0)
    expect([days[0], days[6], until]).toEqual([new Date(2026, 10, 21), new Date(2026, 10, 15), undefined])
    const before = daysOfWeek(now, 1)
    expect([before.days[0], before.days[6], before.until]).toEqual([
      new Date(2026, 10, 14),
      new Date(2026, 10, 8),
      new Date(2026, 10, 15),
    ])
  })

  it('are called by name', () => {
    const names = [0, 1, 2].map((ago) => dayHeading(new Date(2026, 10, 21 - ago), now))
    expect(names).toEqual(['Today', 'Yesterday', 'Thursday 19 November'])
  })
})
