import type { Migration } from 'kysely/migration'
import { mainTrip } from './0001-main-trip.ts'
import { nodes } from './0002-nodes.ts'
import { reports } from './0004-reports.ts'
import { providerOptions } from './0005-provider-options.ts'
import { unreadReplies } from './0006-unread-replies.ts'
import { failedSignIns } from './0007-failed-sign-ins.ts'
import { signInsUnderWay } from './0008-sign-ins-under-way.ts'
import { journals } from './0009-journals.ts'
import { sessionKinds } from './0010-session-kinds.ts'
import { sessionDoors } from './0011-session-doors.ts'
import { activity } from './0012-activity.ts'
import { services } from './0013-services.ts'
import { deviceLogins } from './0014-device-logins.ts'
import { configuration } from './0015-configuration.ts'
import { accounts } from './0016-accounts.ts'
import { oversight } from './0017-oversight.ts'
import { boundRevocations } from './0018-bound-revocations.ts'
import { toldExpiries } from './0019-told-expiries.ts'

/** Every migration by its name, which orders them. Never change one that was released: add one, in a file of its own. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_main_trip': mainTrip,
  '0002_nodes': nodes,
  '0004_reports': reports,
  '0005_provider_options': providerOptions,
  '0006_unread_replies': unreadReplies,
  '0007_failed_sign_ins': failedSignIns,
  '0008_sign_ins_under_way': signInsUnderWay,
  '0009_journals': journals,
  '0010_session_kinds': sessionKinds,
  '0011_session_doors': sessionDoors,
  '0012_activity': activity,
  '0013_services': services,
  '0014_device_logins': deviceLogins,
  '0015_configuration': configuration,
  '0016_accounts': accounts,
  '0017_oversight': oversight,
  '0018_bound_revocations': boundRevocations,
  '0019_told_expiries': toldExpiries,
}
