import type { PageDiffLine } from '@benchkey/sdk/configuration-pages'

const MARKS = { added: ['+', 'added'], removed: ['−', 'removed'], same: [' ', 'as before'], gap: ['', ''] } as const

/** What changes in the file, line by line: numbers before and after, a mark, the text. */
export function DiffView({ diff, file }: { readonly diff: readonly PageDiffLine[]; readonly file: string }) {
  return (
    <section className="diff-box" aria-label={`What changes in ${file}`}>
      <table className="diff">
        <caption className="visually-hidden">What changes in {file}</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Line before</th>
            <th scope="col">Line after</th>
            <th scope="col">Change</th>
            <th scope="col">Text</th>
          </tr>
        </thead>
        <tbody>
          {diff.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one difference keep their places.
            <DiffRow key={index} line={line} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function DiffRow({ line: { kind, text, oldLine, newLine } }: { readonly line: PageDiffLine }) {
  if (kind === 'gap') {
    return (
      <tr className="diff-gap">
        <td colSpan={4}>{text === '' ? '…' : text}</td>
      </tr>
    )
  }
  const [mark, word] = MARKS[kind]
  return (
    <tr className={`diff-${kind}`}>
      <td className="diff-number">{oldLine}</td>
      <td className="diff-number">{newLine}</td>
      <td className="diff-mark">
        <span aria-hidden="true">{mark}</span>
        <span className="visually-hidden">{word}</span>
      </td>
      <td className="diff-text">
        <code>{text}</code>
      </td>
    </tr>
  )
}
