import { agoWords, exactLocalTime, localTime, piecesOf } from '../times.ts'
import { useNow } from '../use-now.ts'

const MINUTE_MS = 60_000

/** A text of the server's whose `{time:ISO}` marks become local times. */
export function TimeText({ text }: { readonly text: string }) {
  const now = useNow(MINUTE_MS)
  return piecesOf(text).map((piece, index) =>
    'text' in piece ? (
      piece.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places.
      <time key={index} dateTime={piece.at.toISOString()} title={exactLocalTime(piece.at)}>
        {localTime(piece.at, now, piece.shape)}
      </time>
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

/** "14:02" or "21 Nov 14:02", with the exact local time to point at. `iso` is the API's instant. */
export function At({ iso }: { readonly iso: string }) {
  return <TimeText text={`{time:${iso}}`} />
}
