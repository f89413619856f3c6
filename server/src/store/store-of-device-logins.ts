import type { DeviceLogin } from '../domain/device-login.ts'
import type { DevelopmentSession } from '../domain/people.ts'

/** Terminals that wait to be logged in, found by the hashes of their two codes. */
export interface DeviceLoginStore {
  /** False when `limit` wait already. Rejects with code `duplicate` (StoreError) when one of the codes is taken. */
  create(
    login: { deviceHash: string; userHash: string; host: string; address: string; expiresAt: Date },
    limit: number,
  ): Promise<boolean>
  /** One that waits and has not expired. */
  findWaiting(userHash: string): Promise<DeviceLogin | undefined>
  /** In whatever state, also when it has expired. */
  findByDevice(deviceHash: string): Promise<DeviceLogin | undefined>
  /** Decides one that waits, once; undefined when there is none any more. */
  decide(userHash: string, decision: { userId: string; isApproved: boolean }): Promise<DeviceLogin | undefined>
  /** Uses an approved one up, once over all nodes: its session. Undefined when it was used, expired, or its user is locked. */
  openSession(
    deviceHash: string,
    session: { name: string; host: string; cookieHash: string; endsAt: Date },
  ): Promise<DevelopmentSession | undefined>
  /** Those that the user approved and that are no session yet never become one; they read as denied. */
  withdrawApprovals(userId: string): Promise<void>
  removeBefore(expiredAt: Date): Promise<number>
}
