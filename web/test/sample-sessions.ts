import type { PageApplication, PageSession, PageSessions } from '@benchkey/sdk/pages'
import { HEALTHY, SAMPLE_NOW } from './sample-states.ts'

const minutesAgo = (minutes: number): string => new Date(SAMPLE_NOW.getTime() - minutes * 60_000).toISOString()

/** A running session; `changes` makes it another one. */
export function sampleSession(index: number, changes: Partial<PageSession> = {}): PageSession {
  return {
    id: `session-${index}`,
    name: `analysis ${index}`,
    kind: 'VS Code',
    icon: 'code',
    state: 'running',
    tone: 'ok',
    label: 'Running',
    startedAt: minutesAgo(42),
    where: 'on bench-1',
    canOpen: true,
    canEnd: true,
    hasLog: true,
    ...changes,
  }
}

/** What can be started. */
export const APPLICATIONS: readonly PageApplication[] = [
  { section: 'vscode', name: 'VS Code', icon: 'code' },
  { section: 'jupyter', name: 'Jupyter', icon: 'notebook', limitedTo: [HEALTHY[0]?.uid ?? ''] },
  { section: 'terminal', name: 'Terminal', icon: 'terminal' },
]

const analysis = sampleSession(1, { name: 'analysis' })
const notebook = sampleSession(2, {
  name: 'quarterly report',
  kind: 'Jupyter',
  icon: 'notebook',
  label: `Idle, ends {time:${new Date(SAMPLE_NOW.getTime() + 60 * 60_000).toISOString()}}`,
  tone: 'neutral',
  limitedTo: ['Box API Access', 'GitHub'],
})
const laptop = sampleSession(3, {
  name: 'shell on laptop',
  kind: 'Terminal',
  icon: 'terminal',
  where: 'on laptop.example.com',
  canOpen: false,
  hasLog: false,
  startedAt: minutesAgo(300),
})
const command = sampleSession(4, {
  name: 'command "Rscript nightly.R"',
  kind: 'Command',
  icon: 'command',
  canOpen: false,
  hasLog: false,
  startedAt: minutesAgo(1),
})

/** All is well, and more than one can be opened. */
export const RUNNING: PageSessions = { sessions: [analysis, notebook, laptop, command], applications: APPLICATIONS }

/** Every state a row can have, once, and one that is over. */
export const EVERY_SESSION: PageSessions = {
  sessions: [
    sampleSession(5, {
      name: 'models',
      kind: 'RStudio',
      icon: 'r',
      state: 'starting',
      label: 'Starting',
      tone: 'neutral',
      canOpen: false,
      startedAt: minutesAgo(0),
    }),
    analysis,
    notebook,
    sampleSession(6, {
      name: 'gone quiet',
      state: 'unreachable',
      label: 'Unreachable',
      tone: 'warn',
      explanation: `VS Code has not answered since {time:${minutesAgo(3)}}. Your files are kept; end it and start a new one.`,
      canOpen: false,
    }),
    sampleSession(7, {
      name: 'nightly',
      kind: 'JupyterHub',
      icon: 'service',
      state: 'ending',
      label: 'Ending',
      tone: 'neutral',
      where: 'started by service jupyterhub',
      canOpen: false,
      canEnd: false,
      hasLog: false,
    }),
    sampleSession(8, {
      name: 'broken',
      kind: 'Jupyter',
      icon: 'notebook',
      state: 'did_not_start',
      label: 'Did not start',
      tone: 'danger',
      explanation: 'Jupyter ended with exit code 1 after 2 s. Its log says why.',
      startedAt: minutesAgo(3),
      endedAt: minutesAgo(2),
      canOpen: false,
      canEnd: false,
    }),
    sampleSession(9, {
      name: 'yesterday',
      state: 'ended',
      label: 'Ended',
      tone: 'neutral',
      explanation: 'It was idle for 2 hours.',
      startedAt: minutesAgo(900),
      endedAt: minutesAgo(600),
      canOpen: false,
      canEnd: false,
    }),
  ],
  applications: APPLICATIONS,
}

/** Forty sessions with names nobody would wish for. */
export const FORTY_SESSIONS: PageSessions = {
  sessions: Array.from({ length: 40 }, (_, index) =>
    sampleSession(index + 1, {
      name:
        index % 2 === 0
          ? `quarterly_reporting_of_the_clinical_trial_data_warehouse_${index + 1}`
          : `Model selection for the European Research Consortium, Region ${index + 1}`,
      where: 'on compute-node-0017.cluster.research-consortium.example.com',
      limitedTo: ['Clinical Trial Data Warehouse of the European Research Consortium'],
    }),
  ),
  applications: APPLICATIONS,
}
