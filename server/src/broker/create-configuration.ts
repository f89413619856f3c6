import type { ClientsFile } from '../config/clients-file.ts'
import type { Configuration } from '../config/configuration.ts'
import type { AuditLog } from './audit-log.ts'
import type { Administration } from './broker.ts'
import type { ConfigurationManager } from './broker-of-configuration.ts'
import type { Catalogue } from './catalogue.ts'
import type { DeployParts } from './configuration-deploys.ts'
import { ConfigurationDesk } from './configuration-desk.ts'
import { ConfigurationNodes } from './configuration-nodes.ts'
import type { LiveChanges } from './live-changes.ts'
import { ReplacedFiles } from './replaced-files.ts'

/** What `main.ts` hands to the Configuration Manager. */
interface ConfigurationUseCaseParts extends Omit<DeployParts, 'audit' | 'file' | 'nodes' | 'replaced'> {
  readonly clientsFile: ClientsFile
  readonly configuration: Configuration
}

/** What it shares with the other use cases. */
interface Shared extends Pick<Administration, 'reload'> {
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly changes: LiveChanges
}

/** The Configuration Manager, and how its deploys reach all nodes. */
export function createConfiguration(
  parts: ConfigurationUseCaseParts,
  { catalogue, audit, changes, reload }: Shared,
): {
  readonly desk: ConfigurationDesk
  readonly nodes: ConfigurationNodes
  readonly draftIntegration: ConfigurationManager['draftIntegration']
} {
  const { store, effects, log, node, clientsFile: file, configuration } = parts
  const { sharedConfiguration: isShared = false, configurationManagedBy: managedBy } = configuration.server
  const configurationHash = (): string => catalogue.hash
  const own = { store, effects, log, file, node }
  const replaced = new ReplacedFiles(own)
  const nodes = new ConfigurationNodes({ ...own, replaced, changes, configurationHash, reload, isShared })
  const desk = new ConfigurationDesk({ ...own, replaced, audit, catalogue, nodes, managedBy })
  return { nodes, desk, draftIntegration: (userName, section) => desk.draftIntegration(userName, section) }
}
