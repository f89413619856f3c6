/**
 * Levenshtein's distance from `a` to `b`: letters to replace, insert or leave out. `insertCost` is what a letter costs that
 * only `b` has; below 1 where people shorten what they write.
 */
export function editDistance(a: string, b: string, insertCost = 1): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column * insertCost)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const insertion = (current[column - 1] ?? 0) + insertCost
      const deletion = (previous[column] ?? 0) + 1
      current.push(Math.min(substitution, insertion, deletion))
    }
    previous = current
  }
  return previous[b.length] ?? a.length
}
