/** What the actions of the audit are called in its filter, by their first word. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  login: {
    succeeded: 'Log-in',
    refused: 'Log-in refused',
    ended_everywhere: 'Signed out everywhere',
  },
  sign_in: {
    started: 'Sign-in begun',
    finished: 'Sign-in',
    failed: 'Sign-in not finished',
    lost: 'Sign-in lost by Benchkey',
    account: 'Account of a sign-in told',
  },
  stored_token: { revoked: 'Sign-in revoked by an administrator', purged: 'Sign-in purged by an administrator' },
  token: {
    served: 'Token handed out',
    refreshed: 'Token renewed',
    refresh_failed: 'Renewal failed, tried again',
    refresh_refused: 'Renewal refused for good',
    recovered: 'Tokens read from a kept answer',
    refresh_dropped: 'Renewal came too late',
    reported: 'Token reported not to work',
    validated: 'Token asked about',
    revoked: 'Revocation confirmed',
  },
  revocation: {
    delayed: 'Revocation delayed',
    given_up: 'Revocation given up',
    cancelled: 'Revocation cancelled',
    dropped: 'Revocation dropped',
  },
  session: {
    opened: 'Session opened',
    ended: 'Session ended',
    entered: 'Session entered by a browser',
    started: 'Session started by Benchkey',
    failed: 'Session did not start',
    idle_ended: 'Session ended, not used',
    first_use: 'First token of a session, or from an address',
  },
  service: {
    added: 'Service added',
    rotated: 'Token of a service rotated',
    removed: 'Service removed',
    session_opened: 'Session started by a service',
    session_shown: 'Session looked at by a service',
    refused: 'Service refused',
  },
  terminal: { approved: 'Terminal let in', denied: 'Terminal denied', wrong_code: 'Wrong code of a terminal' },
  user: {
    added: 'User added',
    removed: 'User removed',
    locked: 'User locked',
    unlocked: 'User unlocked',
    role_changed: 'Role of a user changed',
  },
  client_secret: { next_accepted: 'Next client secret accepted', expires: 'Client secret ends' },
  audit: { exported: 'Audit exported' },
  integration: { tested: 'Integration tested' },
  server: { tested: 'Server tested' },
  configuration: {
    applied: 'Configuration applied',
    refused: 'Configuration refused',
    changed: 'Section changed in a draft',
    undone: 'Change of a draft undone',
    discarded: 'Draft discarded',
    resolved: 'Conflict of a draft decided',
    deployed: 'Configuration deployed',
    rolled_back: 'Configuration rolled back',
  },
}

const OF_ONE_WORD: Readonly<Record<string, string>> = { logout: 'Log-out', sign_out: 'Sign-out' }

/** "Log-in refused (login.refused)": an action in words, with its name as lines and exports have it. */
export function auditActionWords(action: string): string {
  const [first = '', second = ''] = action.split('.')
  const words = second === '' ? OF_ONE_WORD[first] : WORDS[first]?.[second]
  return words === undefined ? action : `${words} (${action})`
}
