/** A sentence whose words in backquotes are code. */
export function CodeText({ text }: { readonly text: string }) {
  return text.split(/`([^`]*)`/).map((piece, index) => {
    if (index % 2 === 0) return piece
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places.
    return <code key={index}>{piece}</code>
  })
}
