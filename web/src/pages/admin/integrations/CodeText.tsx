/** A sentence whose words in backquotes are code, and those between double asterisks are as the service writes them: `**New app**`. */
export function CodeText({ text }: { readonly text: string }) {
  return text.split(/(`[^`]*`|\*\*[^*]+\*\*)/).map((piece, index) => {
    // biome-ignore-start lint/suspicious/noArrayIndexKey: the pieces of one text keep their places.
    if (index % 2 === 0) return piece
    return piece.startsWith('`') ? <code key={index}>{piece.slice(1, -1)}</code> : <b key={index}>{piece.slice(2, -2)}</b>
    // biome-ignore-end lint/suspicious/noArrayIndexKey: the pieces of one text keep their places.
  })
}
