import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Everything that the product can say, with an ellipsis for what it fills in. */
const said = ['server/src', 'web/src']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(root, folder, file)),
  )
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('.test.'))
  .map((file) => readFileSync(file, 'utf8').replaceAll("\\'", "'"))
  .join('\n')

/** What the first cells of the tables of a page say that people read: the texts between asterisks, or the whole cell. */
function sentencesOf(page: string): readonly string[] {
  const rows = readFileSync(join(root, page), 'utf8')
    .split('\n')
    .flatMap((line) => /^\| ([^|]*) \|/.exec(line)?.[1] ?? [])
  return rows.flatMap((cell) => [...cell.matchAll(/\*([^*]+)\*/g)].map(([, sentence]) => sentence ?? ''))
}

/** The parts of a sentence that are said as they stand; what is filled in lies between them. */
function partsOf(sentence: string): readonly string[] {
  return sentence
    .split('…')
    .map((part) => part.replace(/^[\s:;.,()"]+|[\s:;.,()"]+$/g, ''))
    .filter((part) => part !== '')
}

describe('the troubleshooting of docs/administrators-guide.md', () => {
  const sentences = sentencesOf('docs/administrators-guide.md')

  it('quotes a dozen sentences', () => {
    expect(sentences.length).toBeGreaterThan(12)
  })

  it.each(sentences)('quotes what the product says: %s', (sentence) => {
    const parts = partsOf(sentence)
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) expect(said, part).toContain(part)
  })
})
