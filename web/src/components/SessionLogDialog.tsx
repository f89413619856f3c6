import type { PageSession } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import { sessionLogQuery } from '../queries.ts'
import { Button } from './Button.tsx'
import { CopyIconButton } from './CopyIconButton.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { ModalDialog } from './ModalDialog.tsx'
import { SkeletonLines } from './Skeleton.tsx'
import { TimeText } from './TimeText.tsx'

/** The last lines that a session's application wrote, under the sentence that says how it is. */
export function SessionLogDialog({ session, onClose }: { readonly session: PageSession; readonly onClose: () => void }) {
  const { data, error } = useQuery(sessionLogQuery(session.id))
  const text = data?.lines.join('\n') ?? ''
  return (
    <ModalDialog
      title={`Log of ${session.name}`}
      open
      width="wide"
      onClose={onClose}
      description={<TimeText text={session.explanation ?? session.label} />}
      corner={
        <Button look="quiet" onClick={onClose}>
          Close
        </Button>
      }
    >
      {data && data.lines.length === 0 ? <p>Its application wrote nothing.</p> : null}
      {text === '' ? null : (
        <div className="snippet">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
          <section className="log-lines" aria-label={`Last lines of ${session.name}`} tabIndex={0}>
            <pre>
              <code>{text}</code>
            </pre>
          </section>
          <CopyIconButton text={text} label="Copy log" />
        </div>
      )}
      {data || error ? null : <SkeletonLines lines={6} />}
      <ErrorLine error={error} />
    </ModalDialog>
  )
}
