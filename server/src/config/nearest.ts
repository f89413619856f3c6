import { editDistance } from '../domain/edit-distance.ts'

/** The known name that a written one comes nearest to. */
export interface Nearest {
  readonly name: string
  /** Whether it is near enough to ask "did you mean". */
  readonly isLikely: boolean
  /** Whether only a few letters differ, so that the written one is that name with a typing error and nothing else. */
  readonly isTypingError: boolean
}

/** Finds the nearest of the known names by edit distance; `_` and capitals are read as `-` and small letters. */
export function nearestName(written: string, known: readonly string[]): Nearest {
  const start = written.slice(0, LONGEST_COMPARED).toLowerCase().replaceAll('_', '-')
  let nearest = { name: '', distance: Number.POSITIVE_INFINITY }
  for (const name of known) {
    const distance = isShortened(start, name) ? 0 : editDistance(start, name, LEFT_OUT_COST)
    if (distance < nearest.distance) nearest = { name, distance }
  }
  const { name } = nearest
  return {
    name,
    isLikely: nearest.distance <= MOST_LIKELY_DISTANCE,
    isTypingError: editDistance(start, name, 1) <= Math.min(MOST_TYPING_ERRORS, Math.floor(name.length / 3)),
  }
}

/** Whether each word of the one begins the word of the other that stands in its place: `auth-url` means authorization-url. */
function isShortened(written: string, name: string): boolean {
  const [begins, words] = [written.split('-'), name.split('-')]
  return begins.length === words.length && begins.every((begin, at) => begin.length > 2 && words[at]?.startsWith(begin))
}

/** A name longer than this resembles none; comparing all of a pasted megabyte would take minutes. */
const LONGEST_COMPARED = 64
/** People shorten: `auth-method` means token-endpoint-auth-method. */
const LEFT_OUT_COST = 0.25
const MOST_LIKELY_DISTANCE = 4
const MOST_TYPING_ERRORS = 3
