import type {
  PageAdminFinding,
  PageFindingButton,
  PageIntegrationHealth,
  PageNode,
  PageOverview,
} from '@benchkey/sdk/admin-pages'
import type { FastifyInstance } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { HealthFinding, HealthReport } from '../broker/broker-of-health.ts'
import type { IntegrationHealth, OverviewFacts } from '../broker/broker-of-oversight.ts'
import { figuresWords, housekeepingLines, integrationMark, nodeMark, verdictWords } from '../domain/oversight-words.ts'
import { pagePhrasing } from '../domain/states.ts'

/** The dashboard (sdk/typescript/src/admin-pages.ts). */
export function registerOverviewApi(app: FastifyInstance, { broker }: { readonly broker: Broker }): void {
  app.get('/overview', async (): Promise<PageOverview> => pageOverviewOf(await broker.overview.show()))
}

function pageOverviewOf({ report, integrations = [], housekeeping, now }: OverviewFacts): PageOverview {
  const problems = report.findings.filter(({ level }) => level === 'problem')
  const live = report.nodes.filter(({ isLive }) => isLive).length
  const { time } = pagePhrasing('')
  const isWrong = (part: string): boolean => problems.some(({ about }) => about === part)
  return {
    verdict: { isWell: report.isWell, text: verdictWords(problems.length) },
    figures: report.facts
      ? figuresWords({ ...report.facts, nodes: live })
      : 'The database cannot be read, so nothing can be counted.',
    findings: [...problems, ...report.findings.filter(({ level }) => level === 'remark')].map(pageFindingOf),
    integrations: integrations.map(pageHealthOf),
    nodes: pageNodesOf(report),
    housekeeping: housekeeping ? housekeepingLines(housekeeping, { now, time, isWrong }) : [],
  }
}

const LABELS = { test: 'Test', open: 'Open', why: 'Why', reload: 'Reload' } as const

function pageFindingOf({ level, fact, action, section, acts = [] }: HealthFinding): PageAdminFinding {
  const buttons = acts.flatMap((kind): readonly PageFindingButton[] => {
    if (kind === 'reload') return [{ kind, label: LABELS[kind] }]
    return section === undefined ? [] : [{ kind, label: LABELS[kind], section }]
  })
  const tone = level === 'problem' ? 'danger' : acts.includes('why') || acts.includes('open') ? 'warn' : 'neutral'
  return { tone, fact, action, buttons }
}

function pageHealthOf({ integration, lastTokenAt, ...health }: IntegrationHealth): PageIntegrationHealth {
  const { people, peopleToSignIn, peopleWithoutRefresh } = health
  return {
    ...{ uid: integration.uid, section: integration.section, name: integration.displayName },
    mark: integrationMark({ ...health, isDisabled: integration.isDisabled === true }),
    ...{ people, peopleToSignIn, peopleWithoutRefresh },
    ...(lastTokenAt ? { lastTokenAt: lastTokenAt.toISOString() } : {}),
  }
}

/** The configuration that most of the live ones run is what the others do not. */
function pageNodesOf({ nodes }: HealthReport): readonly PageNode[] {
  const groups = [
    ...Map.groupBy(
      nodes.filter(({ isLive }) => isLive),
      ({ configuration }) => configuration,
    ),
  ]
  const usual = groups.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0]
  return nodes.map(({ host, pid, version, startedAt, heartbeatAt, isLive, configuration, configurationVersion }) => ({
    ...{ host, pid, version, startedAt: startedAt.toISOString(), heartbeatAt: heartbeatAt.toISOString() },
    mark: nodeMark({ isLive, runsOther: configuration !== usual }),
    ...(configurationVersion === undefined ? {} : { configurationVersion }),
  }))
}
