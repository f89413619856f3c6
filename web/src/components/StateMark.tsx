import type { PageIntegration } from '@benchkey/sdk/pages'
import { Clock, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { TimeText } from './TimeText.tsx'

/** Which of the five shapes a state has; shape and word tell it, colour only repeats it. */
export type Shape = 'dot' | 'ring' | 'triangle' | 'clock' | 'octagon'

const SHAPES: Readonly<Record<string, Shape>> = {
  signed_in: 'dot',
  not_signed_in: 'ring',
  renewal_delayed: 'clock',
  provider_unavailable: 'clock',
  configuration_error: 'octagon',
}

const SHAPES_OF_TONES: Readonly<Record<PageIntegration['tone'], Shape>> = {
  ok: 'dot',
  neutral: 'ring',
  warn: 'triangle',
  danger: 'octagon',
}

/** The shape of an integration's state; a code this page does not know takes its tone's. */
export const shapeOf = ({ state, tone }: Pick<PageIntegration, 'state' | 'tone'>): Shape => SHAPES[state] ?? SHAPES_OF_TONES[tone]

function drawing(shape: Shape): ReactNode {
  switch (shape) {
    case 'triangle':
      return <TriangleAlert size={16} className="mark" />
    case 'clock':
      return <Clock size={16} className="mark" />
    case 'octagon':
      return <Octagon />
    default:
      return (
        <svg className="mark" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          {shape === 'dot' ? (
            <circle cx="8" cy="8" r="4" fill="currentColor" />
          ) : (
            <circle cx="8" cy="8" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
          )}
        </svg>
      )
  }
}

/** Filled, with a cut-out exclamation mark: at 16 px an outlined octagon reads as a circle. */
export function Octagon() {
  return (
    <svg className="mark" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        fill="currentColor"
        fillRule="evenodd"
        d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1ZM7.2 4v5h1.6V4Zm0 6.4V12h1.6v-1.6Z"
      />
    </svg>
  )
}

/** A state: its shape, then its word. */
export function StateMark({
  shape,
  tone,
  label,
}: {
  readonly shape: Shape
  readonly tone: PageIntegration['tone']
  readonly label: string
}) {
  return (
    <span className={`state tone-${tone}`}>
      {drawing(shape)}
      <span className="state-word">
        <TimeText text={label} />
      </span>
    </span>
  )
}
