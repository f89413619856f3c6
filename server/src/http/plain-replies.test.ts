import { expect, test } from 'vitest'
import { reasonPhraseOf } from './plain-replies.ts'

test.each([
  ['One fact. Act at https://bench.example/x.', 'One fact.'],
  ['Act at https://bench.example/x now', 'Act at now'],
  ['kwparams.uuid is missing. Check.', 'kwparams.uuid is missing.'],
  ['No end', 'No end'],
  ['"błąd\r\nX: y" is unknown…', '"b??d??X: y" is unknown...'],
  [`${'x'.repeat(200)}. More.`, `${'x'.repeat(117)}...`],
])('the reason phrase of "%s" is "%s"', (sentence, phrase) => {
  expect(reasonPhraseOf(sentence)).toBe(phrase)
  expect(reasonPhraseOf(sentence)).toMatch(/^[\x20-\x7e]{1,120}$/)
})
