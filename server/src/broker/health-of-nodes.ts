import type { Store } from '../store/store.ts'
import type { HealthFinding, HealthNode } from './broker-of-health.ts'
import type { TimeWords } from './health-of-integrations.ts'

/** Digits of a configuration's hash that tell two apart. */
const HASH_DIGITS = 8

/** The server processes as a health report tells them. `own`: incarnation of the one that answers, so lives. */
export async function nodesOf(store: Pick<Store, 'nodes' | 'configuration'>, own: string): Promise<readonly HealthNode[]> {
  const nodes = await store.nodes.list()
  const hashes = [...new Set(nodes.map(({ configurationHash }) => configurationHash))]
  const numbers = await Promise.all(hashes.map((hash) => store.configuration.versionOfHash(hash)))
  return nodes.map(({ holder, host, version, startedAt, heartbeatAt, isLive, configurationHash }) => {
    const number = numbers[hashes.indexOf(configurationHash)]
    return {
      ...{ host, pid: holder.pid, version, startedAt, heartbeatAt, isLive: isLive || holder.incarnation === own },
      configuration: configurationHash.slice(0, HASH_DIGITS),
      ...(number === undefined ? {} : { configurationVersion: number }),
    }
  })
}

/** Which of them fell silent, and whether the others run one configuration. */
export function findingsOfNodes(nodes: readonly HealthNode[], time: TimeWords): readonly HealthFinding[] {
  const live = nodes.filter(({ isLive }) => isLive)
  return [...nodes.filter(({ isLive }) => !isLive).map((node) => silent(node, time)), ...apart(live)]
}

function silent(node: HealthNode, time: TimeWords): HealthFinding {
  return {
    level: 'problem',
    about: 'nodes',
    fact: `The server on ${nameOf(node)} has not been heard of since ${time(node.heartbeatAt)} and counts as dead.`,
    action: 'An administrator looks after it, or starts it again; this line goes by itself 10 minutes after its last heartbeat.',
  }
}

/** Two versions of Benchkey may tell one configuration differently: only what each says of its own kind is compared. */
function apart(live: readonly HealthNode[]): readonly HealthFinding[] {
  const versions = groupsOf(live, ({ version }) => version)
  const findings: HealthFinding[] = []
  if (versions.size > 1) {
    const fact = `Servers of different versions run: ${told(versions)}.`
    const action = 'In an update this passes by itself; otherwise an administrator updates the others.'
    findings.push({ level: 'remark', about: 'nodes', fact, action })
  }
  for (const nodes of versions.values()) {
    const configurations = groupsOf(nodes, ({ configuration }) => configuration)
    if (configurations.size < 2) continue
    const fact = factOfVersions([...configurations.values()]) ?? `Servers run different configurations: ${told(configurations)}.`
    const action = 'An administrator gives all the same oauth-clients.conf and public-url, then on each: benchkey reload'
    findings.push({ level: 'problem', about: 'nodes', acts: ['reload'], fact, action })
  }
  return findings
}

function groupsOf(nodes: readonly HealthNode[], keyOf: (node: HealthNode) => string): ReadonlyMap<string, readonly HealthNode[]> {
  return Map.groupBy(nodes, keyOf)
}

/** `ab12cd34 on bk-1 (process 7) and bk-2 (process 9); ef56… on bk-3 (process 8)` */
function told(groups: ReadonlyMap<string, readonly HealthNode[]>): string {
  return [...groups].map(([key, nodes]) => `${key} on ${nodes.map(nameOf).join(' and ')}`).join('; ')
}

function nameOf({ host, pid }: HealthNode): string {
  return `${host} (process ${pid})`
}

/** "bk-2 (process 9) runs configuration 41, the others 42."; undefined unless it is two versions of the history. */
function factOfVersions(groups: readonly (readonly HealthNode[])[]): string | undefined {
  const [few, many, ...more] = groups.toSorted((a, b) => a.length - b.length || versionOf(a) - versionOf(b))
  if (!few || !many || more.length > 0 || Number.isNaN(versionOf(few)) || Number.isNaN(versionOf(many))) return undefined
  const others = many.length === 1 ? `${many.map(nameOf).join()} runs` : 'the others'
  const verb = few.length === 1 ? 'runs' : 'run'
  return `${few.map(nameOf).join(' and ')} ${verb} configuration ${versionOf(few)}, ${others} ${versionOf(many)}.`
}

const versionOf = ([node]: readonly HealthNode[]): number => node?.configurationVersion ?? Number.NaN
