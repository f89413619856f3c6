import { agoWords, exactLocalTime, localTime, piecesOf, type TimeShape } from '../times.ts'
import { useNow } from '../use-now.ts'

const MINUTE_MS = 60_000

/** A text of the server's whose `{time:ISO}` marks become local times. */
export function TimeText({ text }: { readonly text: string }) {
  return piecesOf(text).map((piece, index) =>
    'text' in piece ? (
      piece.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places.
      <At key={index} iso={piece.at.toISOString()} shape={piece.shape} />
    ),
  )
}

/** "3 min ago", with the exact local time to point at. `iso` is the API's instant. */
export function Ago({ iso }: { readonly iso: string }) {
  const now = useNow(MINUTE_MS)
  const at = new Date(iso)
  return (
    <time dateTime={iso} title={exactLocalTime(at)}>
      {agoWords(at, now)}
    </time>
  )
}

/** "21 Nov 14:02" or, shape `short`, "14:02" today, with the exact local time to point at. `iso` is the API's instant. */
export function At({ iso, shape }: { readonly iso: string; readonly shape: TimeShape }) {
  const now = useNow(MINUTE_MS)
  const at = new Date(iso)
  return (
    <time dateTime={iso} title={exactLocalTime(at)}>
      {localTime(at, now, shape)}
    </time>
  )
}
