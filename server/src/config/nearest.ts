/** The known name with the smallest edit distance to a written one, and that distance. */
export function nearestName(written: string, known: readonly string[]): { readonly name: string; readonly distance: number } {
  const start = written.slice(0, LONGEST_COMPARED).toLowerCase().replaceAll('_', '-')
  let nearest = { name: '', distance: Number.POSITIVE_INFINITY }
  for (const name of known) {
    const distance = editDistance(start, name)
    if (distance < nearest.distance) nearest = { name, distance }
  }
  return nearest
}

/** A name longer than this resembles none; comparing all of a pasted megabyte would take minutes. */
const LONGEST_COMPARED = 64

/** Insertions, deletions and substitutions that turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const insertion = (current[column - 1] ?? 0) + 1
      const deletion = (previous[column] ?? 0) + 1
      current.push(Math.min(substitution, insertion, deletion))
    }
    previous = current
  }
  return previous[b.length] ?? a.length
}
