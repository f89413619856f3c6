import type { PageNodeAnswer } from '@benchkey/sdk/configuration-pages'
import { Check, Clock } from 'lucide-react'
import type { ReactNode } from 'react'
import { StateMark, shapeOf } from '../../../components/StateMark.tsx'
import { TimeText } from '../../../components/TimeText.tsx'

/** "bk-1 runs 42 ✓ · bk-2 runs 42 ✓": in one line while all is well, each node for itself otherwise. */
export function NodeAnswers({ nodes }: { readonly nodes: readonly PageNodeAnswer[] }) {
  if (nodes.length === 0) return null
  return (
    <ul className="node-answers" aria-label="Nodes" aria-live="polite">
      {nodes.map((answer) => (
        <li key={answer.node}>{answerOf(answer)}</li>
      ))}
    </ul>
  )
}

function answerOf({ node, text, tone, isPending }: PageNodeAnswer): ReactNode {
  if (isPending) {
    return (
      <span className="node-answer">
        {node} <TimeText text={text} /> <Clock size={16} className="mark" role="img" aria-label="not yet" />
      </span>
    )
  }
  if (tone === 'ok') {
    return (
      <span className="node-answer">
        {node} <TimeText text={text} /> <Check size={16} className="mark tone-ok-mark" role="img" aria-label="well" />
      </span>
    )
  }
  return <StateMark shape={shapeOf({ state: '', tone })} tone={tone} label={`${node} ${text}`} />
}
