import type { PageActivity, PageActivityLine, PageApplication, PageSession, PageSessions } from '@benchkey/sdk/pages'
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
  where: 'laptop.example.com',
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
      where: 'jupyterhub',
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
      where: 'compute-node-0017.cluster.research-consortium.example.com',
      limitedTo: ['Clinical Trial Data Warehouse of the European Research Consortium'],
    }),
  ),
  applications: APPLICATIONS,
}

const lineAt = (startsAt: string, hour: number, minute: number): string =>
  new Date(Date.parse(startsAt) + (hour * 60 + minute) * 60_000).toISOString()

const quietLine = (at: string, text: string): PageActivityLine => ({ at, text, tone: 'neutral', marks: [] })

/** Two days of a person, the newer one with something to look at twice; nothing on others. */
export function someActivity(days: readonly string[]): PageActivity {
  const linesOf = (startsAt: string, index: number): readonly PageActivityLine[] => {
    if (index > 1) return []
    const at = (hour: number, minute = 0): string => lineAt(startsAt, hour, minute)
    if (index === 1) return [quietLine(at(17, 2), 'Logged out'), quietLine(at(9), 'Signed in to Box API Access')]
    return [
      {
        at: at(9, 2),
        until: at(13, 41),
        text: 'VS Code “analysis” used Box API Access 1,240 times',
        tone: 'warn',
        marks: [{ text: 'first use from 10.0.0.7', tone: 'warn' }],
      },
      {
        at: at(9, 1),
        until: at(9, 1),
        text: 'Command “Rscript nightly.R” used GitHub once',
        tone: 'neutral',
        marks: [{ text: 'first use by this session, on this server', tone: 'neutral' }],
      },
      { ...quietLine(at(8, 59), 'A log-in from 192.0.2.7 was refused: wrong password'), tone: 'warn' },
      quietLine(at(8, 58), 'Logged in from 10.0.0.7'),
    ]
  }
  return {
    days: days.map((startsAt, index) => ({ startsAt, lines: linesOf(startsAt, index), isCut: index === 1 })),
    live: [
      {
        sessionId: 'session-1',
        lastUsedAt: minutesAgo(3),
        integrations: ['Box API Access', 'GitHub'],
        count: 1240,
        places: [
          { text: 'on this server', firstAt: minutesAgo(300) },
          { text: 'from 10.0.0.7', firstAt: minutesAgo(10) },
        ],
      },
      {
        sessionId: 'session-4',
        lastUsedAt: minutesAgo(40),
        integrations: ['GitHub'],
        count: 1,
        places: [{ text: 'on this server', firstAt: minutesAgo(40) }],
      },
    ],
    everywhere: { browsers: 1, sessions: 4, signIns: 3 },
  }
}

/** Forty lines of one day, with names nobody would wish for. */
export function muchActivity(days: readonly string[]): PageActivity {
  const lines = (startsAt: string): readonly PageActivityLine[] =>
    Array.from({ length: 40 }, (_, index) => ({
      at: lineAt(startsAt, 0, index),
      until: lineAt(startsAt, 12, index),
      text: `Positron “quarterly_reporting_of_the_clinical_trial_data_warehouse_${index}” used Clinical Trial Data Warehouse of the European Research Consortium 12,345 times`,
      tone: index % 9 === 3 ? 'warn' : 'neutral',
      marks: index % 9 === 3 ? [{ text: 'first use from 2001:db8:85a3:8d3:1319:8a2e:370:7348', tone: 'warn' }] : [],
    }))
  const quiet = someActivity(days)
  return {
    ...quiet,
    days: quiet.days.map((day, index) => (index === 0 ? { ...day, lines: lines(day.startsAt) } : { ...day, lines: [] })),
  }
}
