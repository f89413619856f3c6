import type { PageFinding } from '@benchkey/sdk/configuration-pages'
import { TriangleAlert } from 'lucide-react'
import { Link } from 'wouter'
import { Octagon } from '../../../components/StateMark.tsx'
import { pagePaths } from '../../../paths.ts'
import { CodeText } from './CodeText.tsx'

interface FindingLineProps {
  readonly finding: PageFinding
  /** What a sentence without a subject speaks of. */
  readonly subject?: string | undefined
}

/** One finding: its mark, its word, its sentence. */
export function FindingLine({ finding: { severity, message }, subject }: FindingLineProps) {
  const lacksSubject = subject !== undefined && /^\p{Ll}/u.test(message)
  return (
    <span className={`finding finding-${severity}`}>
      {severity === 'error' ? <Octagon /> : <TriangleAlert size={16} className="mark" aria-hidden="true" />}
      <span>
        <span className="visually-hidden">{severity === 'error' ? 'Error: ' : 'Warning: '}</span>
        <CodeText text={lacksSubject ? `${subject} ${message}` : message} />
      </span>
    </span>
  )
}

interface FindingListProps {
  readonly title: string
  readonly findings: readonly PageFinding[]
  /** Name of the file whose lines are named. */
  readonly file: string
}

/** Findings with their place in the file, as `config check` prints them. Nothing when there are none. */
export function FindingList({ title, findings, file }: FindingListProps) {
  if (findings.length === 0) return null
  return (
    <section className="findings" aria-label={title}>
      <h3>{title}</h3>
      <ul className="list">
        {findings.map((finding) => (
          <li key={JSON.stringify(finding)} className="finding-row">
            <FindingLine finding={finding} subject={finding.option} />
            <span className="secondary finding-place">
              {finding.line === undefined ? null : <code>{`${file}:${finding.line}`}</code>}
              {finding.section === undefined ? null : (
                <Link href={pagePaths.adminIntegration(finding.section)}>{`[${finding.section}]`}</Link>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Last part of a path: "oauth-clients.conf". */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
