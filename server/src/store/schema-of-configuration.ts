/** Versions of `oauth-clients.conf`. */
export interface ConfigurationVersionsTable {
  number: number
  /** `announced`: kept before the file is written, and of no account until it is. */
  state: 'announced' | 'in force'
  content_hash: string
  /** Of the integrations it makes, as in `nodes`; null: nobody has loaded it yet. */
  configuration_hash: string | null
  made_at: number
  /** Null: the file was edited by hand. */
  made_by: string | null
  rolled_back_to: number | null
  summary: string
  kid: string
  /** Ciphertext of its bytes in base64. */
  content: string
}

/** One row: who deploys now, and the last reload that all nodes were asked for. */
export interface ConfigurationStateTable {
  id: number
  reload_number: number
  reload_at: number | null
  deployed_by: string | null
  deploy_until: number | null
}

/** Which files each server process runs. */
export interface NodeFilesTable {
  incarnation: string
  place: string
  content_hash: string
  reload_number: number
  refusal: string | null
  answered_at: number
}

/** What each administrator has changed and not deployed. */
export interface ConfigurationDraftsTable {
  user_id: string
  revision: number
  changed_at: number
  kid: string
  /** Ciphertext of a JSON object. */
  draft: string
}
