/** Who holds a lease: unique per process incarnation. */
export interface LeaseHolder {
  readonly nodeId: string
  readonly incarnation: string
  readonly pid: number
  /** Field 22 of /proc/PID/stat, so that a reused pid is told apart. */
  readonly startTime: string
  readonly bootId: string
}

/** A server process as its row tells it. */
export interface ServerNode {
  readonly holder: LeaseHolder
  readonly host: string
  readonly version: string
  readonly startedAt: Date
  /** Equal on two nodes exactly when they run the same integrations. */
  readonly configurationHash: string
  /** The database's epoch in which it has brought forward what its journal held. */
  readonly epoch?: string
  /** Database time. */
  readonly heartbeatAt: Date
  /** False when the last heartbeat is older than 15 s. */
  readonly isLive: boolean
}

/** The server processes on this database. */
export interface NodeStore {
  /** A heartbeat: makes the node's row or moves it on. Rows of nodes that are long silent go. */
  beat(node: Omit<ServerNode, 'heartbeatAt' | 'isLive'>): Promise<void>
  /** A clean stop, or a predecessor that is known dead. */
  remove(incarnation: string): Promise<void>
  /** By host and start. */
  list(): Promise<readonly ServerNode[]>
}
