/** Of a page no more than this is looked at: what a service has to say stands above. */
const MOST_CHARACTERS = 64 * 1024

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&nbsp;': ' ',
}

/** What a person reads on a page, in one line: no tags, script, style or comments. Linear in whatever a service sends. */
export function pageText(markup: string): string {
  const source = markup.slice(0, MOST_CHARACTERS)
  const lower = source.toLowerCase()
  const parts: string[] = []
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('<', at)
    if (open < 0) {
      parts.push(source.slice(at))
      break
    }
    parts.push(source.slice(at, open))
    const end = endOfMarkup(lower, open)
    if (end < 0) break
    at = end
  }
  return parts
    .join(' ')
    .replace(/&(?:amp|lt|gt|quot|#39|#x27|nbsp);/g, (entity) => ENTITIES[entity] ?? ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** Where what begins at `open` ends, with its content where that is none for people; less than 0 when it does not end. */
function endOfMarkup(lower: string, open: number): number {
  if (lower.startsWith('<!--', open)) return after(lower, '-->', open)
  for (const name of ['script', 'style', 'noscript', 'template']) {
    if (lower.startsWith(`<${name}`, open)) return after(lower, `</${name}>`, open)
  }
  return after(lower, '>', open)
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? -1 : found + mark.length
}

/** The title of a page; empty when it has none. */
export function pageTitle(markup: string): string {
  const source = markup.slice(0, MOST_CHARACTERS)
  const lower = source.toLowerCase()
  const open = lower.indexOf('<title')
  const start = open < 0 ? -1 : lower.indexOf('>', open)
  const end = start < 0 ? -1 : lower.indexOf('</title', start)
  return end < 0
    ? ''
    : source
        .slice(start + 1, end)
        .replace(/\s+/g, ' ')
        .trim()
}

/** A text without what differs in each answer of one cause: numbers, instants, trace ids, nonces. */
export function withoutTheVolatile(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\w-]{16,}/g, '#')
    .replace(/[\da-f]*\d[\da-f]*/g, '#')
    .slice(0, 2000)
}
