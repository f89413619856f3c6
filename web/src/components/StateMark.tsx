import type { PageIntegration } from '@benchkey/sdk/pages'
import { Clock, OctagonX, TriangleAlert } from 'lucide-react'
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
      return <OctagonX size={16} className="mark" />
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
